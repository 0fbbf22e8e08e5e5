"""People who wait for their turn, and write down what they were told; and the check of it."""

import re
import time
from dataclasses import dataclass, field
from itertools import pairwise

from tests.faults.buyers import ask, send
from tests.support.servers import wait_until
from tests.support.threads import at_once

ORDER = ["not_joined", "lobby", "waiting", "admitted", "over"]
"""In which order the phases of somebody may follow."""


@dataclass
class Waiter:
    """Somebody with a ticket, as a browser or a program carries it."""

    ticket: str
    joined: tuple
    """When they asked for it and when they had it."""
    told: list = field(default_factory=list)
    """The answers to where they stand, and the joining's."""

    @property
    def last(self):
        return self.told[-1]

    @property
    def number(self):
        return self.told[0]["number"]


class Waiters:
    """All of one event."""

    def __init__(self, house, pace, **options):
        facts = {"capacity": options.pop("capacity", 500)}
        facts |= {"sales_open_at": options.pop("sales_open_at", None)}
        self.house, self.people, self._user = house, [], house.factories.user().id
        self.event_id = house.factories.event(**facts).id
        self.set(mode="on", per_minute=pace, **options)
        # Each process reads it when it is asked, a second later at the soonest.
        time.sleep(1.1)
        wait_until(lambda: {self._known_to() for _ in range(4)} == {True})

    @property
    def address(self):
        return f"{self.house.site.url}/events/{self.event_id}/waiting-room"

    def _known_to(self):
        return set(at_once([lambda: ask("GET", self.address)[0]] * 8)) == {200}

    def set(self, **changes):
        url = f"{self.house.site.url}/api/admin/events/{self.event_id}/waiting-room"
        headers = {"X-Admin-Key": self.house.site.admin_key}
        assert ask("PATCH", url, headers=headers, json=changes)[0] == 200

    def join(self, many=1):
        """So many come at once; the statuses that they are answered."""
        return at_once([self._joins] * many)

    def _joins(self):
        began = time.monotonic()
        status, answer = ask("POST", self.address)
        if status == 201:
            one = Waiter(answer["ticket"], (began, time.monotonic()), [answer])
            self.people.append(one)
        return status

    def look(self):
        """Everybody looks where they stand, once; the statuses that they are answered."""
        return set(at_once([lambda one=one: self.looks(one) for one in self.people]))

    def looks(self, one):
        status, answer = ask("GET", self.address, headers=carried(one.ticket))
        if status == 200:
            one.told.append(answer)
        return status

    def book(self, ticket=""):
        wish = {"user_id": self._user, "event_id": self.event_id}
        url = f"{self.house.site.url}/bookings"
        return ask("POST", url, headers=carried(ticket), json=wish)[0]

    def status(self):
        return ask("GET", f"{self.address}.json")[1]

    @property
    def admitted(self):
        return sum(one.last["phase"] in {"admitted", "over"} for one in self.people)

    def sold(self):
        query = "SELECT coalesce(sum(seats), 0) FROM bookings WHERE event_id = %s"
        return self.house.sql(query, self.event_id)[0][0]


def carried(ticket):
    return {"Waiting-Room-Ticket": ticket} if ticket else {}


RECKONED = 1
"""People whom a process takes to have had their turn, by its last look half a second ago, and to
whom a line that was halted meanwhile has still to come."""


def check_places(people):
    """Nobody lost their place or their turn, and nobody who came later is before them."""
    for one in people:
        assert {told["number"] for told in one.told} == {one.number}, "a number was lost"
        places = {told["place"] for told in one.told} - {None}
        assert len(places) <= 1, f"a place changed: {places}"
        before = [told["before"] for told in one.told if told["before"] is not None]
        grown = [later - sooner for sooner, later in pairwise(before)]
        assert max(grown, default=0) <= RECKONED, f"somebody overtook: {before}"
        phases = [ORDER.index(told["phase"]) for told in one.told]
        assert phases == sorted(phases), f"a turn was lost: {[ORDER[at] for at in phases]}"
    numbers = sorted(one.number for one in people)
    assert len(set(numbers)) == len(numbers), "two people have one number"
    for one in people:
        for later in people:
            if one.joined[1] < later.joined[0]:
                assert one.number < later.number, "who came later is before"


def check_turns(people):
    """Whoever is nearer has their turn sooner, at each look of all."""
    placed = sorted((one for one in people if one.last["place"]), key=lambda one: one.last["place"])
    had = [one.last["phase"] in {"admitted", "over"} for one in placed]
    assert had == sorted(had, reverse=True), f"a turn came out of order: {had}"


class Browser:
    """Somebody who has nothing but what the site gave their browser to keep."""

    def __init__(self, line):
        self._line, self._site, self._cookies = line, line.house.site.url, {}

    def _send(self, method, address, **facts):
        headers = {"Accept": "text/html", "Origin": self._site, "Cookie": self._cookie}
        answer = send(method, address, headers=headers, **facts)
        self._cookies |= answer.cookies
        return answer

    @property
    def _cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def joins(self):
        assert self._send("POST", self._line.address).status_code == 303
        return self

    def page(self):
        page = self._send("GET", self._line.address)
        assert page.status_code == 200, "there is no place any more"
        return page.text

    def sees(self):
        """The page's phase and place, and until when one may book."""
        return re.findall(r'data-(?:phase|place|ends)="([^"]+)"', self.page())


class StaffMember(Browser):
    def page(self):
        address = f"{self._site}/admin/login"
        token = re.search(r'csrf_token"[^>]*value="([^"]+)"', self._send("GET", address).text)[1]
        key = self._line.house.site.admin_key
        self._send("POST", address, data={"csrf_token": token, "key": key})
        return self._send("GET", self._room).text

    @property
    def _room(self):
        return f"{self._site}/admin/events/{self._line.event_id}/waiting-room"

    def figures(self):
        """What a page that is open asks for every few seconds."""
        return send(
            "GET", f"{self._room}/figures", headers={"Cookie": self._cookie, "HX-Request": "true"}
        )
