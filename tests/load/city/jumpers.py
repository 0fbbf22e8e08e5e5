"""People who try to book though it is not their turn: all of them are to be refused."""

import json
import random
import time
import uuid

from tests.load.city.people import Person, order
from tests.load.city.wire import Question

DONE = {200, 201, 303}
PROGRAM = ("Accept: application/json", "Content-Type: application/json")


class Jumper(Person):
    gives_up = 0.0

    def visits(self):
        yield from WAYS[self.note.kind](self)
        self.note.end = self.note.end or "refused"

    def without_ticket(self):
        """Send the form as if nobody waited."""
        yield from self._until_open()
        for _ in range(3):
            yield random.uniform(0.2, 3)
            yield from self._sends()

    def too_early(self):
        """Join as all do, and send the form in the lobby and in the line."""
        if not (yield from self.joins()):
            return
        if self.note.in_lobby:
            yield from self._sends()
        yield from self._until_open()
        while (yield from self.looks()) == "waiting":
            if (yield from self._sends()) and (yield from self._has_turn()):
                return
            yield random.uniform(1, 4)
            if random.random() < 0.3:
                return

    def edited(self):
        """Write a number that has its turn into the cookie, and into a program's ticket."""
        if not (yield from self.joins()):
            return
        ticket = self.tickets()[str(self.evening.event)]
        yield from self._until_open()
        name, _, value = self.cookie.partition("=")
        kept = self.cookie
        for changed in (value[:9] + ("A" if value[9] != "A" else "B") + value[10:], value[:-4]):
            self.cookie = f"{name}={changed}"
            yield from self._sends()
        self.cookie = kept
        parts = ticket.split(".")
        yield from self._calls(".".join([*parts[:2], "1", *parts[3:]]))

    def copied(self):
        """Carry the ticket of somebody else's browser, whose turn it is."""
        yield from self._until_open()
        for _ in range(60):
            if self.evening.ticket_to_copy:
                yield from self._calls(self.evening.ticket_to_copy)
                return
            yield 0.5

    def after_time(self):
        """Wait for one's turn, and send the form when its time is over."""
        if not (yield from self.joins()):
            return
        if (yield from self.waits()):
            yield self.evening.pass_seconds + 1.5
        elif self.note.end != "over":
            return
        self.note.admitted_at = None
        yield from self._sends()

    def _has_turn(self):
        """Whether their turn came while the form was on its way: then it was not too early."""
        phase = yield from self.looks()
        while self.missed:
            phase = yield from self.looks()
        if phase not in {"admitted", "over"}:
            return False
        self.note.admitted_at = self.note.admitted_at or time.monotonic()
        self.evening.notes.jumped[self.note.kind] -= 1
        self.note.seats, self.note.end = 1, "booked"
        return True

    def _until_open(self):
        while self.evening.places is None:
            yield 0.5

    def _sends(self):
        facts = order(self.note, uuid.uuid4().hex)
        question = Question("jump", "POST", self.evening.form, self.cookie, **facts)
        return (yield from self._tries(question))

    def _calls(self, ticket):
        token = f"Authorization: Bearer {self.evening.token}"
        headers = (*PROGRAM, token, f"Waiting-Room-Ticket: {ticket}")
        body = json.dumps({"event_id": self.evening.event}).encode()
        yield from self._tries(Question("jump", "POST", "/api/bookings", "", body, headers))

    def _tries(self, question):
        answer, notes = (yield question), self.evening.notes
        notes.jumps[self.note.kind] += 1
        if answer.status in DONE:
            notes.jumped[self.note.kind] += 1
        elif self._is_for_later(answer):
            self.note.in_doubt = True
        elif not 400 <= answer.status < 500 or answer.status == 429:
            notes.wrong("jump", answer)
        return answer.status in DONE


WAYS = {
    "without a ticket": Jumper.without_ticket,
    "too early": Jumper.too_early,
    "edited": Jumper.edited,
    "copied": Jumper.copied,
    "after their time": Jumper.after_time,
}
