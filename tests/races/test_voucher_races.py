"""Many people press with one code, or draw on one hold, at once."""

from collections import Counter
from dataclasses import replace
from random import Random
from threading import Lock

import pytest
from sqlalchemy import select

from app.booking import queries, voucher_queries
from app.booking.desk import BookingDesk
from app.booking.orders import Booked
from app.errors import NotEnoughSeats, UtsavamError, VoucherUsedUp
from app.models import Voucher
from app.services import bookings
from app.services.reservations import expire
from tests.support.sums import assert_seats_add_up, seats_left

USED = "SELECT used FROM vouchers ORDER BY id"
PRESSES = 24


@pytest.fixture
def event(make_event):
    return make_event(capacity=60)


@pytest.fixture
def each_desk(desk):
    """A desk as another process has it: its turns are transactions of their own."""
    return lambda: BookingDesk(desk.gate)


def order(desk, user, event, voucher, seats=1, **facts):
    code = voucher and voucher.code
    facts |= {"user_id": user.id, "event_id": event.id, "seats": seats, "code": code}
    return (bookings.book, (desk,), facts)


def counts(answers):
    return Counter(type(answer) for answer in answers)


def test_vouchers_read_before_the_lock_are_used_too_often(
    monkeypatch, race, each_desk, make_user, event, factories, sql
):
    """The control: what the locking statement itself would see of them is older than the lock."""
    seen, guard = {}, Lock()
    lock_rows, read = queries.lock_rows, voucher_queries.read

    def looked_first(session, event_ids):
        used = dict(session.execute(select(Voucher.id, Voucher.used)).all())
        found = lock_rows(session, event_ids)
        with guard:
            seen[id(session)] = used
        return found

    def as_seen(session, codes):
        return [replace(one, used=seen[id(session)][one.id]) for one in read(session, codes)]

    monkeypatch.setattr(queries, "lock_rows", looked_first)
    monkeypatch.setattr(voucher_queries, "read", as_seen)
    user, voucher = make_user(), factories.voucher(event, max_uses=40)
    for _ in range(5):
        race([order(each_desk(), user, event, voucher) for _ in range(8)])
    with pytest.raises(AssertionError, match="used of 40"):
        assert_seats_add_up(sql)


def test_a_code_is_used_exactly_as_often_as_it_may(
    race, each_desk, make_user, event, factories, sql, invariants
):
    voucher, users = factories.voucher(event, max_uses=7), [make_user() for _ in range(PRESSES)]
    answers = race([order(each_desk(), user, event, voucher) for user in users])
    assert counts(answers) == {Booked: 7, VoucherUsedUp: PRESSES - 7}
    assert (sql(USED), seats_left(sql, event)) == ([(7,)], 53)


def test_codes_and_plain_orders_share_the_last_seats(
    race, each_desk, make_user, make_event, factories, sql, invariants
):
    event = make_event(capacity=10)
    voucher, users = factories.voucher(event, max_uses=6), [make_user() for _ in range(PRESSES)]
    calls = [
        order(each_desk(), user, event, voucher if number % 2 else None)
        for number, user in enumerate(users)
    ]
    answers = counts(race(calls))
    assert answers[Booked] == 10
    assert set(answers) <= {Booked, NotEnoughSeats, VoucherUsedUp}
    assert seats_left(sql, event) == 0


def test_a_hold_is_drawn_to_its_last_seat_by_several_codes(
    race, each_desk, make_user, event, factories, sql, invariants
):
    hold = factories.hold(event, "Fan club", seats=9)
    codes = [factories.voucher(event, max_uses=99, hold_id=hold.id) for _ in range(3)]
    user = make_user()
    calls = [order(each_desk(), user, event, codes[n % 3]) for n in range(PRESSES)]
    assert counts(race(calls)) == {Booked: 9, NotEnoughSeats: PRESSES - 9}
    assert sql("SELECT seats_held, seats_available FROM events") == [(0, 51)]
    assert sql("SELECT seats_left FROM holds") == [(0,)]


def test_cancelling_and_using_at_once_count_every_use(
    race, each_desk, make_user, event, factories, sql, invariants
):
    random, users = Random(5), [make_user() for _ in range(5)]
    hold = factories.hold(event, "Fan club", seats=12)
    codes = [
        factories.voucher(event, max_uses=3),
        factories.voucher(event, max_uses=2, price_effect="fixed_price", price_value=1),
        factories.voucher(event, max_uses=9, hold_id=hold.id),
    ]
    made = []
    for _ in range(6):
        calls = [order(each_desk(), user, event, random.choice(codes), 2) for user in users]
        for booking in made[:4]:
            keep = {"keep": random.choice((0, 1))}
            calls.append((bookings.cancel, (each_desk(), booking.id), keep))
        random.shuffle(calls)
        answers = race(calls)
        errors = [one for one in answers if isinstance(one, Exception)]
        assert all(isinstance(one, UtsavamError) for one in errors), errors
        made += [answer.booking for answer in answers if isinstance(answer, Booked)]
        random.shuffle(made)
        assert_seats_add_up(sql)


def test_expiry_and_orders_at_once_use_a_code_no_further(
    race, each_desk, make_user, make_event, factories, sql, invariants
):
    """The seats and the uses of what is not paid in time are had again, by one of those who ask."""
    event = make_event(capacity=60, price_minor=500, payment_minutes=15)
    voucher, users = factories.voucher(event, max_uses=4), [make_user() for _ in range(12)]
    for _ in range(3):
        sql("UPDATE bookings SET reserved_until = now() - interval '1 s' WHERE status = 'RESERVED'")
        sql("UPDATE events SET next_expiry_at = now() - interval '1 s'")
        calls = [order(each_desk(), user, event, voucher) for user in users]
        calls[3:3] = calls[8:8] = [(expire, (event.id, each_desk()), {})]
        answers = [one for one in race(calls) if one is not None]
        assert counts(answers) == {Booked: 4, VoucherUsedUp: 8}
        assert_seats_add_up(sql)
    assert seats_left(sql, event) == 56


def test_one_key_pressed_many_times_is_one_use(
    race, each_desk, make_user, event, factories, sql, invariants
):
    voucher, user = factories.voucher(event, max_uses=9), make_user()
    again = [order(each_desk(), user, event, voucher, idempotency_key="k") for _ in range(12)]
    assert counts(race(again)) == {Booked: 12}
    assert sql(USED) == [(1,)]
