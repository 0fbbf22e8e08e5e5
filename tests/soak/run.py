"""A site under load for long, whose parts are restarted one after the other all the time.

In the first part every part of it is restarted, the master reloaded too. In the second the master
keeps its workers, and a worker that is killed is always the youngest: so one worker lives through
all of it, and through many restarts of PostgreSQL and Redis. What the site holds is measured at
rest, between the parts and at the end.
"""

import signal
import time
from dataclasses import dataclass, field
from itertools import cycle

import httpx

from tests.faults.buyers import Crowd, send
from tests.soak.levels import leaks, level
from tests.support.servers import wait_until

FIRST = 0.4
"""The first part's share of the time."""
REST = 3.0
"""Seconds without anybody, before the site is measured."""
CALM = 1.1
"""Seconds after the last restart until every free seat must be there to be bought."""
HTML = {"Accept": "text/html"}
CUT_OFF = {503, "ConnectError", "ReadError", "RemoteProtocolError"}
"""What anybody may be told for a moment: a killed worker cuts off whom it serves."""


@dataclass
class Lookers(Crowd):
    """People who look at the pages, one after the other."""

    unserved: set = field(default_factory=set)

    def __post_init__(self):
        super().__post_init__()
        places = ("/", f"/events/{self.event_id}/seats", f"/api/events/{self.event_id}", "/ready")
        self._places = cycle((*places, f"/art/{self.event_id}.svg", "/sign-in"))

    def _act(self, _user_id):
        path = next(self._places)
        try:
            status = send("GET", self.url + path, headers=HTML).status_code
        except httpx.HTTPError as error:
            status = type(error).__name__
        self.statuses[status] += 1
        if status not in {200, 204} | CUT_OFF:
            self.unserved.add((path, status))


@dataclass
class Soak:
    """One run; `say` takes a line of progress."""

    house: object
    seconds: float
    pause: float
    """Seconds of a buyer's rest between two orders."""
    say: object = print
    every: float = 0.0
    """Seconds from one restart to the next."""
    levels: list = field(default_factory=list)
    """(seconds, level) while it ran, under load."""
    restarts: dict = field(default_factory=dict)
    booked: int = 0
    slowest: float = 0.0

    def run(self):
        """The result; raises `AssertionError` as soon as a promise to a buyer is broken."""
        self.every = self.every or min(180.0, max(8.0, self.seconds / 20))
        self._began = time.monotonic()
        house = self.house
        house.calm = CALM
        self._part(
            self.seconds * FIRST,
            [self.reload_master, self.kill_worker, self.restart_redis, self.restart_postgres],
        )
        before = self._at_rest()
        self._part(
            self.seconds * (1 - FIRST),
            [self.restart_redis, self.restart_postgres, self.kill_worker],
        )
        after = self._at_rest()
        house.check_sums()
        return {
            "seconds": round(time.monotonic() - self._began),
            "booked": self.booked,
            "slowest_seconds": round(self.slowest, 2),
            "restarts": self.restarts,
            "before": before.facts,
            "after": after.facts,
            "levels": [[seconds, level.facts] for seconds, level in self.levels],
            "leaks": list(leaks(before, after)),
        }

    def _part(self, seconds, works):
        """Load for so long, with a restart now and then, each at least once; checks the history."""
        ends, due = time.monotonic() + seconds, len(works)
        works = cycle(works)
        with self.house.buyers(pause=self.pause) as buyers:
            lookers = Lookers(self.house.site.url, buyers.event_id, [0], pause=0.2)
            with lookers:
                while due > 0 or ends - time.monotonic() > self.every / 2:
                    time.sleep(self.every)
                    self._note(buyers)
                    next(works)()
                    due -= 1
                    buyers.wait_for_bookings(10)
            assert not lookers.unserved, lookers.unserved
        assert set(buyers.statuses) <= {201} | CUT_OFF, buyers.statuses
        self.booked += len(buyers.booked) + len(buyers.hunters.booked)
        self.slowest = max(self.slowest, buyers.slowest, buyers.hunters.slowest)

    def _note(self, buyers):
        now = level(self.house)
        seconds = round(time.monotonic() - self._began)
        self.levels.append((seconds, now))
        memory = " ".join(f"{worker.megabytes:.0f}" for worker in now.workers.values())
        files = " ".join(str(worker.files) for worker in now.workers.values())
        self.say(
            f"{seconds:>5} s: {self.booked + len(buyers.booked):>7,} booked;"
            f" workers hold {memory} MB, {files} files;"
            f" {now.database} connections, {now.redis} Redis clients"
        )

    def _at_rest(self):
        wait_until(lambda: len(self.house.workers) == 2, 20)
        time.sleep(REST)
        return level(self.house)

    def _restarted(self, what):
        self.restarts[what] = self.restarts.get(what, 0) + 1

    def kill_worker(self):
        """The youngest, so that an old one grows older still."""
        house = self.house
        youngest = max(house.workers, key=lambda worker: worker.create_time())
        youngest.kill()
        wait_until(lambda: youngest.pid not in {worker.pid for worker in house.workers})
        wait_until(lambda: len(house.workers) == 2)
        self._restarted("worker")

    def reload_master(self):
        before = {worker.pid for worker in self.house.workers}
        self.house.site.signal(signal.SIGHUP)
        wait_until(lambda: not before & {worker.pid for worker in self.house.workers}, 30)
        self._restarted("master (HUP)")

    def restart_redis(self):
        self.house.redis.stop()
        self.house.redis.start()
        self._restarted("Redis")

    def restart_postgres(self):
        self.house.stop_postgres()
        self.house.start_postgres()
        self._restarted("PostgreSQL")


def unhurried(house, share=0.5, seconds=5.0):
    """The buyers' pause at which they do that share of what they can."""
    with house.buyers() as buyers:
        before = len(buyers.booked)
        time.sleep(seconds)
        turn = len(buyers.user_ids) * seconds / (len(buyers.booked) - before)
    return turn / share - turn
