"""Seats that wait for their payment: reserved by the desk, confirmed by the payment, or expired."""

import time
from datetime import timedelta

import pytest

from app.booking import late_payments, reservations
from app.booking.orders import Item, Order
from app.db import transaction
from app.errors import NotEnoughSeats, OverPersonLimit
from app.models import Booking, BookingState
from app.models.columns import now
from app.services import bookings
from tests.support.expiry import expire_due
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")
MINUTES = 15


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def paid_event(make_event):
    """An event whose seats cost something, and are reserved until they are paid."""

    def make(**facts):
        return make_event(**{"price_minor": 25_000, "payment_minutes": MINUTES, **facts})

    return make


@pytest.fixture
def ended(sql, desk):
    """Let the reservations' time be over, as if it had passed."""

    def end(*booked):
        for one in booked:
            sql(
                "UPDATE bookings SET reserved_until = now() - interval '1 s' WHERE id = %s",
                one.booking.id,
            )
            sql(
                "UPDATE events SET next_expiry_at = now() - interval '2 s' WHERE id = %s",
                one.booking.event_id,
            )
            # More than a second ago, so that no look at the row proves it sold out any more.
            desk.gate.forget([one.booking.event_id])

    return end


def statuses(sql):
    return [status for (status,) in sql("SELECT status FROM bookings ORDER BY id")]


def confirm(*booked):
    with transaction() as session:
        return reservations.confirm(session, [one.booking.id for one in booked], now())


def test_a_paid_seat_is_reserved_and_taken_from_what_is_left(
    desk, book, make_user, paid_event, sql
):
    event = paid_event()
    before = now()
    booking = book(desk, make_user(), event, seats=2).booking
    assert (booking.status, seats_left(sql, event)) == ("RESERVED", 3)
    assert timedelta(minutes=MINUTES) <= booking.reserved_until - before
    kept = sql("SELECT status, reserved_until, price_minor FROM bookings")
    assert kept == [("RESERVED", booking.reserved_until, 25_000)]
    assert sql("SELECT next_expiry_at FROM events") == [(booking.reserved_until,)]


@pytest.mark.parametrize(
    "facts", [{"price_minor": 0}, {"payment_minutes": None}], ids=["free", "at the door"]
)
def test_a_seat_that_is_not_paid_first_is_confirmed_at_once(
    desk, book, make_user, paid_event, sql, facts
):
    booking = book(desk, make_user(), paid_event(**facts)).booking
    assert (booking.status, booking.reserved_until) == ("CONFIRMED", None)
    assert sql("SELECT status, reserved_until FROM bookings") == [("CONFIRMED", None)]
    assert sql("SELECT next_expiry_at FROM events") == [(None,)]


def test_one_batch_reserves_and_confirms_each_as_its_event_says(
    desk, make_user, make_event, paid_event, sql
):
    free, paid = make_event(), paid_event()
    user = make_user()
    outcomes = desk.settle([Order(user.id, event.id, 1) for event in (free, paid, free, paid)])
    assert [one.booking.status for one in outcomes] == ["CONFIRMED", "RESERVED"] * 2
    assert statuses(sql) == ["CONFIRMED", "RESERVED"] * 2


def test_a_guest_s_seat_is_reserved_too(desk, app, paid_event, sql):
    event = paid_event()
    facts = {"email": "asha@example.com", "name": "Asha", "event_id": event.id, "seats": 1}
    booking = bookings.book_as_guest(desk, **facts).booking
    assert booking.status == "RESERVED"
    assert statuses(sql) == ["RESERVED"]


def test_an_order_of_several_types_waits_as_a_whole_if_one_of_them_costs_something(
    desk, book, make_user, paid_event, factories, sql
):
    event = paid_event(price_minor=0, capacity=20)
    types = factories.ticket_types(event, {"name": "VIP", "price_minor": 2_000, "quota": 10})
    items = [Item(types["General"].id, 1), Item(types["VIP"].id, 2)]
    facts = {"user_id": make_user().id, "event_id": event.id}
    booked = bookings.book(desk, **facts, seats=3, items=items)
    assert [one.status for one in booked.bookings] == ["RESERVED", "RESERVED"]
    assert len({one.reserved_until for one in booked.bookings}) == 1
    free = bookings.book(desk, **facts, seats=1, items=[Item(types["General"].id, 1)])
    assert free.booking.status == "CONFIRMED"


def test_reserved_seats_count_for_the_limit_per_person(desk, book, make_user, paid_event):
    user, event = make_user(), paid_event(max_per_person=2)
    book(desk, user, event, seats=2)
    with pytest.raises(OverPersonLimit):
        book(desk, user, event)


def test_who_pays_in_time_is_confirmed_and_no_counter_changes(
    desk, book, make_user, paid_event, sql
):
    event = paid_event()
    booked = book(desk, make_user(), event, seats=2)
    version = sql("SELECT version FROM events")
    assert confirm(booked)
    assert sql("SELECT status, reserved_until FROM bookings") == [("CONFIRMED", None)]
    assert (seats_left(sql, event), sql("SELECT version FROM events")) == (3, version)


def test_a_payment_after_the_deadline_confirms_what_nobody_has_ended_yet(
    desk, book, make_user, paid_event, ended, sql
):
    booked = book(desk, make_user(), paid_event())
    ended(booked)
    assert confirm(booked)
    assert expire_due(desk) == 1
    assert statuses(sql) == ["CONFIRMED"]


def test_who_does_not_pay_in_time_loses_the_seats(desk, book, make_user, paid_event, ended, sql):
    event = paid_event()
    first, second = book(desk, make_user(), event, seats=2), book(desk, make_user(), event)
    ended(first)
    assert expire_due(desk) == 1
    assert statuses(sql) == ["EXPIRED", "RESERVED"]
    assert seats_left(sql, event) == 4
    # The next one to end is known.
    assert sql("SELECT next_expiry_at FROM events") == [(second.booking.reserved_until,)]
    assert expire_due(desk) == 0


def test_expiry_is_published_so_that_pages_show_the_seats(
    desk, book, make_user, paid_event, ended, app
):
    event = paid_event(capacity=1)
    booked = book(desk, make_user(), event)
    assert desk.gate.tokens([event.id]) == [b"0"]
    ended(booked)
    expire_due(desk)
    assert desk.gate.tokens([event.id]) == [b"1"]


def test_an_order_that_would_lack_seats_gets_those_whose_time_is_over_without_a_worker(
    desk, book, make_user, paid_event, ended, sql
):
    event = paid_event(capacity=3)
    first = book(desk, make_user(), event, seats=2)
    ended(first)
    assert book(desk, make_user(), event, seats=3).booking.status == "RESERVED"
    assert (statuses(sql), seats_left(sql, event)) == (["EXPIRED", "RESERVED"], 0)


def test_seats_are_sold_again_at_once_when_their_time_is_over_however_fresh_the_look(
    desk, book, make_user, paid_event, sql
):
    """A look at the row proves "sold out" no longer than its reservations last."""
    event = paid_event(capacity=1)
    booking = book(desk, make_user(), event).booking
    soon = now() + timedelta(seconds=0.4)
    sql("UPDATE bookings SET reserved_until = %s", soon)
    sql("UPDATE events SET next_expiry_at = %s", soon)
    desk.gate.forget([event.id])
    with pytest.raises(NotEnoughSeats):
        book(desk, make_user(), event)
    assert desk.gate.snapshot(event.id).seats == 0
    time.sleep(max((soon - now()).total_seconds(), 0))
    again = book(desk, make_user(), event).booking
    assert again.id > booking.id
    assert statuses(sql) == ["EXPIRED", "RESERVED"]


def test_an_order_that_lacks_none_ends_no_reservation(
    desk, book, make_user, paid_event, ended, sql
):
    """That is the worker's: it would be a statement more for each turn."""
    event = paid_event(capacity=3)
    first = book(desk, make_user(), event, seats=2)
    ended(first)
    book(desk, make_user(), event, seats=1)
    assert statuses(sql) == ["RESERVED", "RESERVED"]


def test_seats_whose_time_is_not_over_are_not_sold_again(desk, book, make_user, paid_event, sql):
    event = paid_event(capacity=1)
    book(desk, make_user(), event)
    with pytest.raises(NotEnoughSeats):
        book(desk, make_user(), event)
    assert statuses(sql) == ["RESERVED"]


def test_seats_of_ticket_types_go_back_to_their_quotas(
    desk, make_user, paid_event, factories, ended, sql
):
    event = paid_event(capacity=20)
    types = factories.ticket_types(event, {"name": "VIP", "price_minor": 2_000, "quota": 2})
    vip, general = types["VIP"].id, types["General"].id
    facts = {"event_id": event.id, "user_id": make_user().id}
    first = bookings.book(desk, **facts, seats=3, items=[Item(vip, 2), Item(general, 1)])
    bookings.book(desk, **facts, seats=1, items=[Item(general, 1)])
    sql("UPDATE bookings SET reserved_until = now() - interval '1 s' WHERE seats > 0 AND id <> 3")
    ended(first)
    again = bookings.book(desk, **facts, seats=2, items=[Item(vip, 2)])
    assert again.booking.status == "RESERVED"
    assert sql("SELECT name, taken FROM ticket_types ORDER BY name")[-1] == ("VIP", 2)


def test_a_repeated_request_is_answered_what_became_of_its_reservation(
    desk, book, make_user, paid_event, ended
):
    user, event = make_user(), paid_event()
    first = book(desk, user, event, key="k-1")
    again = book(desk, user, event, key="k-1")
    assert (again.replayed, again.booking.status) == (True, "RESERVED")
    ended(first)
    expire_due(desk)
    assert book(desk, user, event, key="k-1").booking.status == "EXPIRED"


def test_a_reservation_is_cancelled_by_its_guest_as_a_whole(desk, book, make_user, paid_event, sql):
    user, event = make_user(), paid_event()
    booked = book(desk, user, event, seats=2)
    bookings.cancel(desk, booked.booking.id, by_user=user.id)
    assert (statuses(sql), seats_left(sql, event)) == (["CANCELLED"], 5)
    assert not confirm(booked)


class TestMoneyThatComesTooLate:
    """Of a reservation that has expired."""

    def late(self, desk, *booked):
        with desk.changing(booked[0].booking.event_id) as changes:
            event = changes.event(booked[0].booking.event_id)
            ids = [one.id for each in booked for one in each.bookings]
            return late_payments.take_anew(changes.session, event, ids, now())

    def test_it_gets_its_seats_if_there_are_any_at_the_price_of_then(
        self, desk, book, make_user, paid_event, ended, sql
    ):
        event = paid_event()
        booked = book(desk, make_user(), event, seats=2)
        ended(booked)
        expire_due(desk)
        sql("UPDATE events SET price_minor = 99999")
        assert not confirm(booked)
        assert self.late(desk, booked)
        assert sql("SELECT status, price_minor FROM bookings") == [("CONFIRMED", 25_000)]
        assert seats_left(sql, event) == 3

    def test_it_gets_none_if_there_are_too_few(self, desk, book, make_user, paid_event, ended, sql):
        event = paid_event(capacity=2)
        booked = book(desk, make_user(), event, seats=2)
        ended(booked)
        expire_due(desk)
        book(desk, make_user(), event)
        assert not self.late(desk, booked)
        assert (statuses(sql), seats_left(sql, event)) == (["EXPIRED", "RESERVED"], 1)

    def test_of_several_types_it_gets_all_or_none(
        self, desk, make_user, paid_event, factories, ended, sql
    ):
        event = paid_event(capacity=20)
        types = factories.ticket_types(event, {"name": "VIP", "price_minor": 2_000, "quota": 2})
        facts = {"event_id": event.id, "user_id": make_user().id}
        items = [Item(types["VIP"].id, 2), Item(types["General"].id, 1)]
        booked = bookings.book(desk, **facts, seats=3, items=items)
        sql("UPDATE bookings SET reserved_until = now() - interval '1 s'")
        ended(booked)
        expire_due(desk)
        other = bookings.book(desk, **facts, seats=1, items=[Item(types["VIP"].id, 1)])
        assert not self.late(desk, booked)
        assert statuses(sql) == ["EXPIRED", "EXPIRED", "RESERVED"]
        bookings.cancel(desk, other.booking.id)
        assert self.late(desk, booked)
        assert statuses(sql) == ["CONFIRMED", "CONFIRMED", "CANCELLED"]

    @pytest.mark.parametrize("fate", ["cancelled", "over"])
    def test_an_event_that_does_not_take_place_any_more_gives_none(
        self, desk, book, make_user, paid_event, ended, sql, fate
    ):
        booked = book(desk, make_user(), paid_event())
        ended(booked)
        expire_due(desk)
        sql(
            "UPDATE events SET status = 'cancelled'"
            if fate == "cancelled"
            else "UPDATE events SET start_at = now() - interval '9 h'"
        )
        assert not self.late(desk, booked)
        assert statuses(sql) == ["EXPIRED"]

    def test_what_is_confirmed_already_is_not_confirmed_again(
        self, desk, book, make_user, paid_event
    ):
        booked = book(desk, make_user(), paid_event())
        assert confirm(booked)
        assert not confirm(booked)
        assert not self.late(desk, booked)


def test_reservations_of_a_cancelled_event_end_with_it_and_nothing_is_owed(
    desk, app, book, make_user, paid_event, sql
):
    from app.services import events

    event = paid_event()
    paid, unpaid = book(desk, make_user(), event), book(desk, make_user(), event)
    confirm(paid)
    events.update_event(event.id, {"status": "cancelled"}, desk)
    assert statuses(sql) == ["CONFIRMED", "EXPIRED"]
    states = {one.id: (one.state, one.is_owed) for one in _all_with_events()}
    assert states[paid.booking.id] == (BookingState.EVENT_CANCELLED, True)
    assert states[unpaid.booking.id] == (BookingState.EXPIRED, False)


def test_reservations_of_a_deleted_event_end_with_it(desk, book, make_user, paid_event, sql):
    from app.services import events

    event = paid_event()
    paid, _unpaid = book(desk, make_user(), event), book(desk, make_user(), event)
    confirm(paid)
    events.delete_event(event.id, desk, force=True)
    assert statuses(sql) == ["CANCELLED", "EXPIRED"]


def _all_with_events():
    from sqlalchemy import select
    from sqlalchemy.orm import joinedload

    from app.db import db

    return db.session.scalars(select(Booking).options(joinedload(Booking.event))).all()
