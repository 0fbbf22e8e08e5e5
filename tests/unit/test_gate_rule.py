"""The rule of one second: how long a look at the row proves that too few seats are left."""

import pytest

from app.booking.gate import proves_sold_out
from app.booking.orders import SeatSnapshot


def look(seats, at=100.0, **facts):
    return SeatSnapshot(event_id=7, seats=seats, version=3, incarnation=11, at=at, **facts)


@pytest.mark.parametrize("at", [100.0, 100.5, 101.0])
def test_a_fresh_look_that_saw_too_few_seats_is_believed(at):
    assert proves_sold_out(look(seats=1), 2, at)
    assert proves_sold_out(look(seats=0), 1, at)


@pytest.mark.parametrize("at", [101.001, 102.0, 1e9])
def test_an_old_look_is_not_believed(at):
    assert not proves_sold_out(look(seats=0), 1, at)


@pytest.mark.parametrize("seats", [2, 3, 1000])
def test_a_look_that_saw_enough_seats_proves_nothing(seats):
    assert not proves_sold_out(look(seats), 2, 100.0)


@pytest.mark.parametrize(("at", "believed"), [(100.2, True), (100.3, False), (100.9, False)])
def test_a_look_is_believed_until_a_reservation_ends(at, believed):
    assert proves_sold_out(look(0, until=100.3), 1, at) == believed


def test_without_a_look_nothing_is_believed():
    assert not proves_sold_out(None, 1, 100.0)
