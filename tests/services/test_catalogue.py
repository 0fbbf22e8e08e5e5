"""What visitors see comes from memory, and is never wrong for longer than a second."""

import threading
import time

import pytest
from sqlalchemy import event as sqlalchemy_event

from app.booking.desk import BookingDesk
from app.booking.gate import SeatGate, version_key
from app.booking.redis_client import connect
from app.db import db
from app.errors import EventNotFound
from app.services import bookings, events
from app.services.catalogue import TTL, Catalogue
from app.services.event_search import EventQuery
from tests.support.servers import wait_until
from tests.support.threads import at_once

ALL = EventQuery()
PEOPLE = 40


class Process:
    """A server process's own desk and catalogue, as each gunicorn worker has them."""

    def __init__(self, url):
        self.client = connect(url, 1000)
        self.desk = BookingDesk(SeatGate(self.client, 1000))
        self.catalogue = Catalogue(self.desk.gate)

    def left(self, event):
        (shown,) = self.catalogue.event(event.id).events
        return shown.seats_available

    def names(self):
        return [event.name for event in self.catalogue.listing(ALL).events]


@pytest.fixture
def start(redis_url):
    started = []

    def start(url=redis_url):
        started.append(Process(url))
        return started[-1]

    yield start
    for process in started:
        process.client.close()


@pytest.fixture
def here(start):
    return start()


@pytest.fixture
def elsewhere(start):
    return start()


@pytest.fixture
def statements(app):
    """The statements that the database was sent, as they come."""
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    sqlalchemy_event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sqlalchemy_event.remove(db.engine, "before_cursor_execute", note)


def book(process, user, event):
    return bookings.book(process.desk, user_id=user.id, event_id=event.id, seats=1)


def test_a_warm_reading_asks_the_database_nothing(here, make_event, statements):
    event = make_event()
    statements.clear()
    for _ in range(5):
        assert here.left(event) == 5
        assert here.catalogue.listing(ALL, counted=True).count == 1
    assert len(statements) == 4  # the event; the list, its count and its cities


def test_equal_readings_have_one_stamp_and_others_another(here, make_event, make_user):
    event = make_event()
    stamps = [here.catalogue.event(event.id).etag for _ in range(3)]
    assert stamps[0] == stamps[1] == stamps[2]
    book(here, make_user(), event)
    assert here.catalogue.event(event.id).etag != stamps[0]


def test_a_booking_is_seen_by_every_process_at_its_next_reading(
    here, elsewhere, make_event, make_user
):
    event, user = make_event(), make_user()
    assert (here.left(event), elsewhere.left(event)) == (5, 5)
    booking = book(elsewhere, user, event).booking
    assert (here.left(event), elsewhere.left(event)) == (4, 4)
    assert [e.seats_available for e in here.catalogue.listing(ALL).events] == [4]
    bookings.cancel(here.desk, booking.id)
    assert (here.left(event), elsewhere.left(event)) == (5, 5)


def test_an_edit_is_seen_by_every_process_at_its_next_reading(here, elsewhere, make_event):
    event = make_event(name="Old", capacity=5)
    assert (here.names(), elsewhere.names()) == (["Old"], ["Old"])
    events.update_event(event.id, {"name": "New", "capacity": 8}, elsewhere.desk)
    assert (here.names(), here.left(event)) == (["New"], 8)
    events.delete_event(event.id, here.desk)
    assert elsewhere.names() == []
    with pytest.raises(EventNotFound):
        elsewhere.left(event)


def test_a_new_event_is_in_the_list_at_once(here, elsewhere, make_event):
    facts = make_event(name="First")
    assert here.names() == ["First"]
    new = {"name": "Second", "start_at": facts.start_at, "capacity": 3, "time_zone": "UTC"}
    events.create_event(new, elsewhere.desk)
    assert here.names() == ["First", "Second"]


@pytest.mark.long
def test_what_was_written_past_us_is_seen_within_a_second(here, make_event, sql):
    event = make_event()
    assert here.left(event) == 5
    sql("UPDATE events SET seats_available = 2, name = 'Other' WHERE id = %s", event.id)
    wait_until(lambda: here.left(event) == 2, TTL + 0.5)
    assert here.names() == ["Other"]


@pytest.mark.long
def test_a_price_that_is_not_sold_any_more_is_shown_no_more(here, make_event, factories, sql):
    event = make_event(price_minor=500)
    early = {"name": "Early bird", "price_minor": 200}
    factories.ticket_types(event, early, {"name": "VIP", "price_minor": 900})

    def prices():
        (shown,) = here.catalogue.listing(ALL).events
        return shown.price_minor, shown.highest_price_minor

    assert prices() == (200, 900)
    sql("UPDATE ticket_types SET sales_close_at = now() WHERE name = 'Early bird'")
    wait_until(lambda: prices() == (500, 900), TTL + 0.5)


def test_without_redis_a_process_sees_its_own_bookings_at_once_and_others_within_a_second(
    start, make_event, make_user
):
    nowhere = "redis://127.0.0.1:1/0"
    here, elsewhere = start(nowhere), start(nowhere)
    event, user = make_event(), make_user()
    assert (here.left(event), elsewhere.left(event)) == (5, 5)
    book(here, user, event)
    assert here.left(event) == 4
    wait_until(lambda: elsewhere.left(event) == 4, TTL + 0.5)


@pytest.mark.parametrize("rubbish", ["", "x", "1:2", "-1:2:3", "1:2:3:4", "9" * 40])
def test_rubbish_beside_the_tokens_is_not_shown(here, make_event, redis, rubbish):
    event = make_event()
    redis.set(version_key(event.id), rubbish)
    assert here.left(event) == 5
    assert here.left(event) == 5


@pytest.mark.long
def test_after_a_restore_the_rows_are_shown_and_not_what_was_published(
    here, make_event, make_user, sql, redis
):
    event, user = make_event(), make_user()
    for _ in range(3):
        book(here, user, event)
    assert here.left(event) == 2
    # As a backup does that was made before the bookings.
    sql("DELETE FROM bookings")
    sql("UPDATE events SET seats_available = 5, version = 1 WHERE id = %s", event.id)
    wait_until(lambda: here.left(event) == 5, TTL + 0.5)
    assert redis.get(version_key(event.id)) is None
    book(here, user, event)
    assert here.left(event) == 4


def test_many_readers_who_come_at_once_ask_the_database_once(app, here, make_event, statements):
    event, together = make_event(), threading.Barrier(8)
    statements.clear()

    def read():
        with app.app_context():
            together.wait(10)
            here.left(event)

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(10)
    assert len(statements) == 1


@pytest.fixture
def slow_database(app):
    """Every statement takes longer than what it reads is kept."""

    def wait(*_facts):
        time.sleep(TTL + 0.1)

    sqlalchemy_event.listen(db.engine, "before_cursor_execute", wait)
    yield
    sqlalchemy_event.remove(db.engine, "before_cursor_execute", wait)


@pytest.mark.long
def test_readers_of_a_slow_database_do_not_wait_for_each_other_in_turn(
    app, here, make_event, statements, slow_database
):
    event = make_event()
    statements.clear()

    def read():
        with app.app_context():
            here.left(event)

    assert at_once([read] * 8) == [None] * 8
    # One for whoever came first, and one that began after all the others had come.
    assert len(statements) <= 2


def test_who_waited_for_a_reading_asks_redis_together_not_one_after_the_other(
    app, here, make_event, monkeypatch
):
    """In line they would wait for as many journeys to Redis as there are people."""
    event, calls = make_event(), []
    gate, load = here.desk.gate, events.get_event
    published = gate.published

    def get_event(event_id):
        time.sleep(0.3)  # until everybody is there
        return load(event_id)

    def ask(keys):
        calls.append(keys)
        time.sleep(0.02)
        return published(keys)

    monkeypatch.setattr(events, "get_event", get_event)
    monkeypatch.setattr(gate, "published", ask)

    def read():
        with app.app_context():
            return here.left(event)

    assert at_once([read] * PEOPLE) == [event.seats_available] * PEOPLE
    assert len(calls) < PEOPLE / 2


def test_a_capacity_is_never_exceeded_by_the_figure_shown(here, make_event, redis):
    event = make_event(capacity=5)
    redis.set(version_key(event.id), f"{event.incarnation}:99:7000")
    assert here.left(event) == 5
