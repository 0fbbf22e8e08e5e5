"""What a booking is to its guest follows from its own status and from what became of its event."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select

from app.db import db
from app.errors import EventCancelled
from app.models import Booking, BookingState
from app.models.columns import now
from app.services import account_deletion, bookings, events
from app.services.booking_search import BookingQuery, count_bookings, owed_by_currency
from app.services.user_bookings import Tab, list_tab

DAY = timedelta(days=1)


def state_of(booking):
    return bookings.get_booking(booking.id).state


@pytest.mark.long
def test_the_row_and_the_query_name_the_same_state(make_event, make_booking, sql):
    kinds = product(("published", "cancelled", "draft"), (None, 0, 1), (False, True), (False, True))
    at = now()
    for status, deleted, cancelled, part in kinds:
        event = make_event(
            status=status, deleted_at=None if deleted is None else at + deleted * DAY
        )
        booking = make_booking(event)
        if cancelled:
            sql(
                "UPDATE bookings SET status = 'CANCELLED', cancelled_at = %s WHERE id = %s",
                at,
                booking.id,
            )
        if part:
            sql("UPDATE bookings SET part_of = id WHERE id = %s", booking.id)
    for status, event_status in product(("RESERVED", "EXPIRED"), ("published", "cancelled")):
        waits = make_booking(make_event(status=event_status))
        sql(
            "UPDATE bookings SET status = %s, reserved_until = %s WHERE id = %s",
            *(status, at, waits.id),
        )
    moved = make_booking(make_event())
    sql("UPDATE bookings SET status = 'GIVEN_AWAY' WHERE id = %s", moved.id)
    rows = db.session.execute(select(Booking.id, Booking.state).join(Booking.event)).all()
    assert len(rows) == 41
    found = {(bookings.get_booking(row[0]).state.value, row[1]) for row in rows}
    assert found == {(state.value, state.value) for state in BookingState}


def test_a_cancelled_event_marks_its_bookings_and_one_that_takes_place_after_all_unmarks_them(
    desk, make_event, make_booking
):
    event = make_event()
    stands, gone = make_booking(event), make_booking(event)
    bookings.cancel(desk, gone.id)
    for status, state in (("cancelled", "EVENT_CANCELLED"), ("published", "CONFIRMED")):
        events.update_event(event.id, {"status": status}, desk)
        assert (state_of(stands), state_of(gone)) == (state, "CANCELLED")
        assert bookings.get_booking(stands.id).status == "CONFIRMED"


def test_a_deleted_event_marks_what_stood_and_not_what_was_given_back(
    desk, make_event, make_booking
):
    event = make_event()
    stands, gone, partly = make_booking(event), make_booking(event), make_booking(event, seats=2)
    bookings.cancel(desk, gone.id)
    bookings.cancel(desk, partly.id, keep=1)
    events.delete_event(event.id, desk, force=True)
    assert state_of(stands) == state_of(partly) == "EVENT_CANCELLED"
    assert state_of(gone) == "CANCELLED"
    counts = count_bookings(BookingQuery())
    assert counts == {
        "": 4, "RESERVED": 0, "CONFIRMED": 0, "EXPIRED": 0,
        "EVENT_CANCELLED": 2, "CANCELLED": 1, "GIVEN_BACK": 1,
        "GIVEN_AWAY": 0,
    }  # fmt: skip


def test_a_guest_of_a_cancelled_event_keeps_the_claim_and_an_organiser_may_give_back(
    desk, make_event, make_booking, make_user, invariants
):
    event, guest = make_event(status="cancelled"), make_user()
    booking = make_booking(event, user=guest)
    with pytest.raises(EventCancelled):
        bookings.cancel(desk, booking.id, by_user=guest.id)
    assert state_of(booking) == "EVENT_CANCELLED"
    bookings.cancel(desk, booking.id, organiser=True)
    assert state_of(booking) == "CANCELLED"


def test_what_is_owed_is_summed_by_currency(desk, make_event, make_booking):
    rupees, yen = make_event(capacity=9), make_event(currency="JPY")
    make_booking(rupees, seats=2, price_minor=50000)
    make_booking(rupees, seats=1, price_minor=40000)
    make_booking(rupees, seats=1)
    back = make_booking(rupees, seats=3, price_minor=50000)
    bookings.cancel(desk, back.id, keep=1)
    make_booking(yen, seats=2, price_minor=1000)
    assert owed_by_currency(BookingQuery()) == {}
    for event in (rupees, yen):
        events.update_event(event.id, {"status": "cancelled"}, desk)
    assert owed_by_currency(BookingQuery()) == {"INR": 190000, "JPY": 2000}
    assert owed_by_currency(BookingQuery(event_id=yen.id)) == {"JPY": 2000}
    events.update_event(rupees.id, {"status": "published"}, desk)
    assert owed_by_currency(BookingQuery()) == {"JPY": 2000}


@pytest.mark.parametrize(
    ("status", "starts", "owed"),
    [("published", DAY, True), ("published", -DAY, False), ("cancelled", -DAY, True)],
)
def test_an_event_deleted_after_it_took_place_owes_nothing(
    desk, make_event, make_booking, status, starts, owed
):
    event = make_event(start_at=now() + starts, status=status)
    booking = make_booking(event, price_minor=500)
    events.delete_event(event.id, desk, force=True)
    assert owed_by_currency(BookingQuery()) == ({"INR": 500} if owed else {})
    assert bookings.get_booking(booking.id).is_owed == owed
    state = "EVENT_CANCELLED" if owed else "CONFIRMED"
    assert state_of(booking) == state
    assert count_bookings(BookingQuery())[state] == 1
    tab = Tab.CANCELLED if owed else Tab.PAST
    assert [b.id for b in list_tab(booking.user_id, tab, limit=5)[0].items] == [booking.id]


def test_who_leaves_keeps_the_claim_on_a_cancelled_event(
    desk, make_event, make_booking, make_user, invariants
):
    guest = make_user(password="correct horse battery")
    make_booking(make_event(status="cancelled"), user=guest, price_minor=500)
    assert account_deletion.delete_account(guest.id, "correct horse battery", desk) == 0
    assert owed_by_currency(BookingQuery()) == {"INR": 500}
