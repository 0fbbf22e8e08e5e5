"""One address that does all that it may: bookings go on, and others sign up and in beside it."""

import time
from collections import Counter
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from argon2 import PasswordHasher

from app.db import transaction
from app.models import User
from app.services import accounts
from tests.overload.people import PASSWORD, Person, Work, quantile
from tests.support.servers import wait_until
from tests.support.site import Site
from tests.support.threads import at_once

pytestmark = pytest.mark.usefixtures("invariants")
HERS, RATE, LANES = "127.0.9.9", 25, 50
"""The flood: its address, its sign-ins a second, and how many of them may be under way."""
STRANGERS, BOOKERS = 8, 8
SLOW = 0.5
"""Seconds: what a booking may take beside a flood, unless it takes half of that without one."""
SECONDS = 6
FORMER = "tests.overload.first_come_first_served:make_app()"
COUNTS_TRIES = "tests.overload.counts_tries:make_app()"
FEW = {"SIGN_UP": "open", "LIMIT_SIGN_UP_EVERYONE": "30 per 5 minutes"}
"""Less than the tries that the two make on a slow machine, and enough for the newcomers."""
# A busy machine may stall a Redis call; each process would count by itself then.
NO_LIMIT_OF_BOOKINGS = {
    "LIMIT_BOOKING": "off",
    "LIMIT_BOOKING_ADDRESS": "off",
    "REDIS_TIMEOUT_MS": "1000",
}


@pytest.fixture
def people(app):
    """So many users with the same password; their emails. Hashed once, as this site hashes."""

    def make(number, hasher=accounts._hasher):
        known = hasher.hash(PASSWORD)
        emails = [f"person{n}@example.com" for n in range(number)]
        with app.app_context(), transaction() as session:
            session.add_all(User(email=email, password_hash=known) for email in emails)
        return emails

    return make


@pytest.fixture
def hall(clean, settings, folder):
    """A site of two processes, with the limits that it has by default."""
    with ExitStack() as stack:

        def serve(entry="wsgi:app", **limits):
            place, limits = folder / f"hall-{len(entry)}", {**NO_LIMIT_OF_BOOKINGS, **limits}
            return stack.enter_context(Site(settings, place, entry, **limits)).url

        yield serve


@contextmanager
def all_at_work(works):
    with ExitStack() as stack:
        yield [stack.enter_context(work) for work in works]
        for work in works:
            work.stop()


@contextmanager
def bookings(url, event, user):
    """Some who book without end; yields their works."""
    with ExitStack() as stack:
        works = []
        for _ in range(BOOKERS):
            client = stack.enter_context(httpx.Client(base_url=url, timeout=15))
            wish = {"user_id": user.id, "event_id": event.id}

            def book(client=client, wish=wish):
                return client.post("/api/bookings", json=wish).status_code

            works.append(Work(book, 0.05))
        with all_at_work(works):
            yield works


@contextmanager
def sign_in_flood(url, emails):
    """One address that signs in to its own accounts so many times a second."""
    with ExitStack() as stack:
        works = []
        for lane in range(LANES):
            person = stack.enter_context(Person(url, HERS))
            email = emails[lane % len(emails)]

            def sign_in(person=person, email=email):
                return person.sign_in(email)

            works.append(Work(sign_in, LANES / RATE))
        with all_at_work(works):
            yield works


def answers_of(works):
    return [answer for work in works for _seconds, answer in work.done]


def p99_of(works):
    return quantile([seconds for work in works for seconds, _answer in work.done], 0.99)


def strangers(url, emails):
    """Each signs in from an address of their own, once a second; their works."""
    stack = ExitStack()
    works = []
    for number, email in enumerate(emails):
        person = stack.enter_context(Person(url, f"127.0.1.{number + 1}"))
        works.append(Work(lambda person=person, email=email: person.sign_in(email), 1.0))
    return stack, works


def beside_the_flood(url, emails, event, user):
    """The 99th percentile of bookings before the flood and in it, and what the strangers and she
    who floods were told."""
    hers, theirs = emails[STRANGERS:], emails[:STRANGERS]
    people, visits = strangers(url, theirs)
    with people, bookings(url, event, user) as calm, all_at_work(visits):
        time.sleep(SECONDS)
    people, visits = strangers(url, theirs)
    with people, bookings(url, event, user) as busy, sign_in_flood(url, hers) as flood:
        time.sleep(1)
        with all_at_work(visits):
            time.sleep(SECONDS)
    assert set(answers_of(busy)) == {201}
    return p99_of(calm), p99_of(busy), Counter(answers_of(visits)), Counter(answers_of(flood))


@pytest.mark.whole
def test_beside_a_flood_of_sign_ins_others_sign_in_and_bookings_stay_quick(
    hall, people, make_user, make_event
):
    event, user, emails = make_event(capacity=100_000), make_user(), people(30)
    calm, busy, told, flood = beside_the_flood(hall(), emails, event, user)
    assert set(told) == {303}, told
    assert busy < max(2 * calm, SLOW), (calm, busy)
    assert set(flood) <= {303, 429}, "only she is told to wait"


@pytest.mark.whole
def test_a_single_queue_and_hashes_of_four_threads_shut_others_out(
    hall, people, make_user, make_event
):
    event, user, emails = make_event(capacity=100_000), make_user(), people(30, PasswordHasher())
    _calm, _busy, told, _flood = beside_the_flood(hall(FORMER), emails, event, user)
    assert told[503], "the control: strangers were told to come again"


def sign_ups_beside_a_taken_email(url, taken):
    """Two addresses post an email that is taken, as often as they can; then strangers come."""
    with ExitStack() as stack:
        bots = [stack.enter_context(Person(url, f"127.0.8.{n}")) for n in (1, 2)]
        newcomers = [stack.enter_context(Person(url, f"127.0.2.{n + 1}")) for n in range(16)]
        with all_at_work([Work(lambda bot=bot: bot.sign_up(taken), 0.05) for bot in bots]) as works:
            wait_until(lambda: len(answers_of(works)) > 40, 60)
            told = at_once([newcomer.sign_up for newcomer in newcomers])
    return Counter(answers_of(works)), told


@pytest.mark.whole
def test_taken_emails_posted_by_two_addresses_keep_no_newcomer_out(hall, people):
    (taken,) = people(1)
    bots, told = sign_ups_beside_a_taken_email(hall(**FEW), taken)
    assert told == [303] * 16
    assert set(bots) <= {422, 429}


def test_tries_that_are_counted_for_all_keep_newcomers_out(hall, people):
    (taken,) = people(1)
    bots, told = sign_ups_beside_a_taken_email(hall(COUNTS_TRIES, **FEW), taken)
    assert 429 in told, ("the control", bots)
