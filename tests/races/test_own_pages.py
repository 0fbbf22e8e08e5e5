"""Pages are made once for everybody, yet two hundred people at once see each their own."""

import re
from collections import Counter
from random import Random

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer

from app.services import sign_ins
from tests.support.threads import at_once

PEOPLE, ROUNDS = 200, 6
NAME = re.compile(r"Person-\d+-of-many")
TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')


@pytest.fixture
def cookie_name(site):
    with httpx.Client(base_url=site) as client:
        return next(iter(client.get("/sign-in", headers={"Accept": "text/html"}).cookies))


@pytest.fixture
def browser(app, site, cookie_name):
    """A browser in which somebody has signed in."""

    def open_one(user):
        with app.app_context():
            session = {"user": sign_ins.begin_for_user(user), "csrf_token": f"token of {user.id}"}
            session["_permanent"] = True
            cookie = app.session_interface.get_signing_serializer(app).dumps(session)
        return httpx.Client(
            base_url=site,
            headers={"Accept": "text/html", "Cookie": f"{cookie_name}={cookie}"},
            timeout=30,
        )

    return open_one


def test_two_hundred_people_at_once_see_their_own_name_token_and_ticket(
    app, browser, make_event, make_user, make_booking
):
    event = make_event(name="All at once", capacity=1000)
    users = [make_user(name=f"Person-{number}-of-many") for number in range(PEOPLE)]
    held = {user.id: make_booking(event=event, user=user) for user in users}
    tokens = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token")

    def look(user):
        """What a person saw that was not their own, and how many pages they saw."""
        seen, wrong = Counter(), []
        mine, address = held[user.id], f"/events/{event.id}/{event.slug}"
        paths = ["/", address, "/bookings", f"/bookings/{mine.id}"]
        with browser(user) as client:
            for _ in range(ROUNDS):
                path = Random(f"{user.id} {sum(seen.values())}").choice(paths)
                answer = client.get(path)
                seen[path if path in ("/", address) else "own", answer.status_code] += 1
                names = set(NAME.findall(answer.text))
                wrong += [f"{path} names {name}" for name in names - {user.name}]
                wrong += [f"{path} names nobody"] * (answer.status_code == 200 and not names)
                tickets = set(re.findall(r'href="/bookings/(\d+)', answer.text))
                wrong += [f"{path} shows {ticket}" for ticket in tickets - {str(mine.id)}]
                wrong += [
                    f"{path} has the token {tokens.loads(token)}"
                    for token in TOKEN.findall(answer.text)
                    if tokens.loads(token) != f"token of {user.id}"
                ]
        return seen, wrong

    answers = at_once([lambda user=user: look(user) for user in users])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert not [fault for _, wrong in answers for fault in wrong]
    seen = sum((counts for counts, _ in answers), Counter())
    assert seen.total() == PEOPLE * ROUNDS
    assert {status for _, status in seen} == {200}
