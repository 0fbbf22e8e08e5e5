"""Who booked and did not come: only once the event has begun, by name, page by page."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.db import transaction
from app.errors import EventNotFound, InvalidField
from app.models import Event
from app.models.columns import now
from app.models.staff_scope import UNLIMITED, StaffScope, act_within
from app.services import bookings, check_ins, no_shows
from app.services.check_ins import Scan

pytestmark = pytest.mark.usefixtures("clean", "asha")
NAMES = ["Zoë", "arun", "Élodie", "Edith", "మీరా", "Arjun", "Östen"]
IN_ORDER = ["Arjun", "arun", "Edith", "Élodie", "Östen", "Zoë", "మీరా"]


@pytest.fixture
def event(make_event):
    return make_event(start_at=now() - timedelta(hours=1), capacity=50)


@pytest.fixture
def made(event, make_booking, make_user):
    return {name: make_booking(event, make_user(name=name), seats=2) for name in NAMES}


@pytest.fixture
def come(event):
    def come(booking, seats=2):
        check_ins.check_in(event.id, Scan(uuid4(), booking.reference, seats=seats))

    return come


def names_in(found):
    return [booking.user.name for booking in found.page.items]


def test_who_has_not_come_is_listed_by_name(event, made, come):
    come(made["Edith"])
    come(made["Zoë"], seats=1)
    found = no_shows.list_no_shows(event.id)
    assert names_in(found) == [name for name in IN_ORDER if name not in ("Edith", "Zoë")]
    assert (found.begun, found.bookings, found.seats, found.seats_missing) == (True, 5, 10, 1)


def test_page_after_page_lists_each_once_though_some_come_meanwhile(event, made, come):
    first = no_shows.list_no_shows(event.id, limit=3)
    assert names_in(first) == IN_ORDER[:3]
    come(made["Edith"])
    come(made["Élodie"])
    second = no_shows.list_no_shows(event.id, limit=3, after=first.page.next_cursor)
    assert names_in(second) == IN_ORDER[4:]
    assert second.page.next_cursor is None


def test_before_it_begins_nobody_is_missed(event, made):
    with transaction() as session:
        session.get_one(Event, event.id).start_at = now() + timedelta(hours=1)
    found = no_shows.list_no_shows(event.id)
    assert (found.begun, names_in(found), found.bookings, found.seats) == (False, [], 7, 14)


def test_who_gave_the_seats_back_is_not_missed(event, made, desk):
    bookings.cancel(desk, made["Zoë"].id, organiser=True)
    bookings.cancel(desk, made["arun"].id, organiser=True, keep=1)
    found = no_shows.list_no_shows(event.id)
    assert "Zoë" not in names_in(found)
    assert (found.bookings, found.seats) == (6, 11)


def test_a_cursor_of_another_listing_is_refused(event, made, make_booking, make_event):
    other = make_booking(make_event())
    for cursor in ("x", no_shows.encode_cursor(other.id)):
        with pytest.raises(InvalidField, match="cursor"):
            no_shows.list_no_shows(event.id, after=cursor)


def test_a_key_sees_those_of_its_events_alone(event, make_event):
    act_within(StaffScope(frozenset({make_event().id}), emails=False))
    try:
        with pytest.raises(EventNotFound):
            no_shows.list_no_shows(event.id)
    finally:
        act_within(UNLIMITED)
