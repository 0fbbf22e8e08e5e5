"""Seats of several ticket types: one order, one lock, each type within its quota."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event as listening

from app.booking.connections import LEDGER
from app.booking.gate import SNAPSHOT_VALID_FOR
from app.booking.orders import Booked, Guest, Item, Order
from app.db import db
from app.errors import (
    IdempotencyKeyReused,
    InvalidField,
    NotEnoughSeats,
    OverPersonLimit,
    TicketTypeNotFound,
    TicketTypeNotOnSale,
    TicketTypeSoldOut,
)
from app.models.columns import now
from app.services import bookings, ticket_types
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")

TAKEN = "SELECT name, taken FROM ticket_types ORDER BY id"
BOOKED = (
    "SELECT t.name, b.seats, b.price_minor FROM bookings b"
    " LEFT JOIN ticket_types t ON t.id = b.ticket_type_id ORDER BY b.id"
)


@pytest.fixture
def event(make_event):
    return make_event(capacity=20, price_minor=500)


@pytest.fixture
def kinds(factories, event):
    """General for 500, ten VIP for 2000, three Student for 200."""
    vip = {"name": "VIP", "price_minor": 2000, "quota": 10}
    student = {"name": "Student", "price_minor": 200, "quota": 3}
    return factories.ticket_types(event, vip, student)


@pytest.fixture
def statements(app):
    """What the ledger has sent to the database so far."""
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    engine = db.engines[LEDGER]
    listening.listen(engine, "after_cursor_execute", note)
    yield sent
    listening.remove(engine, "after_cursor_execute", note)


@pytest.fixture
def order(desk, event, kinds, make_user):
    """Order seats by the types' names, as the same user each time unless told otherwise."""
    one = make_user()

    def order(user=None, key=None, seats=None, **by_name):
        items = [Item(kinds[name].id, seats) for name, seats in by_name.items()]
        return bookings.book(
            desk,
            user_id=(user or one).id,
            event_id=event.id,
            seats=seats or sum(by_name.values()),
            items=items,
            idempotency_key=key,
        )

    return order


def test_an_order_without_types_is_of_the_default_one_at_its_price(order, sql):
    made = order(seats=2)
    assert made.booking.price_minor == 500
    assert sql(BOOKED) == [("General", 2, 500)]
    assert sql(TAKEN) == [("General", 2), ("VIP", 0), ("Student", 0)]


def test_several_types_are_one_order_of_a_booking_each(order, event, sql):
    made = order(General=2, VIP=1, Student=3)
    priced = [(one.seats, one.price_minor) for one in made.bookings]
    assert priced == [(2, 500), (1, 2000), (3, 200)]
    assert {one.order_reference for one in made.bookings} == {made.booking.reference}
    assert sql(BOOKED) == [("General", 2, 500), ("VIP", 1, 2000), ("Student", 3, 200)]
    assert seats_left(sql, event) == 14


def test_all_of_an_order_or_nothing(order, event, sql):
    with pytest.raises(TicketTypeSoldOut) as refused:
        order(General=2, Student=4)
    assert (refused.value.left, refused.value.asked) == (3, 4)
    assert (sql(BOOKED), seats_left(sql, event)) == ([], 20)


def test_a_type_that_is_sold_out_leaves_the_others_on_sale(order):
    order(Student=3)
    with pytest.raises(TicketTypeSoldOut):
        order(Student=1)
    assert order(VIP=1, General=1).booking.seats == 1


def test_the_event_has_the_last_seat_whatever_a_quota_leaves(order):
    order(General=12, VIP=6)
    with pytest.raises(NotEnoughSeats) as refused:
        order(VIP=3)
    assert (type(refused.value), refused.value.left) == (NotEnoughSeats, 2)


def test_the_same_key_is_answered_with_the_same_bookings(order, sql):
    first = order(key="k", VIP=1, Student=2)
    again = order(key="k", Student=2, VIP=1)
    assert again.replayed
    assert again.bookings == first.bookings
    with pytest.raises(IdempotencyKeyReused):
        order(key="k", VIP=2, Student=1)
    assert sql(TAKEN) == [("General", 0), ("VIP", 1), ("Student", 2)]


def test_a_guest_orders_as_a_user_does(desk, event, kinds, sql):
    items = [Item(kinds["VIP"].id, 1), Item(kinds["General"].id, 2)]
    guest = {"email": "meena@example.com", "name": "Meena", "event_id": event.id, "seats": 3}
    first = bookings.book_as_guest(desk, **guest, items=items, idempotency_key="one")
    again = bookings.book_as_guest(desk, **guest, items=items[::-1], idempotency_key="one")
    assert (first.bookings, again.replayed) == (again.bookings, True)
    assert sql("SELECT count(DISTINCT user_id), count(*) FROM bookings") == [(1, 2)]


def test_a_limit_per_person_counts_all_types(make_event, factories, desk, make_user):
    event = make_event(capacity=20, max_per_person=3)
    kinds = factories.ticket_types(event, {"name": "VIP"})
    items = [Item(kinds["General"].id, 2), Item(kinds["VIP"].id, 2)]
    with pytest.raises(OverPersonLimit):
        bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=4, items=items)


def test_what_a_type_does_not_sell_is_refused_by_name(order, desk, event, kinds):
    def change(**facts):
        ticket_types.change_type(event.id, kinds["VIP"].id, facts, desk)

    later, before = now() + timedelta(hours=1), now() - timedelta(hours=1)
    for facts, state in (
        ({"sales_open_at": later}, "not_open"),
        ({"sales_open_at": None, "sales_close_at": before}, "closed"),
        ({"sales_close_at": None, "withdrawn": True}, "withdrawn"),
    ):
        change(**facts)
        with pytest.raises(TicketTypeNotOnSale) as refused:
            order(General=1, VIP=1)
        assert refused.value.state == state
    change(withdrawn=False, hidden=True)
    with pytest.raises(TicketTypeNotFound):
        order(General=1, VIP=1)
    change(hidden=False, min_per_order=2, max_per_order=4)
    for seats in (1, 5):
        with pytest.raises(InvalidField, match="VIP"):
            order(VIP=seats)
    assert order(VIP=4).booking.seats == 4


def test_types_of_other_events_and_none_at_all_are_not_found(
    order, desk, kinds, make_event, factories, make_user
):
    other = make_event(capacity=5)
    facts = {"user_id": make_user().id, "event_id": other.id, "seats": 1}
    with pytest.raises(TicketTypeNotFound):
        bookings.book(desk, **facts, items=[Item(kinds["VIP"].id, 1)])
    factories.ticket_types(other, {"name": "VIP"})
    with pytest.raises(TicketTypeNotFound):
        bookings.book(desk, **facts, items=[Item(kinds["VIP"].id, 1)])
    with pytest.raises(InvalidField, match="once"):
        bookings.book(
            desk,
            **facts | {"seats": 2},
            items=[Item(None, 1), Item(next(iter(factories.ticket_types(other).values())).id, 1)],
        )


def test_seats_given_back_are_counted_in_their_type(order, desk, sql):
    made = order(VIP=3, Student=2)
    bookings.cancel(desk, made.booking.id, keep=1)
    bookings.cancel(desk, made.others[0].id)
    assert sql(TAKEN) == [("General", 0), ("VIP", 1), ("Student", 0)]


def test_what_was_booked_before_there_were_types_is_of_the_default_one(
    desk, make_event, make_booking, factories, sql
):
    event = make_event(capacity=9, price_minor=300)
    earlier = make_booking(event, seats=4)
    factories.ticket_types(event, {"name": "VIP", "price_minor": 900})
    assert sql(TAKEN) == [("General", 4), ("VIP", 0)]
    bookings.cancel(desk, earlier.id, keep=1)
    assert sql(TAKEN) == [("General", 1), ("VIP", 0)]


def test_a_sold_out_type_is_told_without_the_database_for_a_second(order, desk, event, sql):
    order(Student=3)
    snapshot = desk.gate.snapshot(event.id)
    asked = Item(next(id for id, left in snapshot.left_by_type.items() if left == 0), 1)
    refused = desk.gate.refuses_type_at_once
    one = Order(1, event.id, 1, items=(asked,))
    assert isinstance(refused(one), TicketTypeSoldOut)
    assert refused(Order(1, event.id, 1)) is None, "the default type has seats"
    assert refused(Order(1, event.id, 1, idempotency_key="k", items=(asked,))) is None
    desk.gate._snapshots[event.id] = replace(snapshot, at=snapshot.at - SNAPSHOT_VALID_FOR)
    assert refused(one) is None


@pytest.mark.parametrize("by", ["users", "guests", "both"])
def test_a_turn_with_types_takes_as_many_statements(
    desk, make_event, kinds, event, make_user, statements, by
):
    plain = make_event(capacity=20)

    def turn(event, items):
        orders = []
        if by != "guests":
            orders.append(Order(make_user().id, event.id, 3, items=items))
        if by != "users":
            guest = Guest(f"g{len(items)}@example.com", "Meena")
            orders.append(Order(None, event.id, 3, guest=guest, items=items))
        before = len(statements)
        assert all(isinstance(one, Booked) for one in desk.settle(orders))
        return len(statements) - before

    items = (Item(kinds["VIP"].id, 2), Item(kinds["General"].id, 1))
    assert turn(event, items) == turn(plain, ()) == {"users": 3, "guests": 3, "both": 4}[by]
