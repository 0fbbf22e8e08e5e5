"""A thousand people load pages, or fifty a second sign in: bookings go on, and nobody is left with
a broken page."""

import pytest

from app.db import transaction
from app.models import User
from app.services import accounts
from tests.overload.crowd import Phase, play
from tests.overload.visitors import SignedIn, programs, signing_in
from tests.support.site import WITHOUT_LIMITS, Site

# Speed under load is measured by `make bench`; these hold it to bounds, beside their controls.
pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("invariants")]
PASSWORD = "correct horse battery"
BUYERS = 64
ALONE, CROWDED = Phase(["buyers"], 1), Phase(["buyers", "readers"], 2)
BOOKED, HALF = {"api": "201", "page": "303"}, 0.5
SLOW = 0.5
"""Seconds: what a booking may take beside sign-ins on a machine that has nothing else to do."""
TRIES = 3
"""Measurements, on a machine with other work that comes and goes; one that is good is enough."""
ALL_PAGES, ALL_PASSWORDS = (
    f"tests.overload.all_at_once:{name}()" for name in ("pages", "passwords")
)


@pytest.fixture
def hall(clean, settings, folder):
    def serve(entry="wsgi:app"):
        place = folder / f"crowded-{entry[-8:]}"
        return Site(settings, place, entry, REDIS_TIMEOUT_MS="1000", **WITHOUT_LIMITS)

    return serve


def beside_readers(people, site, way, event, user):
    """What buyers and readers were told beside each other, and the speed of the buyers beside the
    readers, as a part of that alone (before and after: the machine may have other work)."""
    by_api = way == "api"
    buyers = programs(event, user, BUYERS) if by_api else people.buyers(event, BUYERS)
    crowds = {"buyers": buyers, "readers": people.readers(event)}
    before, crowded, after = play(site.url, crowds, [ALONE, CROWDED, ALONE])
    rates = [told["buyers"].per_second(BOOKED[way]) for told in (before, crowded, after)]
    print(f"{way}: {rates[0]:.0f}, {rates[1]:.0f} and {rates[2]:.0f} bookings a second")
    print(*(f"{name}: {told.line}" for name, told in crowded.items()), sep="\n")
    return crowded, 2 * rates[1] / (rates[0] + rates[2])


def test_bookings_keep_half_their_speed_beside_a_thousand_people_who_load_pages(
    app, hall, make_event, make_user
):
    """By API and by page; the thousand sign in once for both."""
    user = make_user()
    with hall() as site:
        people = SignedIn(app, site)
        for way, booked in BOOKED.items():
            event = make_event(capacity=1_000_000)
            for _ in range(TRIES):
                crowded, kept = beside_readers(people, site, way, event, user)
                if kept >= HALF:
                    break
            assert kept >= HALF, way
            check_answers(crowded["buyers"], crowded["readers"], booked)


def check_answers(buyers, readers, booked):
    assert set(buyers.statuses) <= {booked, "503"}
    assert set(readers.statuses) <= {"200", "503"}
    assert readers.statuses["200"]
    assert all("\nRefresh: " in told for told in readers.examples("503"))


@pytest.mark.parametrize("way", BOOKED)
def test_pages_that_are_begun_as_they_come_take_their_speed_from_bookings(
    app, hall, make_event, make_user, way
):
    event, user = make_event(capacity=1_000_000), make_user()
    with hall(ALL_PAGES) as site:
        _crowded, kept = beside_readers(SignedIn(app, site), site, way, event, user)
    assert kept < HALF, "the control"


@pytest.fixture
def emails(app):
    known = accounts._hasher.hash(PASSWORD)
    emails = [f"person{n}@example.com" for n in range(400)]
    with app.app_context(), transaction() as session:
        session.add_all(User(email=email, password_hash=known) for email in emails)
    return emails


def slow(calm):
    """Seconds: the 99th percentile that bookings may have, if they had this one by themselves."""
    return max(SLOW, 4 * calm.p99)


def beside_sign_ins(app, site, event, user, emails):
    crowds = {
        "buyers": programs(event, user, 16, rate=100),
        "people": signing_in(app, site, emails, PASSWORD, rate=50),
    }
    alone = Phase(["buyers"], 1)
    crowded = Phase(["buyers", "people"], 3)
    calm, busy = play(site.url, crowds, [alone, crowded])
    print(f"alone: {calm['buyers'].line}", *(f"{n}: {told.line}" for n, told in busy.items()))
    return calm["buyers"], busy["buyers"], busy["people"]


def test_bookings_stay_quick_while_fifty_people_a_second_sign_in(
    app, hall, make_event, make_user, emails
):
    event, user = make_event(capacity=1_000_000), make_user()
    with hall() as site:
        for _ in range(TRIES):
            calm, busy, people = beside_sign_ins(app, site, event, user, emails)
            if busy.p99 < slow(calm):
                break
    assert busy.p99 < slow(calm)
    assert set(calm.statuses) == set(busy.statuses) == {"201"}
    assert set(people.statuses) <= {"303", "503"}


def test_passwords_that_are_hashed_as_they_come_hold_bookings_up(
    app, hall, make_event, make_user, emails
):
    event, user = make_event(capacity=1_000_000), make_user()
    with hall(ALL_PASSWORDS) as site:
        calm, busy, _people = beside_sign_ins(app, site, event, user, emails)
    assert busy.p99 > slow(calm), "the control"
