"""The gate's keys in Redis: whose word wins, and what a claim may take."""

import time

import pytest
from redis.crc import key_slot

from app.booking.gate import ASK_AGAIN_AFTER, Verdict, tokens_key, version_key
from app.booking.orders import Order, SeatSnapshot
from app.errors import DatabaseDown, NotEnoughSeats, SalesClosed
from app.services import bookings, events
from tests.support.servers import wait_until
from tests.support.sums import seats_left

TOKENS = tokens_key(7)


def snapshot(seats, version, incarnation=11):
    return SeatSnapshot(event_id=7, seats=seats, version=version, incarnation=incarnation, at=0.0)


def order(seats, key=None):
    return Order(1, 7, seats, key, key)


def test_the_tokens_are_the_plain_number_that_operators_know(desk, redis):
    desk.gate.publish([snapshot(5, version=1)])
    assert redis.get("event:7:tokens") == "5"
    assert desk.gate.tokens([7]) == [b"5"]


def test_a_newer_version_wins(desk, redis):
    desk.gate.publish([snapshot(5, version=1), snapshot(3, version=2)])
    assert redis.get(TOKENS) == "3"


def test_an_older_version_loses(desk, redis):
    desk.gate.publish([snapshot(3, version=10), snapshot(5, version=9)])
    assert redis.get(TOKENS) == "3"


def test_the_same_version_again_puts_damaged_tokens_right(desk, redis):
    desk.gate.publish([snapshot(3, version=2)])
    redis.set(TOKENS, 999)
    desk.gate.publish([snapshot(3, version=2)])
    assert redis.get(TOKENS) == "3"


def test_a_restored_or_recreated_event_is_not_held_to_the_versions_of_another(desk, redis):
    desk.gate.publish(
        [snapshot(0, version=900, incarnation=11), snapshot(5, version=1, incarnation=12)]
    )
    assert redis.get(TOKENS) == "5"


@pytest.mark.parametrize("rubbish", ["x", "11:", ":5", "11:x", "900", ""])
def test_a_damaged_version_stops_nobody_from_publishing(desk, redis, rubbish):
    redis.set(version_key(7), rubbish)
    desk.gate.publish([snapshot(5, version=1)])
    assert redis.get(TOKENS) == "5"


def test_both_keys_share_a_slot_and_disappear_by_themselves(desk, redis):
    desk.gate.publish([snapshot(5, version=1)])
    keys = [tokens_key(7), version_key(7)]
    assert len({key_slot(key.encode()) for key in keys}) == 1
    assert all(0 < redis.ttl(key) <= 24 * 3600 for key in keys)


def test_a_batch_is_granted_in_turn_as_far_as_the_tokens_go(desk, redis):
    redis.set(TOKENS, 5)
    verdicts = desk.gate.claim([order(3), order(3), order(2), order(1)])
    granted, insufficient = Verdict.GRANTED, Verdict.INSUFFICIENT
    assert verdicts == [granted, insufficient, granted, insufficient]
    assert redis.get(TOKENS) == "0"


def test_tokens_that_were_never_published_are_missing(desk, redis):
    assert desk.gate.claim([order(1)]) == [Verdict.MISSING]
    assert redis.keys() == []


def test_sold_out_is_answered_without_the_database_while_the_look_is_fresh(
    desk, book, make_user, make_event, sql
):
    user, event = make_user(), make_event(capacity=1)
    book(desk, user, event)
    sql("BEGIN")
    sql("SELECT 1 FROM events FOR UPDATE")
    try:
        with pytest.raises(NotEnoughSeats) as refusal:
            book(desk, user, event)
    finally:
        sql("ROLLBACK")
    assert refusal.value.left == 0


def test_an_order_with_a_key_is_never_refused_by_the_gate(desk, book, make_user, make_event):
    user, event = make_user(), make_event(capacity=1)
    first = book(desk, user, event, key="k-1")
    assert book(desk, user, event, key="k-1").booking.id == first.booking.id


@pytest.mark.long
def test_a_seat_freed_behind_the_gates_back_is_sold_in_the_end(
    desk, book, make_user, make_event, make_booking, sql
):
    user, event = make_user(), make_event(capacity=1)
    booking = book(desk, user, event).booking
    with pytest.raises(NotEnoughSeats):
        book(desk, user, event)
    # As another server would whose word never reached Redis.
    sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE id = %s", booking.id)
    sql("UPDATE events SET seats_available = 1, version = version + 1")

    def sold():
        try:
            return book(desk, user, event)
        except NotEnoughSeats:
            return None

    wait_until(sold)
    assert seats_left(sql, event) == 0


def test_a_cancellation_tells_every_other_server_within_a_hundredth_of_a_second(
    desk, desk_at, redis_url, book, make_user, make_event
):
    user, event, elsewhere = make_user(), make_event(capacity=1), desk_at(redis_url, 1000)
    booking = book(desk, user, event).booking
    with pytest.raises(NotEnoughSeats):
        book(desk, user, event)
    bookings.cancel(elsewhere, booking.id)
    time.sleep(ASK_AGAIN_AFTER)
    assert book(desk, user, event)


def test_a_raised_capacity_tells_every_other_server_within_a_hundredth_of_a_second(
    desk, desk_at, redis_url, book, make_user, make_event
):
    user, event, elsewhere = make_user(), make_event(capacity=1), desk_at(redis_url, 1000)
    book(desk, user, event)
    with pytest.raises(NotEnoughSeats):
        book(desk, user, event)
    events.update_event(event.id, {"capacity": 2}, elsewhere)
    time.sleep(ASK_AGAIN_AFTER)
    assert book(desk, user, event)


def test_tokens_of_an_event_that_is_cancelled_sell_nothing(
    desk, book, make_user, make_event, redis
):
    event = make_event(status="cancelled")
    redis.set(tokens_key(event.id), 99)
    with pytest.raises(SalesClosed):
        book(desk, make_user(), event)


@pytest.mark.parametrize("tokens", ["0", "5"])
def test_without_the_database_the_answer_is_down_and_never_sold_out(
    desk, make_app, redis, book, make_user, make_event, tokens
):
    user, event = make_user(), make_event()
    redis.set(tokens_key(event.id), tokens)
    app = make_app(database_url="postgresql+psycopg://postgres@/utsavam?host=/nowhere")
    with app.app_context(), pytest.raises(DatabaseDown):
        book(desk, user, event)
