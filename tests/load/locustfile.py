"""A rehearsal of an on-sale against a running site; docs/rehearsal.md tells how to read it.

Headless: make load (ARGS=--help tells its options). With the web UI:
locust -f tests/load/locustfile.py. The admin key comes from ADMIN_KEY, or is the demo's.
"""

import logging
import random
import sys
from pathlib import Path

import gevent
from locust import FastHttpUser, events, task
from locust.runners import LocalRunner
from rehearsal import report, show
from rehearsal.asking import LONGEST, Asking, NoAnswer
from rehearsal.guests import AsGuest
from rehearsal.house import GUEST, NEWCOMER, PROGRAM, TICK, USER, House, say
from rehearsal.options import add_options
from rehearsal.organiser import Trouble
from rehearsal.pages import ByPages
from rehearsal.programs import ByApi

WAYS = {NEWCOMER: AsGuest, GUEST: AsGuest, USER: ByPages, PROGRAM: ByApi}
WISHES = (1, 2, 2, 3, 4)
"""How many seats somebody asks for; two is what most want."""


@events.init_command_line_parser.add_listener
def options(parser, **_):
    add_options(parser)


@events.init.add_listener
def begin(environment, **_):
    if not isinstance(environment.runner, LocalRunner):
        sys.exit("utsavam: a rehearsal runs in one process, which remembers every answer")
    # Whoever is in the middle of an order at the end may finish it.
    environment.stop_timeout = LONGEST + 5
    environment.house = environment.told = None
    if file := environment.parsed_options.html_file:
        Path(file).unlink(missing_ok=True)
    environment.events.quit.add_listener(lambda **_: tell(environment))


@events.test_start.add_listener
def start_exporter(environment, **_):
    try:
        house = House(
            environment.host, environment.parsed_options, environment.runner.target_user_count
        )
        house.open()
    except Trouble as trouble:
        sys.exit(f"utsavam: {trouble}")
    environment.house = house
    say(f"“Rehearsal {house.run}” is {environment.host}/events/{house.event_id}")


@events.test_stopping.add_listener
def end(environment, **_):
    if environment.house:
        environment.house.end()


@events.test_stop.add_listener
def judge(environment, **_):
    house, runner = environment.house, environment.runner
    if house is None:
        return
    for fault in runner.exceptions.values():
        house.ledger.wrong(f"the rehearsal itself broke: {fault['msg']}")
    say("over; counting, buying what is left, and leaving …")
    try:
        verdict = show.count(house)
    except Trouble as trouble:
        environment.process_exit_code = 1
        environment.told = [f"utsavam: nothing could be counted: {trouble}"], False
    else:
        environment.process_exit_code = 0 if verdict.good else 1
        environment.told = report.tell(house, verdict, environment.stats), verdict.good
    show.leave(house)
    if environment.web_ui:
        print(*environment.told[0], sep="\n", flush=True)


@events.quitting.add_listener
def finish(environment, **_):
    """After Ctrl-C too, all is counted before the exit code is made of it."""
    environment.runner.quit()
    if environment.told:
        # The report has the same figures in fewer words, and the last one.
        logging.getLogger("locust.stats_logger").disabled = True


def tell(environment):
    """The very last words of a headless rehearsal."""
    if environment.told is None or environment.web_ui:
        return
    lines, good = environment.told
    file = environment.parsed_options.html_file
    # Who was ended by a signal has left none.
    if file and Path(file).exists():
        report.put_on_top(file, lines, good)
        say(f"report: {file}")
    print(*lines, sep="\n", flush=True)


class Visitor(FastHttpUser):
    """Somebody who arrives early, clicks with all the others, and stays until the end; or one after
    the other who comes, books and goes."""

    network_timeout = connection_timeout = LONGEST
    insecure = False

    def __init__(self, environment):
        super().__init__(environment)
        self.house, self.ledger = environment.house, environment.house.ledger
        self.ask = Asking(self.client, self.ledger)
        self.become(self.house.invite())
        self.house.browsers.append(self)

    def become(self, person):
        self.client.cookiejar.clear()
        self.person, self.orders, self.knows = person, [], False
        self.way = WAYS[person.kind](self.ask, person, self.house)

    def wait_time(self):
        return random.uniform(0.5, 1.5) * self.environment.parsed_options.think

    def on_start(self):
        arrived = self.patiently(self.way.arrive)
        self.house.has_arrived()
        if not arrived:
            self.house.over.wait()
            return
        self.patiently(self.house.wait_for_the_opening, self.way.peek)
        self.patiently(self.try_to_buy)

    @task(6)
    def visit(self):
        if self.person.kind == NEWCOMER:
            self.become(self.house.invite(NEWCOMER))
            come = self.way.arrive
        else:
            come = self.way.come_back
        if self.patiently(come):
            self.patiently(self.try_to_buy)

    @task(2)
    def look(self):
        if self.person.kind == NEWCOMER:
            self.visit()
            return
        self.patiently(self.way.look)
        self.patiently(self.way.look_at_mine)

    @task(2)
    def change_my_mind(self):
        if self.person.kind == NEWCOMER:
            self.visit()
            return
        mine = [order for order in self.orders if order.kept and not order.in_doubt]
        if mine:
            self.patiently(self.give_back, random.choice(mine))

    def try_to_buy(self):
        key = self.way.find_key()
        if key is None:
            self.is_told_that_there_is_none()
            return
        order = self.ledger.asked(self.person.email, random.choice(WISHES), key)
        self.orders.append(order)
        twice = random.uniform(0, 100) < self.environment.parsed_options.double_clicks
        clicks = [gevent.spawn(self.patiently, self.click, order) for _ in range(1 + twice)]
        gevent.joinall(clicks)
        if order.booking_id is not None or order.refused:
            self.is_served(ticket=order.booking_id is not None)

    def is_told_that_there_is_none(self):
        if self.way.is_sold_out:
            self.is_served(ticket=False)
        if self.person.kind != NEWCOMER:
            # The open page goes on asking, and turns when a seat comes back.
            self.house.rest(TICK * random.uniform(0.8, 1.2))
            self.way.peek()

    def is_served(self, *, ticket):
        """Who is told again and again that there is none was served once."""
        if ticket or not self.knows:
            self.ledger.has_served(self.person.kind, ticket=ticket)
        self.knows = not ticket

    def click(self, order):
        booking_id = self.way.book(order)
        if booking_id is None:
            self.ledger.refused(order)
        else:
            self.ledger.booked(order, booking_id)

    def give_back(self, order):
        keep = random.choice((0, 0, order.kept - 1))
        self.ledger.asks_back(order, keep)
        if self.way.give_back(order, keep):
            self.ledger.gave_back(order, keep)
        else:
            self.ledger.wrong("a cancellation was answered with the booking as it was")

    def patiently(self, step, *facts):
        """One step, and whether it was answered; if not, the ledger knows, and life goes on."""
        if self.house.over.is_set():
            return False
        try:
            step(*facts)
        except NoAnswer:
            return False
        except Trouble as trouble:
            self.ledger.wrong(str(trouble))
            return False
        return True
