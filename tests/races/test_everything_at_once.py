"""All that people do at the pages, beside programs and organisers, on a site of two processes."""

from threading import Event

import pytest

from tests.races.people import (
    Guest,
    Newcomer,
    Organiser,
    Program,
    all_at_once,
    check_told,
)
from tests.support.site import WITHOUT_LIMITS, Site
from tests.support.sums import assert_seats_add_up

SECONDS = 8
CANCELLED = "SELECT count(*) FROM bookings WHERE status = 'CANCELLED'"
CROWD = [Guest] * 6 + [Program] * 4 + [Organiser] * 2 + [Newcomer]


@pytest.fixture(scope="module")
def busy_site(migrated_app, settings, folder):
    rules = {"WEB_CONCURRENCY": "2", "SIGN_UP": "open", **WITHOUT_LIMITS}
    with Site(settings, folder / "busy", **rules) as site:
        yield site


def test_a_sign_up_that_is_open_without_mail_is_said_at_the_start(busy_site):
    assert "SIGN_UP=open without MAIL_URL: sign-up tells who has" in busy_site.log.read_text()


@pytest.fixture
def crowd(clean, busy_site, make_event, sql):
    """What everybody did and was told, when it is over."""
    here, over = [make_event(capacity=60) for _ in range(3)], Event()
    people = [kind(busy_site, here, seed, over) for seed, kind in enumerate(CROWD)]
    all_at_once(people, SECONDS, over, lambda: have_shown_something(people, sql))
    return people


def of(people, *kinds):
    return [person for person in people if isinstance(person, kinds)]


def have_shown_something(people, sql):
    """Whether all of it was really done."""
    for kind in (Guest, Program, Organiser):
        success = ("POST", 201 if kind is Program else 303)
        if sum(person.statuses[success] for person in of(people, kind)) <= 10:
            return False
    by_organisers = any(organiser.cancelled for organiser in of(people, Organiser))
    return by_organisers and sql(CANCELLED)[0][0] > 5


def test_pages_programs_and_organisers_at_once_keep_every_promise(crowd, sql, invariants):
    assert [surprise for person in crowd for surprise in person.surprises] == []
    assert_seats_add_up(sql)
    buyers, organisers = of(crowd, Guest, Program), of(crowd, Organiser)
    by_organisers = set().union(*(organiser.cancelled for organiser in organisers))
    check_told(buyers, by_organisers, sql)
    names = dict(sql("SELECT email, name FROM users"))
    for guest in of(crowd, Guest):
        assert names[guest.email] == guest.name
    for newcomer in of(crowd, Newcomer):
        assert newcomer.made <= names.keys()
    told = [(type(person).__name__, person.statuses) for person in crowd]
    assert have_shown_something(crowd, sql), told


@pytest.mark.parametrize(
    "lie",
    [
        "UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE id = %s",
        "UPDATE bookings SET seats = seats + 1 WHERE id = %s",
        "DELETE FROM bookings WHERE id = %s",
    ],
)
def test_a_booking_that_is_not_as_it_was_told_is_found_out(make_event, make_booking, sql, lie):
    class Told:
        told = {make_booking(make_event(), seats=2).id: 2}

    check_told([Told], set(), sql)
    sql(lie, next(iter(Told.told)))
    with pytest.raises(AssertionError):
        check_told([Told], set(), sql)
