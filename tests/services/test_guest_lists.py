"""The list that a door keeps: all of it in pages, then what has changed."""

import base64
import hashlib
import json
from types import SimpleNamespace
from uuid import uuid4

import pytest

from app.errors import EventNotFound, InvalidField
from app.models.staff_scope import StaffScope, act_within
from app.services import bookings, check_ins, gifts, guest_lists, ticket_types
from app.services.check_ins import Scan

pytestmark = pytest.mark.usefixtures("invariants", "clean", "asha")


@pytest.fixture
def event(make_event):
    return make_event(name="Onam", capacity=500)


@pytest.fixture
def few_on_a_page(monkeypatch):
    monkeypatch.setattr(guest_lists, "PAGE", 2)


def scan(booking, seat, **facts):
    facts = {"id": uuid4(), "code": f"{booking.reference}-{seat}", "door": "East", **facts}
    return check_ins.check_in(booking.event_id, Scan(**facts))


def by_booking(part):
    guests = json.loads(f"[{part.guests}]", object_hook=lambda facts: SimpleNamespace(**facts))
    return {guest.booking_id: guest for guest in guests}


def whole(event):
    """All guests by booking, and the cursor from which changes are read."""
    found, cursor, is_last = {}, None, False
    while not is_last:
        part = guest_lists.read(event.id, cursor)
        found |= by_booking(part)
        cursor, is_last = part.cursor, part.is_last
    return found, cursor


def test_a_list_has_who_takes_seats_and_who_is_in(event, make_booking, make_user):
    booking = make_booking(event, make_user(name="Meena"), seats=3)
    scan(booking, 2)
    guests, _cursor = whole(event)
    guest = guests[booking.id]
    assert (guest.name, guest.seats) == ("Meena", 3)
    digest = hashlib.sha256(booking.reference.encode()).digest()[:9]
    assert guest.reference_hash == base64.urlsafe_b64encode(digest).decode()
    (seat,) = guest.seats_in
    assert (seat.seat, seat.door, seat.actor) == (2, "East", "Asha")


def test_an_event_without_bookings_has_an_empty_list(event):
    part = guest_lists.read(event.id)
    assert (part.guests, part.is_last) == ("", True)


@pytest.mark.usefixtures("few_on_a_page")
def test_a_long_list_comes_in_pages(event, make_booking):
    made = {make_booking(event).id for _ in range(5)}
    first = guest_lists.read(event.id)
    assert len(by_booking(first)) == 2
    assert not first.is_last
    assert set(whole(event)[0]) == made


@pytest.mark.usefixtures("few_on_a_page")
def test_who_is_admitted_while_the_list_is_read_is_in_it(event, make_booking):
    made = [make_booking(event) for _ in range(4)]
    part = guest_lists.read(event.id)
    scan(made[0], 1)
    told = {}
    while not part.is_last:
        part = guest_lists.read(event.id, part.cursor)
        told |= by_booking(part)
    assert [seat.seat for seat in told[made[0].id].seats_in] == [1]


def changes(event, cursor):
    return by_booking(guest_lists.read(event.id, cursor))


def test_a_booking_made_since_is_a_change(event, make_booking):
    _guests, cursor = whole(event)
    booking = make_booking(event, seats=2)
    assert changes(event, cursor)[booking.id].seats == 2


def test_a_scan_and_its_undo_are_changes(event, make_booking):
    booking = make_booking(event, seats=2)
    _guests, cursor = whole(event)
    told = scan(booking, 2)
    assert [one.seat for one in changes(event, cursor)[booking.id].seats_in] == [2]
    check_ins.undo(event.id, told.check_in.id, undo_id=uuid4())
    assert not changes(event, cursor)[booking.id].seats_in


def test_seats_given_back_are_changes(app, event, make_booking):
    booking = make_booking(event, seats=3)
    _guests, cursor = whole(event)
    bookings.cancel(app.extensions["desk"], booking.id, organiser=True, keep=1)
    change = changes(event, cursor)[booking.id]
    assert (change.seats, change.left) == (1, 2)
    bookings.cancel(app.extensions["desk"], booking.id, organiser=True)
    change = changes(event, cursor)[booking.id]
    assert (change.seats, change.left) == (0, 3)
    assert whole(event)[0] == {booking.id: change}


def test_a_seat_given_to_a_friend_is_a_change_of_both_bookings(app, event, make_booking):
    booking, desk = make_booking(event, seats=3), app.extensions["desk"]
    _guests, cursor = whole(event)
    gift = gifts.give(desk, booking.id)
    told = changes(event, cursor)
    assert (told[booking.id].seats, told[booking.id].left) == (2, 1)
    assert told[gift.booking_id].seats == 1
    gifts.take_back(desk, booking.id, gift.booking_id)
    told = changes(event, cursor)
    assert (told[booking.id].seats, told[gift.booking_id].seats) == (3, 0)


def test_a_renamed_type_is_told_without_its_guests(app, event, factories, make_booking):
    booking = make_booking(event)
    _guests, cursor = whole(event)
    types, desk = factories.ticket_types(event, {"name": "VIP"}), app.extensions["desk"]
    ticket_types.change_type(event.id, types["VIP"].id, {"name": "Front rows"}, desk)
    told = guest_lists.read(event.id, cursor)
    assert by_booking(told).get(booking.id) is None
    named = {one["name"]: (one["id"], one["is_default"]) for one in told.ticket_types}
    assert named == {
        "General": (types["General"].id, True),
        "Front rows": (types["VIP"].id, False),
    }


def test_what_nobody_touches_is_told_no_more(sql, event, make_booking):
    booking = make_booking(event)
    scan(booking, 1)
    sql("UPDATE check_ins SET received_at = received_at - interval '1 minute'")
    _guests, cursor = whole(event)
    assert not changes(event, cursor)


def test_a_conflict_is_told_with_who_was_in_before(event, make_booking, make_user):
    booking = make_booking(event, make_user(name="Meena"))
    _guests, cursor = whole(event)
    scan(booking, 1, door="West")
    late = scan(booking, 1, let_in=1)
    (conflict,) = guest_lists.read(event.id, cursor).conflicts
    assert (conflict.check_in.id, conflict.guest["name"]) == (late.check_in.id, "Meena")
    assert [seat["door"] for seat in conflict.guest["seats_in"]] == ["West"]
    assert [one.id for one in guest_lists.list_conflicts(event.id, 10)] == [late.check_in.id]


@pytest.mark.parametrize("cursor", ["x", "", "MXx4", "eHwyMDI2LTAxLTAx", "MXwyMDI2LTAxLTAx"])
def test_a_cursor_that_is_none_is_refused(event, cursor):
    with pytest.raises(InvalidField) as refused:
        guest_lists.read(event.id, cursor)
    assert refused.value.field == "after"


def test_another_events_list_is_not_for_a_volunteer(event, make_event):
    act_within(StaffScope(events=frozenset({make_event().id}), emails=False))
    try:
        for ask in (guest_lists.read, lambda id: guest_lists.list_conflicts(id, 10)):
            with pytest.raises(EventNotFound):
                ask(event.id)
    finally:
        act_within(StaffScope())
