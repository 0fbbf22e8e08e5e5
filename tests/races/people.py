"""People at the pages of a running site, over real connections, each with a session of their own.

They fill in the forms that they are shown, token and all, and write down what they were told.
"""

import re
import threading
import time
import uuid
from collections import Counter
from random import Random
from urllib.parse import urlencode

import html5lib
import httpx

PATIENCE = 15
PASSWORD = "correct horse battery"


class Over(Exception):
    """The time is up while somebody asks again and again."""


def form_of(page, action):
    """Where the form with such an action goes, and what it would send as it stands on the page."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    for form in tree.iter("form"):
        if form.get("method") == "post" and re.search(action, form.get("action", "")):
            return form.get("action"), dict(_fields(form))
    return None


def question_of(page, action):
    """What a form would send that only asks."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    for form in tree.iter("form"):
        if form.get("method") != "post" and re.search(action, form.get("action", "")):
            return dict(_fields(form))
    return None


def _fields(form):
    for field in form.iter():
        name = field.get("name")
        if not name:
            continue
        if field.tag == "input":
            kind = field.get("type", "text")
            if kind in {"checkbox", "radio"} and field.get("checked") is None:
                continue
            if kind not in {"submit", "button", "file"}:
                yield name, field.get("value", "")
        elif field.tag == "textarea":
            # The first line end after the tag belongs to the tag, and html5lib takes it away.
            yield name, "".join(field.itertext())
        elif field.tag == "select":
            options = list(field.iter("option"))
            chosen = [o for o in options if o.get("selected") is not None] or options[:1]
            if chosen:
                yield name, chosen[0].get("value") or "".join(chosen[0].itertext()).strip()


class Person:
    """Acts by chance until the time is up; everything unforeseen is kept in `surprises`."""

    headers = {"Accept": "text/html"}

    def __init__(self, site, events, seed, over):
        self.site, self.events, self.over = site, events, over
        self.chance, self.seed = Random(seed), seed
        self.client = httpx.Client(base_url=site.url, headers=self.headers, timeout=PATIENCE)
        self.statuses, self.surprises = Counter(), []

    def run(self):
        try:
            self.begin()
            while not self.over.is_set():
                self.act()
        except Over:
            pass
        except Exception as error:
            self.surprises.append(repr(error))
        finally:
            self.client.close()

    def begin(self):
        """What comes before all else."""

    def ask(self, method, path, foreseen, **facts):
        """The answer; a documented 503 is asked again, the same request, until it is told."""
        while True:
            answer = self.client.request(method, path, **facts)
            self.statuses[method, answer.status_code] += 1
            if answer.status_code != 503:
                break
            if "Retry-After" not in answer.headers:
                self.surprises.append(f"503 without Retry-After: {method} {path}")
            if self.over.wait(0.1) and method == "GET":
                raise Over
        if answer.status_code not in foreseen:
            self.surprises.append(f"{answer.status_code}: {method} {path}: {answer.text[:300]}")
        return answer

    def fill(self, page, action, foreseen=(303, 409, 422), **changes):
        """Send the form that the page shows; None when it shows none."""
        # A question about what was given back meanwhile is told so.
        found = form_of(self.ask("GET", page, (200, 422)).text, action)
        if found is None:
            return None
        path, fields = found
        return self.ask("POST", path, foreseen, data={**fields, **changes})


class Guest(Person):
    """Signs up, books, gives seats back, and changes the account; all by the pages."""

    def begin(self):
        self.told, self.name = {}, f"Guest {self.seed}"
        self.email = f"{uuid.uuid4().hex}@example.com"
        self.password = PASSWORD
        facts = {"name": self.name, "email": self.email, "password": self.password}
        answer = self.fill("/sign-up", "/sign-up", (303,), **facts)
        assert answer.status_code == 303

    def act(self):
        self.chance.choice([self.book] * 6 + [self.give_back] * 4 + [self.rename] + [self.look])()

    def book(self):
        event, seats = self.chance.choice(self.events), self.chance.randint(1, 3)
        page = f"/events/{event.id}/{event.slug}"
        answer = self.fill(page, rf"/events/{event.id}/bookings$", seats=str(seats))
        if answer is not None and answer.status_code == 303:
            self.told[int(re.search(r"/bookings/(\d+)", answer.headers["Location"])[1])] = seats

    def give_back(self):
        mine = [number for number, seats in self.told.items() if seats]
        if not mine:
            return
        number = self.chance.choice(mine)
        give = self.chance.randint(1, self.told[number])
        path = rf"/bookings/{number}/cancellation$"
        # A link with how many were chosen leads to a question; its form is what gives back.
        answer = self.fill(
            f"/bookings/{number}/cancellation?had={self.told[number]}&give={give}",
            path,
            had=str(self.told[number]),
            give=str(give),
        )
        if answer is not None and answer.status_code == 303:
            self.told[number] -= give

    def rename(self):
        name = f"Guest {self.seed} {self.chance.randint(1, 10**6)}"
        answer = self.fill("/account", "/account/name", (303,), **{"name-name": name})
        if answer is not None and answer.status_code == 303:
            self.name = name

    def look(self):
        self.ask("GET", self.chance.choice(["/", "/bookings", "/account"]), (200,))


class Newcomer(Person):
    """Makes one account after the other, changes its password, signs out and in again."""

    def begin(self):
        self.made = set()

    def act(self):
        email = f"{uuid.uuid4().hex}@example.com"
        facts = {"name": "New", "email": email, "password": PASSWORD}
        if self.fill("/sign-up", "/sign-up", (303,), **facts) is None:
            return
        self.made.add(email)
        new = {"password-current": PASSWORD, "password-password": PASSWORD + "!"}
        self.fill("/account", "/account/password", (303,), **new)
        self.client.cookies.clear()
        again = {"email": email, "password": PASSWORD + "!"}
        self.fill("/sign-in", "/sign-in", (303,), **again)
        self.client.cookies.clear()


class Program(Person):
    """Books by the API, each order under a key of its own, and gives all back or some."""

    headers = {"Accept": "application/json"}

    def begin(self):
        self.told = {}
        facts = {"email": f"{uuid.uuid4().hex}@example.com", "name": "Program"}
        self.user_id = self.ask("POST", "/api/users", (201,), json=facts).json()["id"]

    def act(self):
        if self.told and self.chance.random() < 0.4:
            self.give_back()
        else:
            self.book()

    def book(self):
        event, seats = self.chance.choice(self.events), self.chance.randint(1, 3)
        order = {"user_id": self.user_id, "event_id": event.id, "seats": seats}
        key = {"Idempotency-Key": uuid.uuid4().hex}
        answer = self.ask("POST", "/api/bookings", (201, 409), json=order, headers=key)
        if answer.status_code == 201:
            self.told[answer.json()["booking_id"]] = seats

    def give_back(self):
        number = self.chance.choice(list(self.told))
        answer = self.ask("DELETE", f"/api/bookings/{number}", (200, 409))
        if answer.status_code == 200:
            self.told[number] = 0


class Organiser(Person):
    """Edits, pauses, holds seats back, releases them, and cancels bookings; all by the pages."""

    def begin(self):
        self.cancelled = set()
        answer = self.fill("/admin/login", "/admin/login", (303,), key=self.site.admin_key)
        assert answer.status_code == 303

    def act(self):
        deeds = [self.resize] * 3 + [self.pause] + [self.hold] * 2 + [self.release] * 2
        self.chance.choice([*deeds, self.cancel, self.cancel])()
        self.over.wait(0.02)

    def _page(self, name):
        self.event = self.chance.choice(self.events)
        return f"/admin/events/{self.event.id}/{name}"

    def resize(self):
        self.fill(self._page("edit"), "/edit$", capacity=str(self.chance.randint(20, 80)))

    def pause(self):
        page = self._page("console")
        self.fill(page, "/pause$")
        # Whoever pauses goes on: others are to sell.
        self.fill(page, "/resumption$")

    def hold(self):
        self.fill(self._page("console"), "/held-seats$", seats=str(self.chance.randint(1, 4)))

    def release(self):
        self.fill(self._page("console"), "/released-seats$", **{"release-seats": "1"})

    def cancel(self):
        page = self.ask("GET", "/admin/bookings?status=confirmed", (200,)).text
        listed = re.findall(r'href="/admin/bookings/(\d+)"', page)
        if listed:
            number = self.chance.choice(listed)
            # Also when the answer is lost to us: it may have been done.
            self.cancelled.add(int(number))
            booking = self.ask("GET", f"/admin/bookings/{number}", (200,)).text
            question = question_of(booking, r"/cancellation$")
            if question:
                asked = (
                    f"/admin/bookings/{number}/cancellation?{urlencode({**question, 'give': 1})}"
                )
                self.fill(asked, r"/cancellation$")


def all_at_once(people, seconds, over, enough, most=60):
    """Let all of them loose for so long, and on until they have done enough: on a busy machine that
    takes them longer, `most` seconds more."""
    threads = [threading.Thread(target=person.run, daemon=True) for person in people]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    give_up = time.monotonic() + most
    while not enough() and time.monotonic() < give_up:
        over.wait(0.5)
    over.set()
    for thread in threads:
        thread.join(4 * PATIENCE)
        assert not thread.is_alive(), "somebody hangs"


def check_told(people, by_organisers, sql):
    """What buyers were told is so: each booking exists with so many seats, and there is no other.

    Of a booking that an organiser went for, nobody but the organiser knows the seats.
    """
    truth = {
        number: seats if status == "CONFIRMED" else 0
        # Seats given back of a booking that stands are kept as a part of it, in a row of their own.
        for number, seats, status in sql(
            "SELECT id, seats, status FROM bookings WHERE part_of IS NULL"
        )
    }
    told = {number: seats for person in people for number, seats in person.told.items()}
    unlike = told.keys() ^ truth.keys()
    assert not unlike, f"told and not so, or so and not told: {unlike}"
    differ = {n: (told[n], truth[n]) for n in told if told[n] != truth[n]}
    assert differ.keys() <= by_organisers, differ
    assert all(truth[n] <= told[n] for n in differ), differ
