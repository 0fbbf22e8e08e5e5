"""What the desk asks is planned once for a connection; so the plan must be good for a table that
grows, also if the table was empty when it was made."""

import itertools
import re

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import psycopg

from app.booking import guest_queries, queries, voucher_queries, vouchers
from app.booking.connections import LEDGER
from app.db import db

STATEMENTS = {
    "earlier": queries._EARLIER,
    "seats by user": queries._SEATS_BY_USER,
    "earlier of guests": guest_queries._EARLIER,
    "earlier, and types": queries._EARLIER_AND_TYPES,
    "earlier of guests, and types": guest_queries._EARLIER_AND_TYPES,
}
BY_A_JOIN = """
    SELECT sum(bookings.seats) FROM bookings
    JOIN unnest(CAST(%(a)s AS bigint[]), CAST(%(b)s AS bigint[])) AS asked (event_id, user_id)
    ON asked.event_id = bookings.event_id AND asked.user_id = bookings.user_id
    WHERE bookings.status = 'CONFIRMED'
"""


@pytest.fixture
def wholes(clean, app, sql):
    """The scans of a table, of a plan for the empty one, that don't find rows by this column."""
    sql("ANALYZE bookings, vouchers, users")

    def wholes(statement, table="bookings", by="user_id"):
        numbers = itertools.count(1)
        asked = re.sub(r"%\(\w+\)s(::[A-Z]+)?", lambda _: f"${next(numbers)}", statement)
        with app.app_context(), db.engines[LEDGER].connect() as connection:
            explain = text(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {asked}".replace(":", r"\:"))
            (plan,) = connection.execute(explain).scalar_one()
        scans = [node for node in nodes(plan["Plan"]) if node.get("Relation Name") == table]
        assert scans
        return [scan for scan in scans if by not in scan.get("Index Cond", "")]

    return wholes


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


@pytest.mark.parametrize("name", STATEMENTS)
def test_bookings_are_found_by_their_people_whatever_the_size_of_the_table(wholes, name):
    statement = str(STATEMENTS[name].compile(dialect=psycopg.dialect()))
    assert not wholes(statement)


@pytest.mark.parametrize(
    ("statement", "table", "by"),
    [
        (voucher_queries._READ, "vouchers", "code_key"),
        (voucher_queries._READ, "users", "lower"),
        (vouchers._GIVE_BACK, "bookings", "voucher_id"),
    ],
    ids=["codes", "their people", "their orders"],
)
def test_vouchers_and_their_orders_are_found_by_an_index(wholes, statement, table, by):
    assert not wholes(str(statement.compile(dialect=psycopg.dialect())), table, by)


def test_a_join_may_read_the_whole_table_for_ever(wholes):
    """The control: what was asked before."""
    assert wholes(BY_A_JOIN)
