"""What the server of metrics looks up by itself: the events on sale, their tokens and books."""

import struct
import threading
from datetime import timedelta

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from app import db as database
from app.booking import live_stats
from app.booking.gate import SeatGate, Verdict, tokens_key
from app.booking.redis_client import connect
from app.booking.redis_keys import names_of
from app.demo.servers import free_port
from app.exporter.collectors import SiteCollector, WorkerCollector
from app.metrics import OUTCOMES, VERDICTS
from app.models.columns import now
from app.operations import sale_checks


@pytest.fixture
def gate(desk):
    return desk.gate


def test_events_are_looked_at_while_they_are_on_sale_and_no_longer(app, make_event):
    selling = [make_event(capacity=7), make_event(capacity=5, seats_available=0)]
    make_event(status="draft")
    make_event(sales_paused=True)
    make_event(sales_open_at=now() + timedelta(hours=1))
    make_event(sales_close_at=now() - timedelta(hours=1))
    make_event(start_at=now() - timedelta(hours=1))
    make_event(deleted_at=now())
    with app.app_context():
        assert sale_checks.seats_on_sale() == {selling[0].id: 7, selling[1].id: 0}


def test_tokens_that_are_not_the_counter_are_told_and_missing_ones_are_not(
    app, gate, redis, make_event
):
    events = [make_event(capacity=9) for _ in range(4)]
    redis.set(tokens_key(events[0].id), 9)
    redis.set(tokens_key(events[1].id), 8)
    redis.set(tokens_key(events[2].id), "many")
    with app.app_context():
        assert sale_checks.tokens_that_differ(gate) == 2


def test_tokens_that_move_are_in_the_middle_of_a_sale_and_not_told(app, gate, redis, make_event):
    event, stop = make_event(capacity=900), threading.Event()
    redis.set(tokens_key(event.id), 800)

    def sell():
        while not stop.wait(0.005):
            redis.decr(tokens_key(event.id))

    seller = threading.Thread(target=sell)
    seller.start()
    try:
        with app.app_context():
            assert sale_checks.tokens_that_differ(gate) == 0
    finally:
        stop.set()
        seller.join()


def test_books_are_wrong_when_seats_are_lost_and_when_they_are_sold_twice(
    app, sql, make_event, make_user, make_booking
):
    user = make_user()
    right, lost, twice = (make_event(capacity=9) for _ in range(3))
    for event in (right, lost, twice):
        make_booking(event, user, seats=2)
    with app.app_context():
        assert sale_checks.seats_that_differ() == 0
        sql("UPDATE events SET seats_available = seats_available - 1 WHERE id = %s", lost.id)
        assert sale_checks.seats_that_differ() == 1
        sql("UPDATE events SET seats_available = seats_available + 1 WHERE id = %s", twice.id)
        assert sale_checks.seats_that_differ() == 2


def test_books_are_wrong_when_named_holds_are_more_than_the_seats_held(
    app, sql, make_event, make_hold
):
    event = make_event(capacity=9)
    make_hold(event, seats=2)
    make_hold(event, name="Band", seats=3)
    with app.app_context():
        assert sale_checks.seats_that_differ() == 0
        sql("UPDATE holds SET seats_left = seats_left + 1 WHERE seats_left = 3")
        assert sale_checks.seats_that_differ() == 1


def test_a_look_is_good_for_some_seconds_so_that_askers_cost_the_database_nothing(
    app, gate, sql, make_event
):
    registry = CollectorRegistry()
    registry.register(SiteCollector(app, gate))
    make_event()
    assert b"utsavam_events_on_sale 1.0" in generate_latest(registry)
    make_event()
    assert b"utsavam_events_on_sale 1.0" in generate_latest(registry)


def test_what_can_not_be_found_out_is_left_out_and_asked_anew(app, make_app, make_event):
    gate = SeatGate(connect(f"redis://127.0.0.1:{free_port()}/0", 100))
    away = make_app(database_url=f"postgresql+psycopg://127.0.0.1:{free_port()}/none")
    registry = CollectorRegistry()
    metrics = SiteCollector(away, gate)
    registry.register(metrics)
    told = generate_latest(registry).decode()
    assert 'utsavam_ready{part="database"} 0.0' in told
    assert 'utsavam_ready{part="redis"} 0.0' in told
    values = [line for line in told.splitlines() if line.startswith("utsavam_events")]
    assert values == []
    assert all(metric.is_due for metric in metrics._metrics[1:])


def test_the_words_of_the_figures_are_those_of_the_desk_and_the_gate():
    assert {number: name.upper() for number, name in VERDICTS.items()} == {
        verdict.value: verdict.name for verdict in Verdict
    }
    kinds = {
        live_stats.BOOKED,
        live_stats.REPLAYED,
        live_stats.SOLD_OUT,
        live_stats.REFUSED,
        live_stats.BUSY,
        live_stats.FAILED,
    }
    assert {*OUTCOMES} == kinds | {"no_event"}


def test_a_worker_that_is_just_starting_does_not_break_the_figures(tmp_path):
    """Its file is there and empty for a moment, before its head is written."""
    (tmp_path / "counter_1.db").touch()
    collector = WorkerCollector(CollectorRegistry(), path=str(tmp_path))
    with pytest.raises(struct.error):
        list(MultiProcessCollector.collect(collector))
    started = threading.Timer(0.05, lambda: MmapedDict(str(tmp_path / "counter_1.db")).close())
    started.start()
    assert list(collector.collect()) == []
    started.join()


def test_the_exporter_knows_the_names_of_the_sites_keys(settings, redis, make_event):
    """It has no engine for the desk, and asks the pages' own whose names they are."""
    app = Flask("exporter")
    database.init_app(app, settings)
    with connect(settings.redis_url, 1000) as client, app.app_context():
        assert names_of(app, client).of("event:1:tokens") == "event:1:tokens"
        database.db.engine.dispose()
