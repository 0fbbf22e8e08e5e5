"""The judge of a rehearsal sees every kind of broken promise, and none where all was kept."""

import pytest

from tests.load.rehearsal.ledger import Ledger
from tests.load.rehearsal.verdict import judge

CAPACITY = 10
EMAIL = "asha@example.com"


@pytest.fixture
def ledger():
    """Three orders: one booked, one booked and given back, one refused."""
    ledger = Ledger()
    ledger.booked(ledger.asked(EMAIL, 4), 1)
    returned = ledger.asked(EMAIL, 2)
    ledger.booked(returned, 2)
    ledger.asks_back(returned, 0)
    ledger.gave_back(returned, 0)
    ledger.refused(ledger.asked(EMAIL, 9))
    return ledger


def row(booking_id, seats, status="CONFIRMED", email=EMAIL):
    facts = {"booking_id": booking_id, "reference": f"BOOKING{booking_id:05}"}
    return {**facts, "seats": seats, "status": status, "user_email": email}


TRUE = [row(1, 4), row(2, 2, "CANCELLED")]


def only_sentence(verdict):
    assert not verdict.good
    (sentence,) = verdict.broken
    return sentence


def test_where_every_promise_was_kept_nothing_is_broken(ledger):
    verdict = judge(ledger, CAPACITY, 6, TRUE)
    assert verdict.good
    assert verdict.line == "oversold: 0 stranded: 0 errors: 0"


def test_more_seats_sold_than_there_are_is_oversold(ledger):
    verdict = judge(ledger, 3, 0, TRUE)
    assert (verdict.oversold, verdict.stranded, verdict.errors) == (1, 0, 0)
    assert "oversold" in only_sentence(verdict)


@pytest.mark.parametrize(("left", "unsold"), [(5, 0), (6, 1)])
def test_a_seat_that_is_neither_sold_nor_to_be_had_is_stranded(ledger, left, unsold):
    verdict = judge(ledger, CAPACITY, left, TRUE, unsold)
    assert (verdict.oversold, verdict.stranded, verdict.errors) == (0, 1, 0)
    assert "stranded" in only_sentence(verdict)


def test_seats_held_back_are_neither_stranded_nor_for_sale(ledger):
    assert judge(ledger, CAPACITY, 2, TRUE, held=4).good
    assert judge(ledger, CAPACITY, 2, TRUE, held=3).stranded == 1
    assert judge(ledger, CAPACITY, 0, TRUE, held=7).oversold == 1
    assert not judge(ledger, CAPACITY, 3, TRUE, held=4).good


@pytest.mark.parametrize(
    ("rows", "left", "said"),
    [
        ([TRUE[1]], 10, "is not there: booking 1"),
        ([row(1, 4, email="bina@example.com"), TRUE[1]], 6, "is not there: booking 1"),
        ([TRUE[0], row(2, 2)], 4, "still stands: booking 2"),
        ([row(1, 4, "CANCELLED"), TRUE[1]], 10, "nobody gave back: booking 1"),
        ([row(1, 3), TRUE[1]], 7, "has 3 seats, and was told 4"),
        ([*TRUE, row(3, 1)], 5, "nobody was told of booking 3"),
        ([*TRUE, row(3, 1, "CANCELLED")], 6, "nobody was told of booking 3"),
        (TRUE, 7, "7 seats are for sale, though 4 of 10 are sold"),
    ],
)
def test_what_was_told_and_is_not_so_is_an_error(ledger, rows, left, said):
    verdict = judge(ledger, CAPACITY, left, rows)
    assert said in only_sentence(verdict)
    assert verdict.line == "oversold: 0 stranded: 0 errors: 1"


def test_a_guest_knows_a_booking_by_its_reference():
    ledger = Ledger()
    ledger.booked(ledger.asked(EMAIL, 4), "BOOKING00001")
    assert judge(ledger, CAPACITY, 6, TRUE[:1]).good
    assert "is not there: booking BOOKING00001" in judge(ledger, CAPACITY, 10, []).broken[0]


def test_one_key_that_was_booked_twice_is_an_error(ledger):
    ledger.booked(ledger.orders[0], 5)
    verdict = judge(ledger, CAPACITY, 2, [*TRUE, row(5, 4)])
    assert any("booked twice: bookings 1 and 5" in sentence for sentence in verdict.broken)


def test_an_order_whose_answer_never_came_may_have_been_booked_once(ledger):
    ledger.asked(EMAIL, 1)
    assert judge(ledger, CAPACITY, 5, [*TRUE, row(3, 1)]).good
    assert not judge(ledger, CAPACITY, 4, [*TRUE, row(3, 1), row(4, 1)]).good


def test_a_part_that_was_given_back_is_kept_as_a_cancelled_booking(ledger):
    first = ledger.orders[0]
    ledger.asks_back(first, 3)
    ledger.gave_back(first, 3)
    assert judge(ledger, CAPACITY, 7, [row(1, 3), TRUE[1], row(3, 1, "CANCELLED")]).good


def test_every_answer_that_was_none_is_counted(ledger):
    for _ in range(3):
        ledger.wrong("book (API): 500")
    verdict = judge(ledger, CAPACITY, 6, TRUE)
    assert only_sentence(verdict) == "book (API): 500 (3 times)"
    assert verdict.errors == 3


def test_a_rehearsal_that_sold_nothing_has_shown_nothing():
    assert "nothing was sold" in only_sentence(judge(Ledger(), CAPACITY, CAPACITY, []))
