"""A process that gets no processor time under a row lock loses its transaction, not the request."""

import os
import socket
import time

import pytest
from sqlalchemy import event as listening
from sqlalchemy.exc import DBAPIError

from app.booking.connections import FROZEN_AFTER_MS, LEDGER
from app.db import db
from app.services import account_deletion, bookings, events, holds
from tests.support.sums import seats_left

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("invariants")]


@pytest.fixture
def starve(app):
    """Let the process stand still after it has got so many locks of event rows, on an engine."""
    stops = []

    def starve(key, times, cut_off=False):
        left = [times]

        def stand_still(connection, _cursor, statement, *_rest):
            if left[0] and "FOR NO KEY UPDATE" in statement:
                left[0] -= 1
                if cut_off:
                    cut(connection)
                else:
                    time.sleep(FROZEN_AFTER_MS / 1000 + 0.4)

        engine = db.engines[key]
        listening.listen(engine, "after_cursor_execute", stand_still)
        stops.append(lambda: listening.remove(engine, "after_cursor_execute", stand_still))
        return left

    yield starve
    for stop in stops:
        stop()


def cut(connection):
    """End the connection as the system does when it drops what the server said at its end."""
    descriptor = os.dup(connection.connection.driver_connection.pgconn.socket)
    with socket.socket(fileno=descriptor) as sent:
        sent.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def booked(desk, make_user, make_event):
    event, user = make_event(capacity=10), make_user()
    return event, bookings.book(desk, user_id=user.id, event_id=event.id, seats=2).booking.id


def test_a_cancellation_is_done_the_second_time(starve, desk, booked, sql):
    event, booking_id = booked
    left = starve(None, 1)
    assert bookings.cancel(desk, booking_id).status == "CANCELLED"
    assert (left, seats_left(sql, event)) == ([0], 10)


def test_so_are_an_edit_and_a_hold(starve, desk, booked, sql):
    event, _booking_id = booked
    starve(None, 1)
    assert events.update_event(event.id, {"capacity": 12}, desk).capacity == 12
    starve(None, 1)
    holds.add_hold(event.id, "Band", 3, desk)
    assert seats_left(sql, event) == 7


def test_and_leaving_the_site(starve, desk, make_user, make_event, sql):
    event, user = make_event(capacity=10), make_user(password="a long password 1")
    bookings.book(desk, user_id=user.id, event_id=event.id, seats=2)
    left = starve(None, 1)
    assert account_deletion.delete_account(user.id, "a long password 1", desk) == 1
    assert (left, seats_left(sql, event)) == ([0], 10)


def test_and_a_booking(starve, desk, make_user, make_event, sql):
    event, user = make_event(capacity=10), make_user()
    left = starve(LEDGER, 1)
    bookings.book(desk, user_id=user.id, event_id=event.id, seats=2)
    assert (left, seats_left(sql, event)) == ([0], 8)


def test_the_server_need_not_be_heard_saying_why(starve, desk, booked, make_user, sql):
    event, booking_id = booked
    left = starve(None, 1, cut_off=True)
    assert bookings.cancel(desk, booking_id).status == "CANCELLED"
    assert (left, seats_left(sql, event)) == ([0], 10)
    left = starve(LEDGER, 1, cut_off=True)
    bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=2)
    assert (left, seats_left(sql, event)) == ([0], 8)


def test_who_is_cut_off_again_is_told_and_changes_nothing(starve, desk, booked, sql):
    event, booking_id = booked
    starve(None, 2, cut_off=True)
    with pytest.raises(DBAPIError, match="closed the connection"):
        bookings.cancel(desk, booking_id)
    assert seats_left(sql, event) == 8


def test_who_stands_still_again_is_told_and_changes_nothing(starve, desk, booked, sql):
    event, booking_id = booked
    starve(None, 2)
    with pytest.raises(DBAPIError, match="idle-in-transaction"):
        bookings.cancel(desk, booking_id)
    assert seats_left(sql, event) == 8
