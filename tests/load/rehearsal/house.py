"""The house of a rehearsal: who is in, when the sale opens, and when all is over."""

import random
import time
import uuid
from dataclasses import dataclass

from gevent.event import Event

from .ledger import Ledger
from .organiser import Organiser, Trouble

TICK = 4
"""Seconds after which an open page asks for the seats again, as static/js/app.js does."""
LATE = 3
"""Seconds from the opening on for which a page that sells nothing yet is asked quickly."""


@dataclass
class Person:
    name: str
    email: str
    password: str
    is_new: bool
    """Whether they make their account on the page; the others had one, and sign in."""
    by_api: bool


class House:
    """One rehearsal, from its event's making to its end."""

    def __init__(self, host, options, people):
        self.organiser, self.options = Organiser(host), options
        self.host, self.run = self.organiser.host, uuid.uuid4().hex[:8]
        self.ledger, self.browsers = Ledger(), []
        self.opened_at = self.ended_at = None
        """Moments of the monotonic clock."""
        self.over = Event()
        self._people, self._invited, self._arrived = people, 0, 0
        self._called = Event()

    def open(self):
        self.organiser.start_exporter(self.run, self.options.seats)
        self.event_id, self.slug = self.organiser.event_id, self.organiser.slug

    @staticmethod
    def new_key():
        return uuid.uuid4().hex

    def invite(self):
        """The next person; the given share of them book by the API."""
        number, share = self._invited, self.options.api_share
        self._invited += 1
        return Person(
            name=f"Rehearsal {number + 1}",
            email=f"rehearsal-{self.run}-{number + 1}@example.com",
            password=uuid.uuid4().hex,
            is_new=number % 2 == 0,
            by_api=(number + 1) * share // 100 > number * share // 100,
        )

    def has_arrived(self):
        """Whoever comes last lets the countdown begin."""
        self._arrived += 1
        if self._arrived != self._people or self.over.is_set():
            return
        seconds = self.options.countdown
        try:
            self.organiser.open_sale(seconds)
        except Trouble as trouble:
            self.ledger.wrong(str(trouble))
            return
        self.opened_at = time.monotonic() + seconds
        say(f"all {self._people} are there; the sale opens in {seconds} s")
        self._called.set()

    def wait_for_the_opening(self, peek):
        """As at the page: its counter asks every few seconds, and at once at the moment itself."""
        while not self._called.wait(TICK * random.uniform(0.8, 1.2)):
            if self.over.is_set():
                return
            peek()
        self.rest(self.opened_at - time.monotonic())
        give_up = time.monotonic() + LATE
        while not self.over.is_set() and not peek() and time.monotonic() < give_up:
            self.rest(0.2)

    def rest(self, seconds):
        """Pause, but not beyond the end."""
        self.over.wait(max(0, seconds))

    def end(self):
        self.ended_at = time.monotonic()
        self.over.set()


def say(text):
    print(f"rehearsal: {text}", flush=True)
