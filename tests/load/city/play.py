"""One evening: who comes when, and what is measured meanwhile."""

import os
import random
import time
from itertools import cycle, islice

from tests.load.city.jumpers import WAYS, Jumper
from tests.load.city.meter import Meter
from tests.load.city.notes import Notes
from tests.load.city.people import Evening, Person, newcomer, watches_the_draw
from tests.load.city.verdict import Kept
from tests.load.city.wire import Wire

SHARES = {"late": 0.1, "reloads": 0.05, "goes away": 0.03, "never comes": 0.02}
JUMPERS = 0.01
"""Of each way to jump a fifth of them; one at least."""
AFTER_ALL = 30
"""Seconds for what the slowest do after the line is through."""


class Play:
    def __init__(self, stage, options):
        self.stage, self.options, self.cores = stage, options, os.cpu_count()
        self.notes, self.calm_notes = Notes(), Notes()
        self.evening = Evening(
            stage.event, stage.slug, self.notes, options.think, options.pass_seconds, stage.token
        )
        self.wire = Wire(stage.url, self._heard)
        self.meter = Meter(stage.roots)
        self.opened_at = self.sold_until = 0.0
        self._calm = self._lobby = (0.0, 0.0)
        self._into = self.calm_notes

    def _heard(self, question, answer):
        self._into.heard(question, answer)

    def run(self):
        """Play it all; afterwards `spent` is what a question cost this process, in seconds."""
        with self.meter:
            self._sells_without_a_crowd()
            self._into = self.notes
            before, began = self._asked(), time.process_time()
            self._plays()
            self.spent = (time.process_time() - began) / max(self._asked() - before, 1)

    def _asked(self):
        return sum(map(len, self.notes.seconds.values()))

    def _sells_without_a_crowd(self):
        options, notes = self.options, self.calm_notes
        shop = Evening(self.stage.calm, "calm", notes, options.think)
        for n in range(int(options.calm * options.pace)):
            note = notes.person(f"calm{n}@city.example", "calm")
            self.wire.let(newcomer(shop, note), n / options.pace)
        began = time.monotonic()
        self.wire.run(options.calm + AFTER_ALL)
        # The first second is without those who pause before they press.
        self._calm = (began + options.think, began + options.calm)

    def _plays(self):
        options, began = self.options, time.monotonic()
        coming = options.people / options.arrive
        opens = coming + options.lobby
        self.stage.shorten_passes(options.pass_seconds)
        self.stage.open_in(opens)
        self.opened_at = began + opens
        self._lobby = (began + coming + 1, self.opened_at - 0.5)
        for note in self._people():
            self.wire.let(self._way(note), self._comes(note.kind, coming, opens))
        self.wire.let(watches_the_draw(self.evening), opens)
        line = options.people / options.pace * (3 if options.measured else 1)
        self.wire.run(opens + 1.5 * line + options.pass_seconds + AFTER_ALL)
        self.sold_until = max(self.notes.bookings, default=0.0)

    def _comes(self, kind, coming, opens):
        """When somebody comes, in seconds from the beginning."""
        if kind == "late":
            return opens + random.uniform(1, self.options.people / self.options.pace / 3)
        # Whoever tries it in the lobby has to be there in time, however slow the machine is.
        return random.uniform(0, coming / 3 if kind == "too early" else coming)

    def _people(self):
        many = self.options.people
        kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * many))]
        jumpers = max(round(JUMPERS * many), len(WAYS))
        kinds += islice(cycle(WAYS), jumpers)
        kinds += ["regular"] * (many - len(kinds))
        random.shuffle(kinds)
        for n, kind in enumerate(kinds):
            yield self.notes.person(f"p{n}@city.example", kind)

    def _way(self, note):
        if note.kind in WAYS:
            return Jumper(self.evening, note).visits()
        return Person(self.evening, note).visits()

    def kept(self):
        """What the site has at the end."""
        event = self.stage.event
        ((capacity, left),) = self.stage.sql(
            "SELECT capacity, seats_available FROM events WHERE id = %s", event
        )
        orders = self.stage.sql(
            "SELECT users.email, bookings.seats FROM bookings JOIN users ON users.id = user_id"
            " WHERE event_id = %s AND status = 'CONFIRMED'",
            event,
        )
        return Kept(capacity, left, tuple(orders))

    def costs(self):
        sale = (self.opened_at, self.sold_until)
        return [self.meter.between(*window) for window in (self._calm, self._lobby, sale)]

    def lobby_cost(self):
        return _site(self.costs()[1])

    def crowd(self):
        """CPU seconds a second that the crowd adds to the sale: less what as many bookings cost
        without one. None where it was too short to tell."""
        calm, _lobby, sale = self.costs()
        bookings = self.options.calm * self.options.pace
        if not calm or not sale or not bookings:
            return None
        each = _site(calm) / self.options.pace
        rate = len(self.notes.bookings) / (self.sold_until - self.opened_at)
        return _site(sale) - each * rate


def _site(cost):
    return sum(spent for part, spent in cost.items() if part != "crowd")
