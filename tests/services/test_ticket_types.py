"""An organiser's ticket types: added, changed, withdrawn, copied with their event."""

import pytest

from app.booking.orders import Item
from app.errors import InvalidField, TicketTypeNotFound
from app.models import Event, TypeState
from app.models.ticket_type import MAX_TYPES
from app.services import booking_guests, bookings, events, gifts, ticket_types
from tests.support.threads import at_once, in_app

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def event(make_event):
    return make_event(capacity=10, price_minor=500)


@pytest.fixture
def add(event, desk):
    return lambda **facts: ticket_types.add_type(event.id, facts, desk)


def price_of(event_id):
    event = events.get_event(event_id)
    return event.price_minor, event.highest_price_minor


def test_an_event_has_no_types_until_one_is_added(event, add):
    assert ticket_types.list_types(event.id) == []
    add(name="VIP", price_minor=900)
    first, second = ticket_types.list_types(event.id)
    assert (first.name, first.price_minor, first.is_default) == ("Standard", 500, True)
    assert (second.name, second.is_default, second.position) == ("VIP", False, 1)


def test_lists_show_the_prices_that_the_event_offers(event, add, desk):
    vip = add(name="VIP", price_minor=900)
    assert price_of(event.id) == (500, 900)
    student = add(name="Student", price_minor=100, hidden=True)
    assert price_of(event.id) == (500, 900)
    ticket_types.change_type(event.id, student.id, {"hidden": False}, desk)
    assert price_of(event.id) == (100, 900)
    ticket_types.change_type(event.id, vip.id, {"withdrawn": True}, desk)
    ticket_types.change_type(event.id, student.id, {"price_minor": 500}, desk)
    assert price_of(event.id) == (500, None)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "standard"}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "VIP", "quota": 3, "min_per_order": 4}, "quota"),
        ({"name": "VIP", "min_per_order": 4, "max_per_order": 3}, "max_per_order"),
        ({"name": "VIP", "taken": 0}, "taken"),
    ],
)
def test_a_broken_rule_names_its_field_and_changes_nothing(event, add, sql, facts, field):
    with pytest.raises(InvalidField) as refused:
        add(**facts)
    assert refused.value.field == field
    assert sql("SELECT count(*) FROM ticket_types") == [(0,)]
    assert sql("SELECT has_types FROM events") == [(False,)]


def test_a_quota_is_never_below_what_is_taken(event, add, desk, make_user):
    add(name="VIP")
    default = ticket_types.list_types(event.id)[0].id
    bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=4)
    with pytest.raises(InvalidField, match="4 seats"):
        ticket_types.change_type(event.id, default, {"quota": 3}, desk)
    assert ticket_types.change_type(event.id, default, {"quota": 4}, desk).quota == 4
    offered = ticket_types.list_offered(events.get_event(event.id))
    assert [(one.state, one.left) for one in offered] == [
        (TypeState.SOLD_OUT, 0),
        (TypeState.OPEN, 6),
    ]


def test_a_type_goes_only_if_it_was_never_booked(event, add, desk, make_user, sql):
    vip, student = add(name="VIP").id, add(name="Student").id
    default = ticket_types.list_types(event.id)[0].id
    made = bookings.book(
        desk, user_id=make_user().id, event_id=event.id, seats=1, items=[Item(vip, 1)]
    )
    bookings.cancel(desk, made.booking.id)
    for kept in (default, vip):
        with pytest.raises(InvalidField):
            ticket_types.remove_type(event.id, kept, desk)
    ticket_types.remove_type(event.id, student, desk)
    with pytest.raises(TicketTypeNotFound):
        ticket_types.remove_type(event.id, student, desk)
    assert sql("SELECT name FROM ticket_types ORDER BY id") == [("Standard",), ("VIP",)]


def test_of_one_name_added_at_once_there_is_one_type(app, event, desk, sql):
    works = [in_app(app, ticket_types.add_type, event.id, {"name": "VIP"}, desk) for _ in range(6)]
    told = at_once(works)
    assert sum(isinstance(one, InvalidField) for one in told) == 5, told
    assert sql("SELECT count(*), count(*) FILTER (WHERE is_default) FROM ticket_types") == [(2, 1)]


def test_there_are_so_many_types_and_no_more(event, add):
    for number in range(MAX_TYPES - 1):
        add(name=f"Row {number}")
    with pytest.raises(InvalidField, match=str(MAX_TYPES)):
        add(name="One more")


def test_a_copy_has_its_types_with_nothing_taken(event, add, desk, make_user, sql):
    add(name="VIP", price_minor=900, quota=3)
    bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=2)
    copy = events.duplicate_event(event.id, "Again", desk)
    assert [(t.name, t.taken, t.quota) for t in ticket_types.list_types(copy.id)] == [
        ("Standard", 0, None),
        ("VIP", 0, 3),
    ]
    assert (copy.price_minor, copy.highest_price_minor) == (500, 900)


def test_prices_and_currency_are_those_of_the_types(event, add, desk):
    add(name="VIP")
    for facts in ({"price_minor": 100}, {"currency": "JPY", "price_minor": 500}):
        with pytest.raises(InvalidField):
            events.update_event(event.id, facts, desk)
    assert isinstance(events.update_event(event.id, {"price_minor": 0}, desk), Event)


def test_what_goes_to_somebody_else_leaves_the_order_it_was_made_by(
    event, add, desk, make_user, sql
):
    add(name="VIP")
    types = [one.id for one in ticket_types.list_types(event.id)]
    wish = {"email": "a@example.com", "name": "Asha", "event_id": event.id, "seats": 4}
    items = [Item(type_id, 2) for type_id in types]
    made = bookings.book_as_guest(desk, **wish, items=items, idempotency_key="k")
    gifts.give(desk, made.others[0].id)
    again = bookings.book_as_guest(desk, **wish, items=items, idempotency_key="k")
    assert [one.id for one in again.bookings] == [one.id for one in made.bookings]
    booking_guests.change_guest(
        desk, made.others[0].id, booking_guests.GuestChange(email="b@example.com")
    )
    again = bookings.book_as_guest(desk, **wish, items=items, idempotency_key="k")
    assert [one.id for one in again.bookings] == [made.booking.id]
