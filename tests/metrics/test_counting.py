"""What is counted adds up over the processes, whatever becomes of one of them."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from app.demo.servers import free_port
from tests.metrics.conftest import Metered
from tests.metrics.quick import WRITTEN
from tests.support.servers import libpq, wait_until

LATE = 20
"""Seconds after which it is counted on a busy machine too."""
BY_API = ("POST", "/api/bookings", "2xx")
BY_FLASK = "application/json; charset=utf-8"
LET_IN = ("granted", "missing", "late")
"""What the gate says of orders that the database is asked for: late on a busy machine."""
DESKS = """
    SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE application_name = ANY(%s)
"""


class Counted:
    """How much each figure of interest has grown since."""

    def __init__(self, metered):
        self._metered, self._before = metered, self._now(metered)

    @staticmethod
    def _now(metered):
        time.sleep(WRITTEN)
        return {
            "requests": metered.value("request_seconds_count", *BY_API),
            "orders": metered.value("batch_orders_sum"),
            "turns": metered.value("batch_seconds_count"),
            "waits": metered.value("row_lock_seconds_count"),
            "timeouts": metered.value("row_lock_timeouts_total"),
            **{name: n for (name,), n in metered.samples("bookings_total").items()},
            **{name: n for (name,), n in metered.samples("gate_verdicts_total").items()},
        }

    def now(self):
        """Only what has grown."""
        now = self._now(self._metered)
        return {k: v - self._before[k] for k, v in now.items() if v != self._before[k]}

    def settled(self, **wish):
        """What has grown, once these figures have: a busy process beats late, and what it noted of
        one request may be written in two beats."""
        give_up = time.monotonic() + LATE
        found = self.now()
        while {name: found.get(name) for name in wish} != wish and time.monotonic() < give_up:
            found = self.now()
        return found


def book_at_once(metered, times, user, event, kinds):
    with ThreadPoolExecutor(16) as pool:
        futures = [
            pool.submit(metered.book, user, event, kind=kinds[n % len(kinds)]) for n in range(times)
        ]
        return [future.result() for future in futures]


def assert_adds_up(metered, make_event, make_user, sql):
    event, user = make_event(capacity=500), make_user()
    counted = Counted(metered)
    answers = book_at_once(metered, 120, user.id, event.id, ["application/json", BY_FLASK])
    assert answers == [201] * 120
    assert sql(DESKS, [f"utsavam desk {worker.pid}" for worker in metered.workers()]) == [(2,)]
    found = counted.settled(requests=120, booked=120, orders=120)
    assert found["requests"] == found["booked"] == found["orders"] == 120
    assert sum(found.get(name, 0) for name in LET_IN) == 120
    assert found["turns"] == found["waits"] <= 120
    assert found.keys() <= {"requests", "booked", "orders", "turns", "waits", *LET_IN}


def test_figures_of_both_workers_and_both_lanes_add_up(metered, make_event, make_user, sql):
    assert_adds_up(metered, make_event, make_user, sql)


@pytest.mark.whole
def test_figures_of_workers_with_threads_add_up(
    clean, metered_settings, folder, make_event, make_user, sql
):
    with Metered(metered_settings, folder / "threads", WORKER_CLASS="gthread") as metered:
        assert_adds_up(metered, make_event, make_user, sql)


def test_each_outcome_of_an_order_is_counted_as_what_it_was(metered, make_event, make_user):
    event, full, user = make_event(capacity=9), make_event(capacity=1), make_user()
    counted = Counted(metered)
    statuses = [
        metered.book(user.id, event.id, key="once"),
        metered.book(user.id, event.id, key="once"),
        metered.book(user.id, full.id),
        metered.book(user.id, full.id),
        metered.book(987_654, event.id),
        metered.book(user.id, 987_654),
    ]
    assert statuses == [201, 201, 201, 409, 404, 404]
    outcomes = {"booked": 2, "replayed": 1, "sold_out": 1, "refused": 1, "no_event": 1}
    found = counted.settled(requests=3, **outcomes)
    assert outcomes.items() <= found.items()
    assert not {"busy", "failed"} & found.keys()
    assert found["requests"] == 3  # 2xx alone


def test_what_staff_book_is_counted_as_a_booking_unless_it_is_special(metered, make_event):
    event, counted = make_event(capacity=3), Counted(metered)
    statuses = [
        metered.issue(event.id, seats=2, idempotency_key="click-once"),
        metered.issue(event.id, seats=2, idempotency_key="click-once"),
        metered.issue(event.id, seats=2),
        metered.issue(987_654),
        metered.issue(event.id, free=True, issued_for="Press"),
    ]
    assert statuses == [201, 201, 409, 404, 201]
    outcomes = {"booked": 1, "replayed": 1, "sold_out": 1, "no_event": 1}
    assert counted.settled(**outcomes) == outcomes


def test_orders_that_wait_and_rows_that_are_held_are_seen(
    metered, make_event, make_user, postgres_url
):
    event, user = make_event(capacity=99), make_user()
    counted = Counted(metered)
    with ThreadPoolExecutor(30) as pool, psycopg.connect(libpq(postgres_url)) as holder:
        holder.execute("SELECT 1 FROM events WHERE id = %s FOR UPDATE", (event.id,))
        answers = [pool.submit(metered.book, user.id, event.id) for _ in range(30)]
        wait_until(lambda: metered.value("queue_orders") >= 10, 10)
        assert metered.value("pool_in_use", "desk") >= 1
        wait_until(lambda: counted.now().get("timeouts"), 10)
        holder.rollback()
        statuses = [answer.result() for answer in answers]
    assert {503} <= set(statuses) <= {201, 503}

    def adds_up():
        found = counted.now()
        # Some may have been told that nobody knows: their turn still waited for the row.
        refused = found.get("busy", 0) + found.get("failed", 0)
        return (found.get("booked", 0), refused) == (statuses.count(201), statuses.count(503))

    wait_until(adds_up, LATE)
    wait_until(
        lambda: metered.value("queue_orders") == metered.value("pool_in_use", "desk") == 0, 5
    )


def test_a_killed_worker_takes_no_count_with_it_and_leaves_no_gauge(metered, make_event, make_user):
    event, user = make_event(capacity=500), make_user()
    queue_size = metered.value("queue_size")
    assert queue_size > 0
    assert metered.value("processes") == 2
    counted = Counted(metered)
    assert book_at_once(metered, 40, user.id, event.id, ["application/json"]) == [201] * 40
    # They are written, all of them: a process that is killed takes with it what it has only noted.
    written = {"requests": 40, "booked": 40, "orders": 40}
    assert written.items() <= counted.settled(**written).items()
    before = metered.workers()
    for worker in before:
        worker.kill()
    wait_until(lambda: not {w.pid for w in before} & {w.pid for w in metered.workers()}, 10)
    wait_until(lambda: metered.value("processes") == 2, 20)
    assert metered.value("queue_size") == queue_size
    assert book_at_once(metered, 10, user.id, event.id, ["application/json"]) == [201] * 10
    found = counted.settled(requests=50, booked=50, orders=50)
    assert found["booked"] == found["requests"] == found["orders"] == 50


@pytest.mark.whole
def test_a_reload_writes_what_was_noted_last(metered, make_event, make_user):
    event, user = make_event(capacity=500), make_user()
    counted = Counted(metered)
    assert book_at_once(metered, 40, user.id, event.id, ["application/json"]) == [201] * 40
    before = {worker.pid for worker in metered.workers()}
    metered.site.signal(signal.SIGHUP)
    wait_until(lambda: not before & {worker.pid for worker in metered.workers()}, 20)
    wait_until(lambda: metered.value("processes") == 2, 20)
    found = counted.settled(requests=40, booked=40, orders=40)
    assert found["booked"] == found["requests"] == found["orders"] == 40


def test_a_redis_that_is_away_is_told_by_the_desks_and_by_the_server(
    clean, metered_settings, folder, make_event, make_user, sql
):
    nowhere = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "WEB_CONCURRENCY": "1"}
    event, user = make_event(capacity=99), make_user()
    with Metered(metered_settings, folder / "alone", **nowhere) as metered:
        ready = metered.samples("ready")
        assert ready == {("database",): 1, ("migrations",): 1, ("redis",): 0}
        assert metered.samples("events_tokens_differ") == {}  # nobody knows
        assert metered.samples("events_seats_differ") == {(): 0}

        def circuit_open():
            assert metered.book(user.id, event.id) == 201
            time.sleep(0.3)
            return metered.value("gate_circuit_open")

        wait_until(circuit_open, 10)
        assert metered.value("redis_failures_total") >= 1
        booked = sql("SELECT count(*) FROM bookings")[0][0]
        wait_until(lambda: metered.value("bookings_total", "booked") == booked, LATE)
        wait_until(lambda: metered.value("gate_verdicts_total", "missing") == booked, LATE)
        verdicts = metered.samples("gate_verdicts_total")
        assert {lane: n for lane, n in verdicts.items() if n} == {("missing",): booked}


def test_a_request_is_told_by_its_rule_and_never_by_what_somebody_typed(metered):
    time.sleep(WRITTEN)
    before = metered.samples("request_seconds_count")
    with httpx.Client(base_url=metered.url) as client:
        client.get("/api/events/1")
        client.get("/wp-admin/asha@example.com")
        client.request("PROPFIND", "/wp-admin/secret")
        client.get("/api/admin/users")

    def grown():
        after = metered.samples("request_seconds_count")
        return {lane: n for lane in after if (n := after[lane] - before.get(lane, 0))}

    wait_until(lambda: sum(grown().values()) >= 4, LATE)
    assert grown() == {
        ("GET", "/api/events/<id:event_id>", "4xx"): 1,
        ("GET", "none", "4xx"): 1,
        ("other", "none", "4xx"): 1,
        ("GET", "/api/admin/users", "4xx"): 1,
    }


@pytest.mark.whole
@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_the_server_and_its_folder_go_with_the_master(end, metered_settings, folder, migrated_app):
    with Metered(metered_settings, folder / end, WEB_CONCURRENCY="1") as metered:
        server = metered.server()
        figures = Path(server.cmdline()[server.cmdline().index("app.exporter") + 1])
        assert list(figures.glob("counter_*.db"))
        getattr(metered.site._process, end)()
        wait_until(lambda: not server.is_running() and not figures.exists(), 20)
        assert not metered.is_served()
