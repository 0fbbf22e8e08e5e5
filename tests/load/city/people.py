"""What people do: they come, wait as the page makes their browser wait, and book or go."""

import base64
import json
import random
import re
import time
import zlib
from dataclasses import dataclass
from urllib.parse import urlencode

from app.lib.draws import draw, draw_key
from tests.load.city.wire import Question

PAGE = ("Accept: text/html",)
FORM = (*PAGE, "Content-Type: application/x-www-form-urlencoded")
FRAGMENT = (*PAGE, "HX-Request: true")
KEY = re.compile(rb'name="idempotency_key"[^>]*value="([^"]+)"')
PHASE = re.compile(rb"was=(\w+)")
ENDS = re.compile(rb'data-ends="([\d.]+)"')
PLACE = re.compile(rb'data-place="(\d+)"')
NONE_LEFT = re.compile(rb"sold out", re.IGNORECASE)
HOPES = 5
"""Looks at a sold out event after which everybody has given it up."""
TRIES = 4
"""How often something is asked that is answered by "later"; an order with the same key."""


@dataclass
class Evening:
    """What all share: the event, the notes, and the draw once it is published."""

    event: int
    slug: str
    notes: object
    think: float
    """Seconds that an admitted person takes before they press, on average."""
    pass_seconds: float = 0.0
    token: str = ""
    """A program's, which some try to book with."""
    places: list | None = None
    """By number, from the published seed: what anybody can work out once it is open."""
    opened_at: float | None = None
    ticket_to_copy: str = ""
    """Of somebody whose turn it is, as it lies in their browser."""

    @property
    def room(self):
        return f"/events/{self.event}/waiting-room"

    @property
    def page(self):
        return f"/events/{self.event}/{self.slug}"

    @property
    def form(self):
        return f"/events/{self.event}/bookings"

    def place_of(self, number):
        return self.places[number - 1] if number <= len(self.places) else number


class Person:
    """One browser with its cookies."""

    gives_up = 0.5
    """The share of people who go when they read that nothing is left."""

    def __init__(self, evening, note):
        self.evening, self.note, self.cookie = evening, note, ""
        self.luck, self.answer = random.random(), None
        self.phase, self.missed = "", 0

    def _ask(self, what, method, path, **facts):
        self.answer = yield Question(what, method, path, cookie=self.cookie, **facts)
        if self.answer.cookie:
            self.cookie = self.answer.cookie
        return self.answer

    def _get(self, what, path, expected=(200,), headers=PAGE):
        """A page, asked for again as it says when it can't be had now; None if it was none."""
        for _ in range(TRIES):
            answer = yield from self._ask(what, "GET", path, headers=headers)
            if answer.status in expected:
                return answer
            if not self._is_for_later(answer):
                break
            yield 2 + random.random()
        self.evening.notes.wrong(what, answer)
        return None

    def _is_for_later(self, answer):
        """Whether one loads the page again, as it says, or as it never came."""
        self.evening.notes.to_wait += answer.status == 503
        self.evening.notes.unanswered += answer.status == 0
        return answer.status in {503, 0}

    def visits(self):
        """Come to the event, join, wait and book."""
        note = self.note
        if not (yield from self.joins()):
            return
        if note.kind == "goes away" and (yield random.uniform(1, 20)) is None:
            note.end = "left"
            return
        if not (yield from self.waits()):
            return
        if note.kind == "never comes":
            note.end = "left"
            return
        yield from self.books()

    def joins(self):
        note, evening = self.note, self.evening
        if (yield from self._get("event page", evening.page)) is None:
            return False
        yield random.uniform(0.2, 1)
        for _ in range(TRIES):
            answer = yield from self._ask("join", "POST", evening.room, headers=FORM)
            if not self._is_for_later(answer):
                break
            yield 5
        if answer.status != 303 or not self.tickets():
            evening.notes.wrong("join", answer)
            return False
        note.joined_at = time.monotonic()
        note.number = int(self.tickets()[str(evening.event)].split(".")[2])
        return (yield from self.looks("waiting room", PAGE)) is not None

    def tickets(self):
        """What the session's cookie holds: signed, and no secret."""
        if not self.cookie:
            return {}
        value = self.cookie.partition("=")[2].partition(";")[0]
        squeezed = value.startswith(".")
        part = value.lstrip(".").split(".")[0]
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        return json.loads(zlib.decompress(raw) if squeezed else raw).get("rooms", {})

    def looks(self, what="own place", headers=FRAGMENT):
        """Ask for one's own page; its phase, that of the last one if it can't be had, or None."""
        path = self.evening.room + ("?was=lobby&script=1" if headers is FRAGMENT else "")
        answer = yield from self._ask(what, "GET", path, headers=headers)
        if self._is_for_later(answer):
            # As the page's script: the longer, the oftener it was missed.
            self.missed += 1
            yield self._about(3 * 2 ** min(self.missed, 4))
            return self.phase
        self.missed = 0
        found = PHASE.search(answer.body)
        if found is None:
            self.evening.notes.wrong(f"{what} without a phase", answer)
            return None
        self.phase, note = found[1].decode(), self.note
        phase = self.phase
        if place := PLACE.search(answer.body):
            note.places_told.add(int(place[1]))
        if phase == "waiting":
            note.last_waited = answer.asked_at
        elif phase == "lobby":
            note.in_lobby = True
        elif phase == "admitted" and note.admitted_at is None:
            note.admitted_at = answer.asked_at + answer.seconds
            ends = ENDS.search(answer.body)
            note.over_at = note.admitted_at + float(ends[1]) - time.time() if ends else None
        return phase

    def waits(self):
        """As the page's script: ask for the status when it says so, and for a page of one's own
        when something has changed; True once it is their turn."""
        evening, note, phase, hoped = self.evening, self.note, self.phase, 0
        while True:
            status = yield from self._status()
            if status["phase"] == "closed":
                note.end = "sold out"
                return False
            if status["phase"] == "lobby":
                until = max(status["opens_at"] - status["at"], 0)
                spread = status["ask"]["least"] + self.luck * status["ask"]["spread"]
                yield min(until + spread, self._within(status, float("inf")))
                continue
            if phase in {"lobby", ""}:
                phase = yield from self.looks()
                if phase in {"lobby", ""}:
                    yield 1
                    continue
                if phase is None:
                    return False
            if note.place is None:
                while evening.places is None:
                    yield 0.2
                note.place = evening.place_of(note.number)
            if phase == "admitted":
                return True
            if phase == "over":
                note.end = "over"
                return False
            if status["seats"] == 0:
                hoped += 1
                if hoped == HOPES or random.random() < self.gives_up:
                    note.end = "sold out"
                    return False
            phase = yield from self._in_line(status)

    def _status(self):
        for missed in range(1000):
            answer = yield from self._ask("status", "GET", f"{self.evening.room}.json")
            if answer.status == 200:
                return json.loads(answer.body)
            if not self._is_for_later(answer):
                self.evening.notes.wrong("status", answer)
            yield self._about(5 * 2 ** min(missed, 2))
        raise AssertionError("nobody asks so often")

    def _in_line(self, status):
        pace, fast = status["per_second"], status["fast_per_second"]
        ahead = self.note.place - status["served"]
        if self.note.promised is None and status["slow_per_second"]:
            wait = (ahead / fast, ahead / status["slow_per_second"])
            self.note.promised = (time.monotonic(), *wait)
        if self.note.kind == "reloads":
            yield from self.looks("waiting room", PAGE)
        if ahead <= 0:
            phase = yield from self.looks()
            if phase == "waiting":
                yield status["ask"]["least"]
            return phase
        soon = ahead / pace if pace else float("inf")
        asks = self._within(status, ahead / fast * status["ask"]["share"] if fast else soon)
        if soon > asks:
            yield asks
            return "waiting"
        # Each second the page looks whether it is their turn.
        yield soon + random.random()
        return (yield from self.looks())

    def _within(self, status, seconds):
        ask = status["ask"]
        return self._about(min(max(seconds, ask["least"]), ask["most"]))

    def _about(self, seconds):
        """Everybody's own: no two crowds stay one."""
        return seconds * (0.9 + 0.2 * self.luck)

    def books(self):
        """From the page of one's turn to the ticket, or to an honest "sold out"."""
        evening, note = self.evening, self.note
        page = yield from self._get("event page (own)", evening.page)
        if page is None:
            return
        evening.ticket_to_copy = self.tickets().get(str(evening.event), "")
        key = KEY.search(page.body)
        if key is None:
            self._no_form(page)
            return
        yield random.uniform(0.2, 1.8) * evening.think
        note.seats = random.choice((1, 1, 2))
        yield from self.orders(key[1].decode(), note.seats)

    def _no_form(self, page):
        if NONE_LEFT.search(page.body):
            self.note.end = "sold out"
        elif self._is_late():
            self.note.end = "over"
        else:
            self.evening.notes.wrong("event page (own): neither a form nor a reason")

    def _is_late(self):
        """Whether their time is over, or nearly: this machine may be too busy for them."""
        return self.note.over_at is not None and time.monotonic() > self.note.over_at - 1

    def orders(self, key, seats):
        evening, note, was_unsure = self.evening, self.note, False
        for _ in range(TRIES):
            answer = yield from self._ask("book", "POST", evening.form, **order(note, key, seats))
            unsure = was_unsure
            was_unsure = self._is_for_later(answer)
            # What was under way when it was asked again may be booked by now.
            if not was_unsure and not (unsure and answer.status == 403):
                break
            yield 1 + random.random()
        if answer.status == 303:
            note.end, now = "booked", time.monotonic()
            evening.notes.bookings.append(now)
            yield from self._get("ticket", answer.location)
        elif answer.status == 409:
            note.end, note.seats = "sold out", 0
        elif answer.status == 403 and self._is_late():
            note.end, note.seats, note.in_doubt = "over", 0, was_unsure or unsure
        else:
            note.in_doubt = was_unsure
            evening.notes.wrong("book", answer)


def order(note, key, seats=1):
    """The form as it is sent."""
    facts = {"idempotency_key": key, "seats": seats, "name": "Anna", "email": note.email}
    return {"body": urlencode(facts).encode(), "headers": FORM}


def watches_the_draw(evening):
    """Work every place out from what is published at the opening, as anybody can."""
    person = Person(evening, None)
    while True:
        answer = yield from person._get("draw", f"/api{evening.room}", headers=())
        told = json.loads(answer.body) if answer else {}
        if told.get("seed"):
            key = draw_key(told["seed"], told["mix"], told["lobby_size"])
            evening.places = list(draw(key, told["lobby_size"]))
            return
        yield 0.5


def newcomer(evening, note):
    """Who books where nobody waits."""
    yield from Person(evening, note).books()
