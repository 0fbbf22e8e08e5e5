"""Orders of an event with a fee: what is recorded, and that nobody pays more than was shown."""

from uuid import uuid4

import pytest
from sqlalchemy import event as listening
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.booking.connections import LEDGER
from app.booking.issues import Issue
from app.booking.orders import CostLimit, Item, Order
from app.booking.walk_ins import WalkIn
from app.db import db, transaction
from app.errors import InvalidField, PriceRisen
from app.models import Event
from app.services import bookings, events, issues, ticket_types, walk_ins

pytestmark = pytest.mark.usefixtures("invariants")

BOOKED = "SELECT seats, price_minor, fee_minor FROM bookings ORDER BY id"


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def event(make_event):
    """₹500, with ₹10 and 3 % on top: ₹525."""
    return make_event(capacity=20, price_minor=50_000, fee_minor=1_000, fee_basis_points=300)


@pytest.fixture
def order(desk, event, make_user):
    one = make_user()

    def order(seats=1, **facts):
        return bookings.book(desk, **{"user_id": one.id, "event_id": event.id} | facts, seats=seats)

    return order


@pytest.fixture
def kinds(factories, event):
    """General as the event, VIP for ₹1000, and Child for nothing."""
    vip = {"name": "VIP", "price_minor": 100_000}
    return list(factories.ticket_types(event, vip, {"name": "Child", "price_minor": 0}).values())


def test_a_booking_has_what_a_seat_costs_and_its_fee(order, sql):
    assert order(2).booking.price_minor == 52_500
    assert sql(BOOKED) == [(2, 52_500, 2_500)]


def test_a_guest_pays_the_same(desk, event, sql):
    bookings.book_as_guest(desk, email="a@example.com", name="Asha", event_id=event.id, seats=1)
    assert sql(BOOKED) == [(1, 52_500, 2_500)]


@pytest.mark.parametrize(
    ("currency", "facts", "recorded"),
    [
        ("JPY", {"price_minor": 1_010, "fee_basis_points": 250}, (1_035, 25)),
        ("JPY", {"price_minor": 1_020, "fee_basis_points": 250}, (1_046, 26)),
        ("KWD", {"price_minor": 10_500, "fee_minor": 250}, (10_750, 250)),
        ("KWD", {"price_minor": 10_500, "fee_minor": 250, "fee_included": True}, (10_500, 250)),
    ],
    ids=["yen", "half a yen", "dinars", "included"],
)
def test_fees_are_whole_units_of_any_currency(make_event, order, sql, currency, facts, recorded):
    fee = {"fee_minor": 0, "fee_basis_points": 0} | facts
    order(event_id=make_event(currency=currency, **fee).id)
    assert sql(BOOKED) == [(1, *recorded)]


def test_each_ticket_type_has_its_own_fee_and_a_free_one_none(order, kinds, sql):
    items = [Item(kind.id, 1) for kind in kinds]
    order(3, items=items)
    assert sql(BOOKED) == [(1, 52_500, 2_500), (1, 104_000, 4_000), (1, 0, 0)]


def test_a_voucher_takes_off_the_price_before_the_fee_is_counted(order, factories, event, sql):
    half = factories.voucher(event, price_effect="percent_off", price_value=50)
    order(code=half.code)
    assert sql(BOOKED) == [(1, 26_750, 1_750)]


def test_a_seat_that_a_voucher_makes_free_has_no_fee(order, factories, event, sql):
    gone = factories.voucher(event, price_effect="amount_off", price_value=60_000)
    order(code=gone.code)
    assert sql(BOOKED) == [(1, 0, 0)]


def test_an_included_fee_is_no_more_than_what_a_voucher_leaves(make_event, order, factories, sql):
    event = make_event(price_minor=50_000, fee_minor=2_500, fee_included=True)
    cheap = factories.voucher(event, price_effect="fixed_price", price_value=1_000)
    order(event_id=event.id, code=cheap.code)
    assert sql(BOOKED) == [(1, 1_000, 1_000)]


def test_orders_of_events_with_and_without_a_fee_are_settled_together(
    desk, make_event, event, make_user, sql
):
    plain = make_event(price_minor=700)
    made = desk.settle([Order(make_user().id, one.id, 1) for one in (plain, event)])
    assert [one.booking.price_minor for one in made] == [700, 52_500]
    assert sql(BOOKED) == [(1, 700, 0), (1, 52_500, 2_500)]


def test_staff_and_doors_ask_the_same_price(desk, event, sql):
    sql(
        "UPDATE events SET start_at = now() + interval '1 hour', sales_close_at = now() + '2 hours'"
    )
    issues.issue(desk, event.id, Issue("a@example.com", "Asha", 1))
    walk_ins.admit(desk, event.id, WalkIn(uuid4()))
    issues.issue(desk, event.id, Issue("b@example.com", "Bina", 1, issued_for="press", free=True))
    walk_ins.admit(desk, event.id, WalkIn(uuid4(), free=True))
    dear, free = (1, 52_500, 2_500), (1, 0, 0)
    assert sql(BOOKED) == [dear, dear, free, free]


def test_parts_keep_the_fee_that_their_seats_had(desk, order, event, sql):
    booking = order(3).booking
    events.update_event(event.id, {"fee_minor": 9_900}, desk)
    bookings.cancel(desk, booking.id, keep=2)
    assert sql(BOOKED) == [(2, 52_500, 2_500), (1, 52_500, 2_500)]


def test_the_database_holds_a_fee_to_its_price(order, sql):
    order()
    with pytest.raises(IntegrityError, match="fee_within_price"), transaction() as session:
        session.execute(db.text("UPDATE bookings SET fee_minor = price_minor + 1"))


def test_an_event_without_a_fee_inserts_no_column_for_it(make_event, order, sent):
    order(event_id=make_event(price_minor=500).id)
    assert not any("fee_minor" in text for text in sent if text.startswith("WITH"))
    order()
    assert any("fee_minor" in text for text in sent if text.startswith("WITH"))


@pytest.fixture
def sent(app):
    """The ledger's statements so far."""
    found = []

    def note(_connection, _cursor, statement, *_rest):
        found.append(statement)

    engine = db.engines[LEDGER]
    listening.listen(engine, "after_cursor_execute", note)
    yield found
    listening.remove(engine, "after_cursor_execute", note)


class TestLimit:
    def test_an_order_that_costs_what_was_shown_is_booked(self, order):
        assert order(2, limit=CostLimit(105_000, "INR")).booking.seats == 2

    def test_one_that_costs_less_by_now_is_booked(self, order):
        assert order(limit=CostLimit(99_000)).booking.price_minor == 52_500

    def test_one_that_costs_more_is_refused_with_the_new_total(self, order, sql):
        with pytest.raises(PriceRisen) as refused:
            order(2, limit=CostLimit(104_999, "INR"))
        assert (refused.value.total_minor, refused.value.currency) == (105_000, "INR")
        assert sql(BOOKED) == []

    def test_the_same_number_in_another_currency_is_another_price(self, order):
        with pytest.raises(PriceRisen):
            order(limit=CostLimit(52_500, "JPY"))

    def test_ticket_types_and_codes_count(self, order, kinds, event, factories):
        half = factories.voucher(event, price_effect="percent_off", price_value=50)
        general, vip, child = kinds
        items = [Item(general.id, 1), Item(vip.id, 1), Item(child.id, 2)]
        total = 26_750 + 52_500
        with pytest.raises(PriceRisen) as refused:
            order(4, items=items, code=half.code, limit=CostLimit(total - 1))
        assert refused.value.total_minor == total
        assert order(4, items=items, code=half.code, limit=CostLimit(total)).others

    def test_a_refused_order_uses_no_voucher(self, order, event, factories, sql):
        once = factories.voucher(event, price_effect="amount_off", price_value=100)
        with pytest.raises(PriceRisen):
            order(code=once.code, limit=CostLimit(1))
        assert sql("SELECT used FROM vouchers") == [(0,)]

    def test_a_repeated_order_stands_whatever_it_costs_by_now(self, desk, order, event):
        first = order(idempotency_key="one", limit=CostLimit(52_500))
        events.update_event(event.id, {"price_minor": 90_000}, desk)
        again = order(idempotency_key="one", limit=CostLimit(52_500))
        assert again.replayed
        assert again.booking.id == first.booking.id


class TestRules:
    """What an organiser can set."""

    @pytest.mark.parametrize(
        ("facts", "field"),
        [
            ({"fee_minor": -1}, "fee_minor"),
            ({"fee_basis_points": 10_001}, "fee_basis_points"),
            ({"fee_minor": 50_001, "fee_included": True}, "fee_minor"),
            ({"fee_minor": 2_000_000_000}, "fee_minor"),
        ],
    )
    def test_a_fee_that_no_seat_can_have_is_refused(self, desk, event, facts, field):
        with pytest.raises(InvalidField) as refused:
            events.update_event(event.id, facts, desk)
        assert refused.value.field == field

    def test_an_included_fee_fits_every_ticket_type_that_costs_something(
        self, desk, event, kinds, factories
    ):
        events.update_event(event.id, {"fee_minor": 40_000, "fee_included": True}, desk)
        with pytest.raises(InvalidField):
            events.update_event(event.id, {"fee_minor": 50_001}, desk)
        with pytest.raises(InvalidField) as refused:
            ticket_types.change_type(event.id, kinds[1].id, {"price_minor": 30_000}, desk)
        assert refused.value.field == "price_minor"
        with pytest.raises(InvalidField):
            ticket_types.add_type(event.id, {"name": "Late", "price_minor": 1}, desk)

    def test_another_currency_needs_another_fee(self, desk, event):
        with pytest.raises(InvalidField) as refused:
            events.update_event(event.id, {"currency": "JPY", "price_minor": 500}, desk)
        assert refused.value.field == "fee_minor"

    def test_a_copy_has_the_fee_of_its_original(self, desk, event):
        copy = events.duplicate_event(event.id, "Once more", desk)
        assert (copy.fee_minor, copy.fee_basis_points, copy.fee_included) == (1_000, 300, False)


@pytest.mark.parametrize("included", [False, True])
@pytest.mark.parametrize("fee", [(0, 0), (1_000, 0), (0, 333), (7, 2_500), (5_000, 10_000)])
def test_lists_are_sorted_in_sql_by_what_the_page_tells(make_event, fee, included):
    terms = dict(zip(("fee_minor", "fee_basis_points"), fee, strict=True))
    for price in (0, 9, 10, 15_001, 2_000_000_000):
        event = make_event(price_minor=price, fee_included=included, **terms)
        told = db.session.scalars(select(Event.total_minor).where(Event.id == event.id)).one()
        assert told == event.total_minor
