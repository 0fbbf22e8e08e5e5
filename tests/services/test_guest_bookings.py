"""Booking with a name and an email: who is recorded, whose booking it is, who learns nothing."""

import pytest
from sqlalchemy import event as events_of
from sqlalchemy.exc import IntegrityError

from app.booking import guest_queries, ledger
from app.booking.orders import Booked, Guest, Order
from app.db import db
from app.errors import (
    EventNotFound,
    IdempotencyKeyReused,
    NotEnoughSeats,
    OverPersonLimit,
    UserNotFound,
)
from app.services import account_deletion, bookings
from tests.support.sums import seats_sold

pytestmark = pytest.mark.usefixtures("invariants")
ASHA = {"email": "asha@example.com", "name": "Asha"}
PASSWORD = "correct horse battery"


@pytest.fixture
def book(desk):
    def book(event, seats=1, key=None, **who):
        who = ASHA | who
        return bookings.book_as_guest(
            desk, event_id=event.id, seats=seats, idempotency_key=key, **who
        )

    return book


@pytest.fixture
def people(sql):
    return lambda: sql("SELECT email, name, password_hash FROM users ORDER BY email")


def by_guest(email, event, seats=1, key=None, mark=None):
    return Order(None, event.id, seats, key, mark, guest=Guest(email, email[:4].title()))


def test_a_new_guest_is_recorded_with_the_booking(book, make_event, people, sql):
    booked = book(make_event(), seats=2)
    assert people() == [("asha@example.com", "Asha", None)]
    assert sql("SELECT user_id, seats, guest_name FROM bookings") == [
        (booked.booking.user_id, 2, "Asha")
    ]


def test_one_email_is_one_person_however_it_is_spelt(book, make_event, people):
    event = make_event()
    first = book(event)
    again = book(event, email=" ASHA@Example.com ", name="Asha Rao")
    assert again.booking.user_id == first.booking.user_id
    assert people() == [("asha@example.com", "Asha", None)]


def test_a_booking_with_an_accounts_email_is_the_accounts_with_the_name_that_was_typed(
    book, make_event, make_user, sql
):
    owner = make_user(email="asha@example.com", name="Asha Rao", password=PASSWORD)
    booked = book(make_event(), name="Bob")
    assert booked.booking.user_id == owner.id
    assert sql("SELECT name FROM users") == [("Asha Rao",)]
    assert sql("SELECT guest_name FROM bookings") == [("Bob",)]


def test_an_email_whose_account_was_deleted_is_a_new_persons(
    app, book, desk, make_event, make_user
):
    owner = make_user(email="asha@example.com", password=PASSWORD)
    with app.app_context():
        account_deletion.delete_account(owner.id, PASSWORD, desk)
    assert book(make_event()).booking.user_id != owner.id


def test_who_leaves_takes_the_name_of_every_ticket_along(
    app, book, desk, make_event, make_user, sql
):
    owner = make_user(email="asha@example.com", password=PASSWORD)
    book(make_event(), name="Bob")
    with app.app_context():
        account_deletion.delete_account(owner.id, PASSWORD, desk)
    assert sql("SELECT guest_name, status FROM bookings") == [(None, "CANCELLED")]


def test_whoever_gets_no_seat_leaves_nobody_behind(book, make_event, people):
    with pytest.raises(NotEnoughSeats):
        book(make_event(capacity=1), seats=2)
    with pytest.raises(OverPersonLimit):
        book(make_event(max_per_person=1), seats=2)
    with pytest.raises(EventNotFound):
        book(make_event(status="draft"))
    assert people() == []


def test_the_limit_counts_by_email_with_an_account_and_without(book, make_event, make_user):
    event = make_event(max_per_person=2)
    book(event, seats=2)
    make_user(email="meena@example.com")
    book(event, email="meena@example.com", seats=2)
    for email in ("Asha@example.com", "meena@example.com"):
        with pytest.raises(OverPersonLimit) as refusal:
            book(event, email=email)
        assert refusal.value.held is None, "it is not said what an email has booked"


def test_a_repeated_key_books_once_and_is_each_persons_own(book, make_event, sql):
    event = make_event()
    first, again = book(event, key="k" * 200), book(event, key="k" * 200)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.booking.id == again.booking.id
    assert not book(event, email="meena@example.com", key="k" * 200).replayed
    assert seats_sold(sql, event) == 2


def test_the_same_key_with_another_request_is_refused(book, make_event):
    event = make_event()
    book(event, key="k-1")
    for other in ({"seats": 2}, {"name": "Asha Rao"}):
        with pytest.raises(IdempotencyKeyReused):
            book(event, key="k-1", **other)


def test_a_key_that_an_account_used_tells_a_guest_nothing(book, desk, make_event, make_user):
    event, owner = make_event(), make_user(email="asha@example.com")
    made = bookings.book(desk, user_id=owner.id, event_id=event.id, seats=1, idempotency_key="k-1")
    booked = book(event, key="k-1")
    assert not booked.replayed
    assert booked.booking.id != made.booking.id


def test_guests_and_accounts_share_a_batch(desk, make_event, make_user, people, sql):
    event, limited = make_event(capacity=9), make_event(max_per_person=2)
    user = make_user(email="user@example.com")
    orders = [
        by_guest("new@example.com", event),
        Order(user.id, event.id, 1),
        by_guest("user@example.com", limited, 2),
        Order(user.id, limited.id, 1),
        by_guest("new@example.com", limited, 2),
        by_guest("new@example.com", limited),
        by_guest("late@example.com", event, 9),
        Order(999, event.id, 1),
        by_guest("new@example.com", event, 1, "k", "same"),
        by_guest("new@example.com", event, 1, "k", "same"),
        by_guest("new@example.com", event, 1, "k", "other"),
    ]
    kinds = [type(outcome) for outcome in desk.settle(orders)]
    assert kinds == [
        *(Booked, Booked, Booked, OverPersonLimit, Booked, OverPersonLimit),
        *(NotEnoughSeats, UserNotFound, Booked, Booked, IdempotencyKeyReused),
    ]
    assert [email for email, *_ in people()] == ["new@example.com", "user@example.com"]
    assert (seats_sold(sql, event), seats_sold(sql, limited)) == (3, 4)


def statements_of(app, orders):
    """How many statements a batch runs."""
    with app.app_context():
        engine, told = db.engines["ledger"], []

        def note(_connection, _cursor, statement, *_more):
            told.append(statement)

        events_of.listen(engine, "before_cursor_execute", note)
        try:
            ledger.record(orders)
        finally:
            events_of.remove(engine, "before_cursor_execute", note)
    return len(told)


def test_guests_take_one_statement_more_than_accounts_alone(app, make_event, make_user):
    event, user = make_event(capacity=99), make_user()
    mine, guests = Order(user.id, event.id, 1), by_guest("a@example.com", event)
    alone = statements_of(app, [mine])
    assert statements_of(app, [guests]) == alone
    assert statements_of(app, [Order(user.id, event.id, 1), by_guest("b@example.com", event)]) == (
        alone + 1
    )


def test_a_guest_whom_another_process_has_recorded_meanwhile_is_booked_all_the_same(
    monkeypatch, desk, make_event, make_user, people, sql
):
    event, real, seen = make_event(), guest_queries.earlier, []

    def too_early(session, asked, typed):
        found = real(session, asked, typed)
        if not seen:
            seen.append(make_user(email="asha@example.com").id)
        return found

    monkeypatch.setattr(guest_queries, "earlier", too_early)
    orders = [by_guest("asha@example.com", event), by_guest("meena@example.com", event)]
    with pytest.raises(IntegrityError):
        ledger.record([by_guest("asha@example.com", event)])
    sql("DELETE FROM users")
    seen.clear()
    outcomes = desk.settle(orders)
    assert [type(outcome) for outcome in outcomes] == [Booked, Booked]
    assert outcomes[0].booking.user_id == seen[0]
    assert seats_sold(sql, event) == 2
    assert len(people()) == 2
