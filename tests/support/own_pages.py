"""Many people at once look at pages that are made once for everybody: each must see their own."""

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import httpx
from itsdangerous import URLSafeTimedSerializer

from app.models.references import REFERENCE_LETTERS
from app.presenters.ticket_addresses import ticket_secret
from app.services import sign_ins
from tests.support.threads import at_once

PEOPLE = 60
NAME = re.compile(r"Person-\d+-of-many")
TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')
BOOKING = re.compile(r'href="/bookings/(\d+)')
SECRET = re.compile(r'href="/tickets/([^/"]+)')
_FOUR = f"[{REFERENCE_LETTERS}]{{4}}"
REFERENCE = re.compile(rf"\b{_FOUR}-{_FOUR}-{_FOUR}\b")


@dataclass
class Person:
    """Somebody who is signed in, and has booked."""

    user: object
    booking: object
    secret: str
    cookie: str
    seen: Counter = field(default_factory=Counter)
    wrong: list = field(default_factory=list)

    @property
    def paths(self):
        """Pages that name somebody, and those of a ticket."""
        event = self.booking.event
        own = ["/", f"/events/{event.id}/{event.slug}", "/bookings"]
        return [*own, f"/bookings/{self.booking.id}", f"/tickets/{self.secret}"]


class Crowd:
    """People who are signed in to the site, each with a booking of the same event."""

    def __init__(self, app, cookie_name, event, make_user, make_booking):
        self._tokens = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token")
        self.people = []
        for number in range(PEOPLE):
            user = make_user(name=f"Person-{number}-of-many")
            booking = make_booking(event=event, user=user)
            booking.event = event
            with app.app_context():
                cookie = _cookie(app, user)
                secret = ticket_secret(booking)
            self.people.append(Person(user, booking, secret, f"{cookie_name}={cookie}"))

    def look(self, rounds, **client):
        """Have all of them look at so many pages; `client` as for `browser_of`."""
        answers = at_once([lambda one=one: self._look(one, rounds, client) for one in self.people])
        assert not [answer for answer in answers if isinstance(answer, Exception)]

    @property
    def faults(self):
        """What somebody saw that was not their own."""
        return [fault for person in self.people for fault in person.wrong]

    @property
    def statuses(self):
        """What they were answered, and how often."""
        return sum((person.seen for person in self.people), Counter())

    def _look(self, person, rounds, client):
        order = Random(person.user.id)
        with browser_of(cookie=person.cookie, **client) as get:
            for _ in range(rounds):
                path = order.choice(person.paths)
                answer = get(path)
                person.seen[answer.status_code] += 1
                if answer.status_code == 200:
                    person.wrong += self._judge(person, path, answer.text)

    def _judge(self, person, path, page):
        names = set(NAME.findall(page))
        if names != {person.user.name}:
            yield f"{path} names {names or 'nobody'}"
        for found, own in (
            (BOOKING, str(person.booking.id)),
            (SECRET, person.secret),
            (REFERENCE, person.booking.spoken_reference),
        ):
            yield from (f"{path} shows {one}" for one in set(found.findall(page)) - {own})
        if path.startswith(("/bookings", "/tickets")) and not REFERENCE.search(page):
            yield f"{path} shows no reference"
        for token in TOKEN.findall(page):
            if self._tokens.loads(token) != f"token of {person.user.id}":
                yield f"{path} has the token {self._tokens.loads(token)}"


@contextmanager
def browser_of(base_url, *, host=None, trust=True, cookie=None):
    """Something that gets pages of the site, by its name `host` where that is not its address."""
    headers = {"Accept": "text/html"}
    headers |= {"Host": host} if host else {}
    headers |= {"Cookie": cookie} if cookie else {}
    options = {"sni_hostname": host.partition(":")[0]} if host else {}
    with httpx.Client(base_url=base_url, headers=headers, verify=trust, timeout=30) as client:
        yield lambda path: client.get(path, extensions=options)


def cookie_name(**client):
    """The name of the cookie by which the site knows a session."""
    with browser_of(**client) as get:
        return get("/sign-in").headers["Set-Cookie"].partition("=")[0]


def _cookie(app, user):
    session = {"user": sign_ins.begin_for_user(user), "csrf_token": f"token of {user.id}"}
    session["_permanent"] = True
    return app.session_interface.get_signing_serializer(app).dumps(session)
