"""Two transactions meet in one idempotency key: neither could see the other's booking in time."""

from threading import Thread

import psycopg
import pytest

from app.booking.orders import Booked
from app.errors import IdempotencyKeyReused
from app.services import bookings
from tests.support.naive import INSERT
from tests.support.servers import wait_until
from tests.support.sums import seats_sold
from tests.support.threads import in_app

WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE application_name LIKE 'utsavam%%' AND wait_event_type = 'Lock'"
)
TAKE = "UPDATE events SET seats_available = seats_available - 1 WHERE id = %s"


@pytest.fixture
def other_server(url):
    """A transaction of another server, that has booked under a key and not yet committed."""
    with psycopg.connect(url) as connection:
        yield connection


def book_meanwhile(app, desk, user, event, sql, other_server):
    """What a booking answers that waits in the index until the other server has committed."""
    answers = []

    def book():
        try:
            answers.append(
                bookings.book(
                    desk, user_id=user.id, event_id=event.id, seats=1, idempotency_key="k-1"
                )
            )
        except Exception as error:
            answers.append(error)

    thread = Thread(target=in_app(app, book))
    thread.start()
    wait_until(lambda: sql(WAITING) == [(1,)])
    other_server.commit()
    thread.join(30)
    return answers[0]


def test_the_naive_way_is_refused_by_the_index(url, other_server, make_user, make_event):
    user, event = make_user(), make_event()
    other_server.execute(INSERT, ["AAAABBBBCCCC", user.id, event.id, "k-1", "x"])
    other_server.execute(TAKE, [event.id])
    other_server.commit()
    with psycopg.connect(url) as late, pytest.raises(psycopg.errors.UniqueViolation):
        late.execute(INSERT, ["DDDDEEEEFFFF", user.id, event.id, "k-1", "x"])


@pytest.mark.parametrize("same_wish", [True, False])
def test_the_booking_that_came_first_is_found_and_answered(
    app, desk, other_server, make_user, make_event, sql, invariants, same_wish
):
    user, event, elsewhere = make_user(), make_event(), make_event()
    # Whatever the fingerprint is made of, that of the same wish is the same.
    (known,) = fingerprint(app, desk, make_user(), event, sql)
    mark = known if same_wish else "of another wish"
    other_server.execute(INSERT, ["AAAABBBBCCCC", user.id, elsewhere.id, "k-1", mark])
    other_server.execute(TAKE, [elsewhere.id])
    answer = book_meanwhile(app, desk, user, event, sql, other_server)
    if same_wish:
        assert isinstance(answer, Booked)
        assert (answer.booking.reference, answer.replayed) == ("AAAABBBBCCCC", True)
    else:
        assert isinstance(answer, IdempotencyKeyReused)
    assert seats_sold(sql, elsewhere) == 1
    assert sql("SELECT count(*) FROM bookings WHERE user_id = %s", user.id) == [(1,)]


def fingerprint(app, desk, user, event, sql):
    with app.app_context():
        booked = bookings.book(
            desk, user_id=user.id, event_id=event.id, seats=1, idempotency_key="any"
        )
    return sql("SELECT fingerprint FROM bookings WHERE id = %s", booked.booking.id)[0]
