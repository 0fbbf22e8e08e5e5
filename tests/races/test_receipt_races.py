"""Receipts that several issue at once, of whom some fail: no number is left out or given twice."""

from itertools import count

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.models import Receipt
from app.models.columns import now
from app.services import bookings, receipt_issuing, receipt_numbers, receipts
from app.services.receipt_numbers import Numbers

PAYMENTS, EACH, AT_ONCE = 24, 3, 6


class Fails(Exception):
    """What happens to a process between a number and its COMMIT."""


@pytest.fixture
def paid(make_event, make_booking, make_user, factories, sql):
    """Bookings that are paid, of two users."""
    event = make_event(price_minor=25_000, payment_minutes=15, capacity=2 * PAYMENTS)
    users = [make_user(), make_user()]
    made = [make_booking(event, users[n % 2], price_minor=25_000) for n in range(PAYMENTS)]
    for booking in made:
        factories.payment(booking)
    return made


@pytest.fixture
def failing(monkeypatch):
    """Let each third transaction fail after it has numbered its receipts."""
    calls, plain = count(1), receipt_issuing._no_longer

    def fail(session, *args, **values):
        session.flush()
        session.execute(text("SELECT pg_sleep(0.01)"))
        if next(calls) % 3 == 0:
            raise Fails
        plain(session, *args, **values)

    monkeypatch.setattr(receipt_issuing, "_no_longer", fail)


def issue():
    """As several workers do, again after each failure."""
    while True:
        try:
            if not receipt_issuing.issue_due(EACH):
                return
        except Fails:
            continue


def look(booking_id):
    """As a buyer who is quicker than the workers."""
    while True:
        try:
            return [one.name for one in receipts.receipts_of(bookings.get_booking(booking_id))]
        except Fails:
            continue


def numbered_after_a_look(session, kind, wanted, settings):
    """As one would write it who reads the last number first."""
    last = session.scalar(select(func.coalesce(func.max(Receipt.number), 0)))
    at = now()
    name = receipt_numbers.series_of(kind, at, settings)
    session.execute(
        text("INSERT INTO receipt_series VALUES (:name, 0, now()) ON CONFLICT DO NOTHING"),
        {"name": name},
    )
    return Numbers(name, last + 1, at)


def test_numbers_have_no_gap_and_are_in_order_of_time(race, paid, failing, sql):
    answers = race(
        [(issue, (), {})] * AT_ONCE + [(look, (booking.id,), {}) for booking in paid[:AT_ONCE]]
    )
    assert not [one for one in answers if isinstance(one, Exception)]
    found = sql("SELECT number, issued_at FROM receipts ORDER BY number")
    assert [number for number, _at in found] == list(range(1, PAYMENTS + 1))
    assert [at for _number, at in found] == sorted(at for _number, at in found)
    assert sql("SELECT count(DISTINCT payment_id) FROM receipts") == [(PAYMENTS,)]
    assert all(len(one) == 1 for one in answers if isinstance(one, list))


def test_whoever_reads_the_last_number_first_gives_it_twice(race, paid, failing, monkeypatch):
    monkeypatch.setattr(receipt_numbers, "take", numbered_after_a_look)
    answers = race([(issue, (), {})] * AT_ONCE)
    assert any(isinstance(one, IntegrityError) for one in answers)
