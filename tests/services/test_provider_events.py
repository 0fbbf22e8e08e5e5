"""What providers tell of many payments is worked together, and each comes to the same as alone."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event as listening

from app.db import db
from app.lib.payment_providers import Facts, PageState, Webhook
from app.models import PaymentProvider
from app.services import bookings, provider_events
from tests.support.threads import at_once, in_app

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def event(make_event):
    return make_event(price_minor=500, payment_minutes=15, capacity=50)


@pytest.fixture
def reserve(desk, event, make_user):
    def reserve():
        order = {"user_id": make_user().id, "event_id": event.id, "seats": 1}
        return bookings.book(desk, **order).booking

    return reserve


@pytest.fixture
def tell():
    """Keep what a provider tells of a page: `tell("a", booking)`."""

    def tell(name, booking=None, *, again="", amount=500, state=PageState.PAID, order=None):
        order = booking.reference if booking else order
        facts = Facts(f"cs_{name}", state, amount, "INR", f"pi_{name}", order)
        webhook = Webhook(f"evt_{name}{again}", "checkout.session.completed", facts)
        assert provider_events.keep(PaymentProvider.STRIPE, webhook)

    return tell


@pytest.fixture
def outcomes(sql):
    query = "SELECT event_id, outcome FROM provider_events ORDER BY event_id"
    return lambda: {name.removeprefix("evt_"): outcome for name, outcome in sql(query)}


@pytest.fixture
def money(sql):
    query = (
        "SELECT b.status, p.provider_ref, r.reason FROM bookings b"
        " LEFT JOIN payments p ON p.booking_id = b.id LEFT JOIN refunds r ON r.payment_id = p.id"
        " ORDER BY b.id, p.id"
    )
    return lambda: sql(query)


@contextmanager
def counted():
    """The statements that are sent meanwhile."""
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    listening.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        listening.remove(db.engine, "before_cursor_execute", note)


def test_each_comes_to_the_same_as_alone(desk, reserve, tell, outcomes, money):
    a, b, wrong, gone, open_still = (reserve() for _ in range(5))
    bookings.cancel(desk, gone.id)
    tell("a", a)
    tell("b", b)
    tell("a", a, again="2")
    tell("c", a)
    tell("d", wrong, amount=7)
    tell("e", gone)
    tell("f", order="NOBODYS")
    tell("g", open_still, state=PageState.OPEN)
    assert provider_events.work_due(desk)
    assert outcomes() == {
        **{"a": "paid", "a2": "paid", "b": "paid", "c": "owed"},
        **{"d": "owed", "e": "owed", "f": "unknown", "g": "nothing"},
    }
    assert money() == [
        ("CONFIRMED", "pi_a", None),
        ("CONFIRMED", "pi_c", "twice"),
        ("CONFIRMED", "pi_b", None),
        ("RESERVED", "pi_d", "wrong_amount"),
        ("CANCELLED", "pi_e", "cancelled"),
        ("RESERVED", None, None),
    ]
    assert not provider_events.work_due(desk)


def test_many_take_as_many_statements_as_two(desk, reserve, tell, outcomes):
    counts = []
    for many in (2, 12):
        for number in range(many):
            tell(f"{many}-{number}", reserve())
        with counted() as statements:
            provider_events.work_due(desk)
        counts.append(len(statements))
    assert set(outcomes().values()) == {"paid"}
    assert counts[0] == counts[1]


def test_repeated_after_a_crash_they_change_nothing(desk, reserve, tell, outcomes, money, sql):
    for name in "abc":
        tell(name, reserve())
    provider_events.work_due(desk)
    before = money()
    sql("UPDATE provider_events SET worked_at = NULL, outcome = NULL")
    with counted() as statements:
        provider_events.work_due(desk)
    assert set(outcomes().values()) == {"paid"}
    assert money() == before
    assert not [one for one in statements if one.startswith("INSERT INTO payments")]


def test_one_that_can_not_be_worked_holds_up_no_other(desk, reserve, tell, outcomes, sql):
    for name in "abc":
        tell(name, reserve())
    sql("UPDATE provider_events SET body = body - 'page' WHERE event_id = 'evt_b'")
    provider_events.work_due(desk)
    assert outcomes() == {"a": "paid", "b": None, "c": "paid"}
    assert not provider_events.work_due(desk)


def test_workers_at_the_same_time_record_each_once(app, desk, reserve, tell, outcomes, money):
    for number in range(12):
        tell(f"{number:02}", reserve())

    answers = at_once([in_app(app, provider_events.work_due, desk)] * 4)
    assert set(answers) <= {True, False}
    assert set(outcomes().values()) == {"paid"}
    assert money() == [("CONFIRMED", f"pi_{number:02}", None) for number in range(12)]
