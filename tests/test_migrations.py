"""The migrations make the database that the models describe, and the database itself says no."""

import os
import subprocess
import sys
from pathlib import Path

import flask_migrate
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import errors
from sqlalchemy import CheckConstraint, select

from app.db import db
from app.models import Event
from app.services.event_search import EventQuery, matching
from tests.support.servers import libpq

SEARCHED_BY = ("ix_events_folded_titles", "ix_events_folded_words")
EXPRESSIONS = (*SEARCHED_BY, "ix_users_folded", "ix_bookings_folded_guest_name")
"""Indexes of expressions, which Alembic can't compare; the migrations alone have them."""
ROOT = Path(__file__).parents[1]
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
EVENT = (
    "INSERT INTO events (id, name, start_at, end_at, capacity, seats_available, seats_held, "
    "price_minor, "
    "max_per_person, sales_open_at, sales_close_at, status, version, incarnation) "
    "OVERRIDING SYSTEM VALUE VALUES (1, %(name)s, '2099-01-01', %(end_at)s, %(capacity)s, "
    "%(seats_available)s, %(seats_held)s, %(price_minor)s, %(max_per_person)s, %(sales_open_at)s, "
    "%(sales_close_at)s, %(status)s, %(version)s, 1)"
)
GOOD_EVENT = {
    "name": "Plain",
    "end_at": None,
    "capacity": 5,
    "seats_available": 5,
    "seats_held": 0,
    "price_minor": 0,
    "max_per_person": None,
    "sales_open_at": None,
    "sales_close_at": None,
    "status": "published",
    "version": 1,
}
BOOKING = (
    "INSERT INTO bookings (reference, user_id, event_id, seats, status, idempotency_key, "
    "fingerprint, cancelled_at) VALUES (%(reference)s, %(user_id)s, %(event_id)s, %(seats)s, "
    "%(status)s, %(idempotency_key)s, %(fingerprint)s, %(cancelled_at)s)"
)
GOOD_BOOKING = {
    "reference": "AAAABBBBCCCC",
    "user_id": 1,
    "event_id": 1,
    "seats": 1,
    "status": "CONFIRMED",
    "idempotency_key": None,
    "fingerprint": None,
    "cancelled_at": None,
}


@pytest.fixture(scope="module")
def fresh(make_app, database, postgres_url):
    """An application on a database with nothing in it."""
    database.execute("CREATE DATABASE fresh")
    app = make_app(database_url=postgres_url.replace("/utsavam?", "/fresh?"))
    with app.app_context():
        yield app


@pytest.fixture
def look(fresh, postgres_url):
    url = libpq(postgres_url.replace("/utsavam?", "/fresh?"))
    with psycopg.connect(url, autocommit=True) as connection:
        yield lambda query: connection.execute(query).fetchall()


@pytest.fixture
def insert(clean, database, make_user):
    """Insert a row straight into the database, good but for what is changed."""
    make_user()

    def insert(statement, good, **changes):
        database.execute(statement, {**good, **changes})

    return insert


def test_the_way_up_makes_the_tables_and_the_way_down_leaves_none(fresh, look):
    flask_migrate.upgrade()
    names = [name for (name,) in look(TABLES)]
    assert names == [
        *("admissions", "alembic_version", "api_tokens", "audit_entries", "bookings", "check_ins"),
        *("event_images", "events", "gifts", "guest_messages", "holds", "journal_entries"),
        *("kept_amounts", "mails", "payments", "provider_events", "receipt_series", "receipts"),
        *("refund_rules", "refunds"),
        *("reminders", "sales_days"),
        *("sign_in_links", "sign_ins"),
        *("staff_keys", "summed_days", "ticket_types", "users", "vouchers"),
        *("waiting_room_minutes", "waiting_rooms"),
    ]
    flask_migrate.downgrade(revision="base")
    assert look(TABLES) == [("alembic_version",)]
    assert look("SELECT * FROM alembic_version") == []
    flask_migrate.upgrade()
    assert [name for (name,) in look(TABLES)] == names


def test_nothing_is_left_to_migrate(fresh):
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, *_: name not in EXPRESSIONS,
            },
        )
        assert compare_metadata(context, db.metadata) == []


def test_a_search_of_events_is_answered_from_its_indexes(fresh):
    flask_migrate.upgrade()
    found = matching(select(Event.id), EventQuery(q="consert", upcoming_only=False))
    question = found.compile(db.engine)
    with db.engine.connect() as connection:
        # Rolled back below: with a handful of rows, any index would do.
        connection.exec_driver_sql(
            "SET enable_seqscan = off; DROP INDEX ix_events_start_at_id, ix_events_end_at"
        )
        plan = str(connection.exec_driver_sql(f"EXPLAIN {question}", question.params).fetchall())
    assert all(name in plan for name in SEARCHED_BY)


def test_the_constraints_of_the_models_are_in_the_database_by_their_names(fresh, look):
    flask_migrate.upgrade()
    found = {name for (name,) in look("SELECT conname FROM pg_constraint WHERE contype = 'c'")}
    modelled = {
        str(constraint.name)
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert modelled
    assert modelled <= found


BAD_EVENTS = [
    ("ck_events_seats_not_negative", {"seats_available": -1}),
    ("ck_events_seats_within_capacity", {"seats_available": 6}),
    ("ck_events_seats_within_capacity", {"seats_held": 1}),
    ("ck_events_held_not_negative", {"seats_held": -1}),
    ("ck_events_capacity_in_range", {"capacity": 0, "seats_available": 0}),
    ("ck_events_capacity_in_range", {"capacity": 10_000_001}),
    ("ck_events_price_not_negative", {"price_minor": -1}),
    ("ck_events_max_per_person_positive", {"max_per_person": 0}),
    ("ck_events_version_positive", {"version": 0}),
    ("ck_events_ends_after_start", {"end_at": "2099-01-01"}),
    ("ck_events_name_not_blank", {"name": "   "}),
    ("ck_events_status_known", {"status": "sold"}),
    (
        "ck_events_sales_close_after_open",
        {"sales_open_at": "2098-01-02", "sales_close_at": "2098-01-01"},
    ),
]
BAD_BOOKINGS = [
    ("ck_bookings_seats_in_range", {"seats": 0}),
    ("ck_bookings_seats_in_range", {"seats": -1}),
    ("ck_bookings_seats_in_range", {"seats": 1001}),
    ("ck_bookings_status_known", {"status": "PENDING"}),
    ("ck_bookings_cancelled_when_cancelled", {"status": "CANCELLED"}),
    ("ck_bookings_cancelled_when_cancelled", {"cancelled_at": "2026-01-01"}),
    ("ck_bookings_fingerprint_with_key", {"idempotency_key": "k-1"}),
]


@pytest.mark.parametrize(("constraint", "changes"), BAD_EVENTS)
def test_the_database_itself_refuses_a_bad_event(insert, constraint, changes):
    with pytest.raises(errors.CheckViolation) as refusal:
        insert(EVENT, GOOD_EVENT, **changes)
    assert refusal.value.diag.constraint_name == constraint


@pytest.mark.parametrize(("constraint", "changes"), BAD_BOOKINGS)
def test_the_database_itself_refuses_a_bad_booking(insert, constraint, changes):
    insert(EVENT, GOOD_EVENT)
    with pytest.raises(errors.CheckViolation) as refusal:
        insert(BOOKING, GOOD_BOOKING, **changes)
    assert refusal.value.diag.constraint_name == constraint


def test_the_database_itself_refuses_a_reference_or_a_key_twice(insert):
    insert(EVENT, GOOD_EVENT)
    with_key = {"idempotency_key": "k-1", "fingerprint": "same"}
    insert(BOOKING, GOOD_BOOKING, **with_key)
    with pytest.raises(errors.UniqueViolation) as refusal:
        insert(BOOKING, GOOD_BOOKING)
    assert refusal.value.diag.constraint_name == "uq_bookings_reference"
    with pytest.raises(errors.UniqueViolation) as refusal:
        insert(BOOKING, GOOD_BOOKING, reference="DDDDEEEEFFFF", **with_key)
    assert refusal.value.diag.constraint_name == "uq_bookings_user_id_idempotency_key"


@pytest.mark.parametrize(("field", "name"), [("user_id", "user"), ("event_id", "event")])
def test_the_database_itself_refuses_a_booking_of_nobody_or_nothing(insert, field, name):
    insert(EVENT, GOOD_EVENT)
    with pytest.raises(errors.ForeignKeyViolation) as refusal:
        insert(BOOKING, GOOD_BOOKING, **{field: 999})
    assert refusal.value.diag.constraint_name == f"fk_bookings_{name}_id"


@pytest.mark.parametrize("table", ["users", "events"])
def test_the_database_itself_keeps_the_history_of_bookings(insert, sql, table):
    insert(EVENT, GOOD_EVENT)
    insert(BOOKING, GOOD_BOOKING)
    with pytest.raises((errors.ForeignKeyViolation, errors.RestrictViolation)):
        sql(f"DELETE FROM {table}")
    assert sql("SELECT count(*) FROM bookings") == [(1,)]


def test_the_database_itself_refuses_an_email_twice_in_whatever_case(insert, sql):
    sql("INSERT INTO users (email) VALUES ('meena@example.com')")
    with pytest.raises(errors.UniqueViolation) as refusal:
        sql("INSERT INTO users (email) VALUES ('Meena@Example.com')")
    assert refusal.value.diag.constraint_name == "uq_users_email"


def test_two_processes_that_migrate_at_once_migrate_once(make_app, database, postgres_url):
    database.execute("CREATE DATABASE twice")
    url = postgres_url.replace("/utsavam?", "/twice?")
    run = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen(run, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        _out, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    with psycopg.connect(libpq(url)) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
