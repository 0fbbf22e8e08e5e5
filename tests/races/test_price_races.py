"""A price that rises while an order waits for its event: nobody pays more than was shown."""

import time
from threading import Event as Flag

import psycopg
import pytest

from app.booking.orders import Booked, CostLimit
from app.errors import PriceRisen
from app.services import bookings, events
from tests.support.threads import at_once, in_app

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
SHOWN = CostLimit(50_000, "INR")


@pytest.fixture
def while_it_rises(app, url, make_event, make_user, desk, sql):
    """Book by `book(desk, event_id, user_id)` while the event's fee, that is raised already, is
    not committed yet; answers what came of it."""
    event, user = make_event(price_minor=50_000), make_user()

    def run(book):
        raised = Flag()

        def rise():
            with psycopg.connect(url) as organiser:
                organiser.execute("UPDATE events SET fee_minor = 2500 WHERE id = %s", [event.id])
                raised.set()
                give_up = time.monotonic() + 5
                while sql(WAITING) == [(0,)]:
                    assert time.monotonic() < give_up, "no order waits"
                    time.sleep(0.005)

        def buy():
            assert raised.wait(10)
            return book(desk, event.id, user.id)

        return at_once([rise, in_app(app, buy)])[1]

    return run


def naive(desk, event_id, user_id):
    """Compares before the lock, as a page does that reads the event first."""
    assert events.get_event(event_id).total_minor <= SHOWN.total_minor
    return bookings.book(desk, user_id=user_id, event_id=event_id, seats=1)


def ours(desk, event_id, user_id):
    return bookings.book(desk, user_id=user_id, event_id=event_id, seats=1, limit=SHOWN)


def test_the_desk_compares_what_was_shown_under_the_lock(while_it_rises, sql):
    refused = while_it_rises(ours)
    assert isinstance(refused, PriceRisen)
    assert refused.total_minor == 52_500
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_control_a_comparison_before_the_lock_lets_more_be_paid(while_it_rises):
    booked = while_it_rises(naive)
    assert isinstance(booked, Booked)
    assert booked.booking.price_minor > SHOWN.total_minor
