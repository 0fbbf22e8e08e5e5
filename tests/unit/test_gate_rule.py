"""The rule of one second: how long a look at the row proves that too few seats are left."""

import pytest

from app.booking.gate import believable
from app.booking.orders import Look


def look(seats, at=100.0):
    return Look(event_id=7, seats=seats, version=3, incarnation=11, at=at)


@pytest.mark.parametrize("at", [100.0, 100.5, 101.0])
def test_a_fresh_look_that_saw_too_few_seats_is_believed(at):
    assert believable(look(seats=1), 2, at)
    assert believable(look(seats=0), 1, at)


@pytest.mark.parametrize("at", [101.001, 102.0, 1e9])
def test_an_old_look_is_not_believed(at):
    assert not believable(look(seats=0), 1, at)


@pytest.mark.parametrize("seats", [2, 3, 1000])
def test_a_look_that_saw_enough_seats_proves_nothing(seats):
    assert not believable(look(seats), 2, 100.0)


def test_without_a_look_nothing_is_believed():
    assert not believable(None, 1, 100.0)
