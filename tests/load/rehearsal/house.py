"""The house of a rehearsal: who is in, when the sale opens, and when all is over."""

import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass

from gevent.event import Event

from .ledger import Ledger
from .organiser import Organiser, Trouble

TICK = 4
"""Seconds after which an open page asks for the seats again, as static/js/app.js does."""
LATE = 3
"""Seconds from the opening on for which a page that sells nothing yet is asked quickly."""


NEWCOMER, GUEST, USER, PROGRAM = KINDS = ("newcomers", "guests", "signed in", "programs")
"""Who comes: with a browser that brings nothing along, and but once; again and again without an
account; with one, by the pages; or by the API."""


@dataclass
class Person:
    name: str
    email: str
    password: str
    kind: str
    """One of `KINDS`."""
    is_new: bool
    """Whether they make their account on the page; the others had one, and sign in. Guests have
    none."""


class House:
    """One rehearsal, from its event's making to its end."""

    def __init__(self, host, options, people):
        self.organiser, self.options = Organiser(host), options
        self.host, self.run = self.organiser.host, uuid.uuid4().hex[:8]
        self.ledger, self.browsers = Ledger(), []
        self.opened_at = self.ended_at = None
        """Moments of the monotonic clock."""
        self.over = Event()
        self._shares = shares_of(options)
        self._people, self._arrived = people, 0
        self._invited = Counter()
        self._called = Event()

    def open(self):
        self.organiser.start_exporter(self.run, self.options.seats)
        self.event_id, self.slug = self.organiser.event_id, self.organiser.slug

    @staticmethod
    def new_key():
        return uuid.uuid4().hex

    def invite(self, kind=None):
        """The next person, of this kind or of the one that is furthest below its share."""
        number = self._invited.total() + 1
        kind = kind or max(KINDS, key=lambda k: self._shares[k] * number / 100 - self._invited[k])
        self._invited[kind] += 1
        return Person(
            name=f"Rehearsal {number}",
            email=f"rehearsal-{self.run}-{number}@example.com",
            password=uuid.uuid4().hex,
            kind=kind,
            is_new=self._invited[kind] % 2 == 1,
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


def shares_of(options):
    """Of 100 people, how many come in which way. Raises `Trouble`."""
    shares = {NEWCOMER: options.newcomer_share, GUEST: options.guest_share}
    shares[PROGRAM] = options.api_share
    shares[USER] = 100 - sum(shares.values())
    if shares[USER] < 0:
        raise Trouble("--newcomer-share, --guest-share and --api-share are more than 100 together")
    return shares


def say(text):
    print(f"rehearsal: {text}", flush=True)
