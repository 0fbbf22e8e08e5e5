"""Payments, expiry and orders meet at reserved seats: each seat is one person's at every moment."""

from threading import Barrier

import psycopg
import pytest

from app.booking import late_payments, reservations
from app.booking.desk import BookingDesk
from app.booking.orders import Booked
from app.db import transaction
from app.errors import NotEnoughSeats
from app.models.columns import now
from app.services import bookings
from app.services.reservations import expire
from tests.support.servers import wait_until
from tests.support.sums import assert_seats_add_up, seats_left, seats_sold

STATUSES = "SELECT status, count(*) FROM bookings GROUP BY status ORDER BY status"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
NAIVE_EXPIRY = "UPDATE bookings SET status = 'EXPIRED' WHERE id = %s"


@pytest.fixture
def event(make_event):
    return make_event(capacity=12, price_minor=500, payment_minutes=15)


@pytest.fixture
def reserved(app, desk, event, make_user):
    """Twelve reservations of a seat each."""
    with app.app_context():
        facts = {"event_id": event.id, "seats": 1}
        return [bookings.book(desk, user_id=make_user().id, **facts).booking for _ in range(12)]


def let_end(sql, desk, event):
    sql("UPDATE bookings SET reserved_until = now() - interval '1 s' WHERE status = 'RESERVED'")
    sql("UPDATE events SET next_expiry_at = now() - interval '2 s'")
    desk.gate.forget([event.id])


def pay(booking_id):
    with transaction() as session:
        return reservations.confirm(session, [booking_id], now())


def pay_late(desk, event_id, booking_id):
    with desk.changing(event_id) as changes:
        event = changes.event(event_id)
        return late_payments.take_anew(changes.session, event, [booking_id], now())


def test_each_reservation_is_paid_or_ended_and_never_both(
    race, desk, event, reserved, make_user, sql
):
    """Six payments, two workers and an order that lacks seats, all at once."""
    for _ in range(4):
        let_end(sql, desk, event)
        waiting = [id for (id,) in sql("SELECT id FROM bookings WHERE status = 'RESERVED'")]
        desks = [BookingDesk(desk.gate) for _ in range(3)]
        user = make_user()
        facts = {"user_id": user.id, "event_id": event.id, "seats": 1}
        answers = race(
            [
                *((pay, (id,), {}) for id in waiting[:6]),
                *((expire, (event.id, each), {}) for each in desks[:2]),
                *((bookings.book, (desks[2],), facts) for _ in range(4)),
            ]
        )
        paid = sum(answer is True for answer in answers)
        booked = [answer for answer in answers if isinstance(answer, Booked)]
        assert not [
            one
            for one in answers
            if isinstance(one, Exception) and not isinstance(one, NotEnoughSeats)
        ]
        assert paid + len(booked) <= 12
        assert_seats_add_up(sql)
    counted = dict(sql(STATUSES))
    assert counted["CONFIRMED"] >= 1
    assert counted["EXPIRED"] >= 6
    assert seats_sold(sql, event) + seats_left(sql, event) == 12


def test_an_expiry_that_only_looked_before_ends_what_was_paid_meanwhile(
    url, app, event, reserved, sql
):
    """The control: read, think, write."""
    booking = reserved[0]
    with psycopg.connect(url) as worker:
        (status,) = worker.execute(
            "SELECT status FROM bookings WHERE id = %s", [booking.id]
        ).fetchone()
        assert status == "RESERVED"
        with app.app_context():
            assert pay(booking.id)
        # The constraint of the database has the last word here: it was paid, so it has no deadline.
        with pytest.raises(psycopg.errors.CheckViolation):
            worker.execute(NAIVE_EXPIRY, [booking.id])
        worker.rollback()
        worker.execute("ALTER TABLE bookings DROP CONSTRAINT ck_bookings_reserved_until_paid")
        worker.execute(NAIVE_EXPIRY, [booking.id])
        worker.execute(
            "UPDATE events SET seats_available = seats_available + 1 WHERE id = %s", [event.id]
        )
        lost = worker.execute("SELECT status FROM bookings WHERE id = %s", [booking.id])
        assert lost.fetchone() == ("EXPIRED",)
        worker.rollback()


def let_somebody_wait(sql):
    wait_until(lambda: sql(WAITING) != [(0,)], 10)


def test_an_expiry_waits_for_the_payment_under_way_and_leaves_what_it_paid(
    event, reserved, race, sql, desk
):
    """Whoever has the booking's row first decides."""
    booking, together = reserved[0], Barrier(2)
    let_end(sql, desk, event)

    def pay_slowly():
        with transaction() as session:
            paid = reservations.confirm(session, [booking.id], now())
            together.wait(10)
            let_somebody_wait(sql)
        return paid

    def end_then():
        together.wait(10)
        expire(event.id, desk)

    paid, ended = race([(pay_slowly, (), {}), (end_then, (), {})])
    assert (paid, ended) == (True, None)
    assert dict(sql(STATUSES)) == {"CONFIRMED": 1, "EXPIRED": 11}
    assert seats_left(sql, event) == 11


def test_a_payment_waits_for_the_expiry_under_way_and_finds_it_done(
    event, reserved, race, sql, desk
):
    booking, together = reserved[0], Barrier(2)
    let_end(sql, desk, event)

    def end_slowly():
        with desk.changing(event.id):
            together.wait(10)
            let_somebody_wait(sql)

    def pay_then():
        together.wait(10)
        return pay(booking.id)

    ended, paid = race([(end_slowly, (), {}), (pay_then, (), {})])
    assert (ended, paid) == (None, False)
    assert dict(sql(STATUSES)) == {"EXPIRED": 12}


def test_late_payments_share_out_the_seats_that_are_left(
    race, desk, event, reserved, make_user, sql
):
    let_end(sql, desk, event)
    race([(expire, (event.id, desk), {})])
    desks = [BookingDesk(desk.gate) for _ in range(4)]
    facts = {"user_id": make_user().id, "event_id": event.id, "seats": 2}
    answers = race(
        [
            *(
                (pay_late, (desks[number % 3], event.id, booking.id), {})
                for number, booking in enumerate(reserved)
            ),
            *((bookings.book, (desks[3],), facts) for _ in range(3)),
        ]
    )
    late = sum(answer is True for answer in answers)
    booked = sum(isinstance(answer, Booked) for answer in answers)
    assert late + 2 * booked <= 12
    assert seats_left(sql, event) == 12 - late - 2 * booked
    assert seats_left(sql, event) < 2
    assert_seats_add_up(sql)


def test_one_late_payment_many_times_takes_seats_once(race, desk, event, reserved, sql):
    let_end(sql, desk, event)
    race([(expire, (event.id, desk), {})])
    desks = [BookingDesk(desk.gate) for _ in range(4)]
    answers = race([(pay_late, (each, event.id, reserved[0].id), {}) for each in desks])
    assert sorted(answers) == [False, False, False, True]
    assert seats_left(sql, event) == 11
