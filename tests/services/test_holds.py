"""Seats held back by name, and bookings that staff issues from them."""

import pytest

from app.booking.issues import Issue
from app.errors import (
    EventNotFound,
    HoldNotFound,
    IdempotencyKeyReused,
    InvalidField,
    NotEnoughHeld,
    NotEnoughSeats,
    OverPersonLimit,
    SalesClosed,
    VersionConflict,
)
from app.operations.reconcile import reconcile
from app.services import account_deletion, audit, bookings, events, holds, issues

pytestmark = pytest.mark.usefixtures("invariants")
GUEST = {"email": "guest@example.com", "name": "Guest"}


def issue(desk, event, **wanted):
    return issues.issue(desk, event.id, Issue(**{**GUEST, "seats": 1, **wanted}))


def figures(event):
    found = holds.list_holds(event.id)
    named = {hold.name: hold.seats_left for hold in found.holds}
    return found.event.seats_available, found.event.seats_held, found.unnamed, named


def test_a_hold_takes_its_seats_from_those_on_sale(desk, make_event):
    event = make_event(capacity=10)
    holds.add_hold(event.id, "Sponsor", 4, desk)
    assert figures(event) == (6, 4, 0, {"Sponsor": 4})


def test_a_hold_may_name_seats_that_are_held_back_already(desk, make_event):
    event = make_event(capacity=10)
    events.hold_seats(event.id, 5, desk, seen=0)
    holds.add_hold(event.id, "Band", 3, desk, from_held=True)
    assert figures(event) == (5, 5, 2, {"Band": 3})
    with pytest.raises(InvalidField, match="at most 2"):
        holds.add_hold(event.id, "Press", 3, desk, from_held=True)


def test_a_hold_is_resized_renamed_and_released(desk, make_event):
    event = make_event(capacity=10)
    hold = holds.add_hold(event.id, "Sponsor", 4, desk)
    holds.change_hold(event.id, hold.id, desk, seats=6, seen=4)
    assert figures(event) == (4, 6, 0, {"Sponsor": 6})
    holds.change_hold(event.id, hold.id, desk, name="Main sponsor", seats=1)
    assert figures(event) == (9, 1, 0, {"Main sponsor": 1})
    holds.release_hold(event.id, hold.id, desk, seen=1)
    assert figures(event) == (10, 0, 0, {})


def test_no_hold_takes_more_than_there_is(desk, make_event, make_booking):
    event = make_event(capacity=10)
    make_booking(event, seats=7)
    with pytest.raises(InvalidField, match="at most 3"):
        holds.add_hold(event.id, "Sponsor", 4, desk)
    hold = holds.add_hold(event.id, "Sponsor", 2, desk)
    with pytest.raises(InvalidField, match="at most 3"):
        holds.change_hold(event.id, hold.id, desk, seats=4)
    assert figures(event) == (1, 2, 0, {"Sponsor": 2})


def test_a_name_is_used_once_in_an_event(desk, make_event):
    event, other = make_event(capacity=10), make_event(capacity=10)
    holds.add_hold(event.id, "Sponsor", 1, desk)
    holds.add_hold(other.id, "sponsor", 1, desk)
    band = holds.add_hold(event.id, "Band", 1, desk)
    with pytest.raises(InvalidField, match="another hold's"):
        holds.add_hold(event.id, "SPONSOR", 1, desk)
    with pytest.raises(InvalidField, match="another hold's"):
        holds.change_hold(event.id, band.id, desk, name="sponsor")
    with pytest.raises(HoldNotFound):
        holds.change_hold(other.id, band.id, desk, seats=0)


def test_what_somebody_changed_meanwhile_is_not_changed_again(desk, make_event):
    event = make_event(capacity=10)
    hold = holds.add_hold(event.id, "Sponsor", 4, desk)
    issue(desk, event, hold_id=hold.id, free=True)
    with pytest.raises(VersionConflict):
        holds.change_hold(event.id, hold.id, desk, seats=6, seen=4)
    with pytest.raises(VersionConflict):
        holds.release_hold(event.id, hold.id, desk, seen=4)
    assert figures(event) == (6, 3, 0, {"Sponsor": 3})


def test_the_single_number_is_the_total_and_spares_named_holds(desk, make_event):
    event = make_event(capacity=10)
    holds.add_hold(event.id, "Sponsor", 4, desk)
    events.hold_seats(event.id, 7, desk, seen=4)
    assert figures(event) == (3, 7, 3, {"Sponsor": 4})
    with pytest.raises(InvalidField, match="4 at least"):
        events.hold_seats(event.id, 3, desk, seen=7)
    assert events.hold_seats(event.id, 4, desk, seen=7).seats_available == 6


def test_what_the_version_before_released_of_named_holds_is_told_by_reconcile(
    app, desk, make_event, sql
):
    """While web processes are replaced, one that knows no names may release too many."""

    event = make_event(capacity=10)
    hold = holds.add_hold(event.id, "Sponsor", 4, desk)
    sql("UPDATE events SET seats_held = 2, seats_available = 8")
    (found,) = reconcile(desk.gate).broken
    assert (found.seats_named, found.seats_held) == (4, 2)
    holds.change_hold(event.id, hold.id, desk, seats=2)
    assert figures(event)[1:] == (0, 0, {"Sponsor": 2})
    sql("UPDATE holds SET seats_left = 0")


def test_seats_issued_from_a_hold_leave_those_on_sale_alone(desk, make_event, sql):
    event = make_event(capacity=10, price_minor=50_000)
    hold = holds.add_hold(event.id, "Sponsor", 4, desk)
    booked = issue(desk, event, seats=3, hold_id=hold.id, free=True)
    assert figures(event) == (6, 1, 0, {"Sponsor": 1})
    found = bookings.get_booking(booked.booking.id)
    assert (found.price_minor, found.issued_for, found.user.email) == (
        0,
        "Sponsor",
        "guest@example.com",
    )
    with pytest.raises(NotEnoughHeld) as refusal:
        issue(desk, event, seats=2, hold_id=hold.id, free=True)
    assert refusal.value.left == 1


def test_seats_without_a_name_are_issued_to_somebody_who_is_named(desk, make_event):
    event = make_event(capacity=10, price_minor=50_000)
    events.hold_seats(event.id, 2, desk, seen=0)
    with pytest.raises(InvalidField, match="who the seats are for"):
        issue(desk, event, from_held=True)
    booked = issue(desk, event, from_held=True, issued_for="The mayor")
    assert figures(event) == (8, 1, 1, {})
    assert bookings.get_booking(booked.booking.id).price_minor == 50_000


def test_seats_on_sale_may_be_issued_past_the_limit_per_person(desk, make_event):
    event = make_event(capacity=10, max_per_person=2)
    with pytest.raises(OverPersonLimit):
        issue(desk, event, seats=3, free=True, issued_for="The band")
    issue(desk, event, seats=3, past_limit=True, issued_for="The band")
    assert figures(event) == (7, 0, 0, {})
    with pytest.raises(NotEnoughSeats):
        issue(desk, event, seats=8, past_limit=True, issued_for="The band")


def test_held_and_free_seats_are_issued_while_nothing_is_on_sale(desk, make_event):
    event = make_event(capacity=10, sales_paused=True)
    with pytest.raises(SalesClosed):
        issue(desk, event)
    issue(desk, event, free=True, issued_for="Press")
    cancelled = make_event(status="cancelled")
    with pytest.raises(SalesClosed):
        issue(desk, cancelled, free=True, issued_for="Press")


def test_a_refused_guest_leaves_nothing_behind(desk, make_event, sql):
    event = make_event(capacity=1)
    with pytest.raises(NotEnoughSeats):
        issue(desk, event, seats=2)
    with pytest.raises(EventNotFound):
        issues.issue(desk, event.id + 1, Issue(**GUEST, seats=1))
    assert sql("SELECT count(*) FROM users") == [(0,)]


def test_the_same_click_twice_issues_once(desk, make_event):
    event, other = make_event(capacity=10), make_event(capacity=10)
    hold = holds.add_hold(event.id, "Sponsor", 4, desk)
    wanted = {"seats": 2, "hold_id": hold.id, "free": True, "idempotency_key": "click-once"}
    first, again = issue(desk, event, **wanted), issue(desk, event, **wanted)
    assert again.replayed
    assert again.booking == first.booking
    assert figures(event) == (6, 2, 0, {"Sponsor": 2})
    with pytest.raises(IdempotencyKeyReused):
        issue(desk, event, **{**wanted, "seats": 1})
    with pytest.raises(IdempotencyKeyReused):
        issue(desk, other, seats=2, idempotency_key="click-once")


def test_what_an_issued_booking_gives_back_goes_on_sale_and_keeps_its_note(desk, make_event, sql):
    event = make_event(capacity=10)
    hold = holds.add_hold(event.id, "Sponsor", 4, desk)
    booked = issue(desk, event, seats=4, hold_id=hold.id, free=True)
    bookings.cancel(desk, booked.booking.id, keep=1, organiser=True)
    assert figures(event) == (9, 0, 0, {"Sponsor": 0})
    assert sql("SELECT DISTINCT issued_for FROM bookings") == [("Sponsor",)]


def test_a_deleted_event_has_no_holds_and_a_copy_begins_without(desk, make_event, sql):
    event = make_event(capacity=10)
    holds.add_hold(event.id, "Sponsor", 4, desk)
    copy = events.duplicate_event(event.id, "Copy", desk)
    assert figures(copy) == (10, 0, 0, {})
    events.delete_event(event.id, desk)
    assert sql("SELECT count(*) FROM holds") == [(0,)]


def test_a_deleted_account_leaves_no_note_of_whom_its_seats_were_for(
    desk, make_event, make_user, sql
):
    user = make_user(email=GUEST["email"], password="correct horse battery")
    event = make_event(cancel_until=make_event().created_at)
    issue(desk, event, free=True, issued_for="Asha of the band")
    account_deletion.delete_account(user.id, "correct horse battery", desk)
    assert sql("SELECT issued_for FROM bookings") == [(None,)]


def test_what_staff_does_with_holds_is_recorded(desk, make_event):
    event = make_event(capacity=10)
    audit.act_as("asha")
    hold = holds.add_hold(event.id, "Sponsor", 4, desk)
    holds.change_hold(event.id, hold.id, desk, seats=5)
    issue(desk, event, hold_id=hold.id, free=True)
    holds.release_hold(event.id, hold.id, desk)
    found = [(entry.action, entry.after or entry.before) for entry in audit.list_entries().items]
    assert found[::-1] == [
        ("hold.added", {"hold": "Sponsor", "seats": 4}),
        ("hold.changed", {"hold": "Sponsor", "seats": 5}),
        (
            "booking.issued",
            {
                **{"seats": 1, "email": "guest@example.com", "issued_for": "Sponsor"},
                **{"free": True, "past_limit": False, "hold": "Sponsor"},
            },
        ),
        ("hold.released", {"hold": "Sponsor", "seats": 4}),
    ]
