"""Each request has a name: in its answer, in the logs, and in the database's list of sessions."""

import json
import os
import re
from threading import Thread

import psycopg
import pytest
from sqlalchemy import text

from app.db import db
from app.lib.request_id import WELL_FORMED, new_id, request_id
from tests.support.logbook import LOGBOOK
from tests.support.servers import libpq, wait_until
from tests.web.conftest import HTML

OURS = re.compile(r"[0-9a-f]{16}")
NAME_NOW = text("SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()")


@pytest.fixture
def behind_a_proxy(make_app, clean):
    return make_app(proxy_hops=1).test_client()


def named(client, given):
    return client.get("/health", headers={"X-Request-Id": given}).headers["X-Request-Id"]


def test_names_are_well_formed_and_no_two_are_alike():
    names = [new_id() for _ in range(10_000)]
    assert len(set(names)) == len(names)
    assert all(WELL_FORMED.fullmatch(name) and OURS.fullmatch(name) for name in names)


@pytest.mark.parametrize(
    "path", ["/events", "/nowhere", "/api/events", "/static/favicon.svg", "/account"]
)
def test_every_answer_tells_its_name(client, path):
    names = [
        client.get(path, headers=HTML, buffered=True).headers["X-Request-Id"] for _ in range(2)
    ]
    assert all(OURS.fullmatch(name) for name in names)
    assert names[0] != names[1]


def test_a_booking_by_the_express_lane_has_a_name_too(client, admin, make_event, make_user):
    wish = {"user_id": make_user().id, "event_id": make_event().id}
    assert OURS.fullmatch(
        client.post("/api/bookings", json=wish, headers=admin).headers["X-Request-Id"]
    )


@pytest.mark.parametrize(
    "name", ["d9b2d63d-a233-4123-847a-7f0c2a1b9c11", "0123abcd", "A_b.c-12" * 6]
)
def test_a_proxys_name_is_taken_over_and_a_clients_is_not(behind_a_proxy, client, name):
    assert named(behind_a_proxy, name) == name
    assert OURS.fullmatch(named(client, name))


@pytest.mark.parametrize(
    "name", ["", "short", "x" * 49, "with space", "quote'; --", "utsavam/12345678", "ÿ" * 8]
)
def test_a_name_that_is_not_well_formed_is_replaced(behind_a_proxy, name):
    assert OURS.fullmatch(named(behind_a_proxy, name))


def session_that_waits(sql):
    return sql(
        "SELECT application_name FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND application_name LIKE 'utsavam%%'"
    )


@pytest.fixture
def while_the_row_is_held(app, postgres_url, sql):
    """Send a request that needs the event's row: what PostgreSQL calls it meanwhile, its answer."""

    def send(event, method, path, **options):
        answers = []
        thread = Thread(
            target=lambda: answers.append(app.test_client().open(path, method=method, **options))
        )
        with psycopg.connect(libpq(postgres_url)) as other:
            other.execute("SELECT 1 FROM events WHERE id = %s FOR UPDATE", [event.id])
            thread.start()
            wait_until(lambda: session_that_waits(sql))
            ((name,),) = session_that_waits(sql)
        thread.join(10)
        return name, answers[0]

    return send


def test_a_slow_statement_tells_its_request(
    while_the_row_is_held, admin, make_event, make_booking, sql
):
    event = make_event()
    path = f"/api/bookings/{make_booking(event).id}"
    name, answer = while_the_row_is_held(event, "DELETE", path, headers=admin)
    assert answer.status_code == 200
    assert name == f"utsavam/{answer.headers['X-Request-Id']}"
    # It went with the transaction: a session at rest is nobody's.
    at_rest = sql("SELECT application_name FROM pg_stat_activity WHERE state = 'idle'")
    assert (name,) not in at_rest


def test_a_turn_of_the_desk_tells_its_process(while_the_row_is_held, admin, make_event, make_user):
    event, user = make_event(), make_user()
    wish = {"event_id": event.id, "user_id": user.id}
    name, answer = while_the_row_is_held(event, "POST", "/api/bookings", json=wish, headers=admin)
    assert answer.status_code == 201
    assert name == f"utsavam desk {os.getpid()}"


def test_each_transaction_is_named_anew(app, clean):
    seen = []
    with app.app_context():
        for name in ("request-1", "request-2", ""):
            request_id.set(name)
            seen.append(db.session.scalar(NAME_NOW))
            db.session.commit()
    assert seen == ["utsavam/request-1", "utsavam/request-2", "utsavam"]


def test_a_connection_that_was_cut_is_replaced_before_it_is_used(app, sql):
    with app.app_context():
        db.session.scalar(NAME_NOW)
        db.session.commit()
        sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'utsavam'"
        )
        assert db.session.scalar(NAME_NOW).startswith("utsavam")


@pytest.fixture
def without_a_database(make_app, clean):
    return make_app(database_url="postgresql+psycopg://127.0.0.1:1/none").test_client()


def test_whoever_meets_an_error_of_ours_can_name_it(without_a_database):
    page = without_a_database.get("/", headers=HTML)
    name = page.headers["X-Request-Id"]
    assert page.status_code == 503
    assert name in page.text
    told = without_a_database.get("/api/events")
    assert told.status_code == 503
    assert told.json["request_id"] == told.headers["X-Request-Id"]


def test_what_is_logged_of_a_request_bears_its_name(without_a_database):
    name = without_a_database.get("/api/events", buffered=True).headers["X-Request-Id"]
    lines = [json.loads(line) for line in LOGBOOK.of_tests().splitlines() if name in line]
    assert {line["logger"] for line in lines} == {"app.edge.error_handlers", "app.access"}
    assert {line["request_id"] for line in lines} == {name}


def test_too_many_tries_are_told_with_a_name(visitor, clean):
    answers = [visitor.log_in("no key of ours") for _ in range(11)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["X-Request-Id"] in answers[-1].text


def test_an_ordinary_refusal_needs_no_name(visitor, client, clean):
    page = visitor.get("/events/999")
    assert page.headers["X-Request-Id"] not in page.text
    assert "request_id" not in client.get("/api/events/999").json


def access_line(answer):
    name = answer.headers["X-Request-Id"]
    (line,) = [
        json.loads(line)
        for line in LOGBOOK.of_tests().splitlines()
        if name in line and '"app.access"' in line
    ]
    return {fact: line[fact] for fact in ("method", "route", "status")}, line["ms"]


def test_the_access_log_tells_the_route_and_nothing_that_anybody_wrote(
    client, admin, make_event, make_user
):
    event, user = make_event(), make_user()
    wish = {"event_id": event.id, "user_id": user.id}
    page = client.get(f"/events/{event.id}/secret-slug?q=secret", headers=HTML, buffered=True)
    booked = client.post("/api/bookings", json=wish, headers=admin, buffered=True)
    lost = client.get("/secret/place", buffered=True)
    told = [access_line(answer) for answer in (page, booked, lost)]
    assert [facts for facts, _ in told] == [
        {"method": "GET", "route": "/events/<id:event_id>/<slug>", "status": page.status_code},
        {"method": "POST", "route": "/api/bookings", "status": 201},
        {"method": "GET", "route": None, "status": 404},
    ]
    assert all(0 < ms < 10_000 for _, ms in told)


def test_no_access_log_is_kept_unless_it_is_asked_for(make_app, clean):
    answer = make_app(access_log=False).test_client().get("/health", buffered=True)
    assert answer.headers["X-Request-Id"] not in LOGBOOK.of_tests()
