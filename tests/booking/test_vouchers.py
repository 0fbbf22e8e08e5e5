"""Orders with a voucher's code: what it opens, what it costs, and that it is used as allowed."""

from datetime import timedelta

import pytest
from sqlalchemy import event as listening

from app.booking import late_payments, reservations
from app.booking.connections import LEDGER
from app.booking.orders import Booked, Guest, Item, Order
from app.db import db, transaction
from app.errors import (
    IdempotencyKeyReused,
    InvalidField,
    NotEnoughSeats,
    OverPersonLimit,
    SalesClosed,
    TicketTypeNotFound,
    TicketTypeSoldOut,
    VoucherNotFound,
    VoucherRefused,
    VoucherUsedUp,
)
from app.models.columns import now
from app.models.voucher import code_key, price_with
from app.services import account_deletion, bookings, events, gifts, holds, ticket_types
from tests.support.expiry import expire_due
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")

USED = "SELECT used FROM vouchers ORDER BY id"


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def event(make_event):
    return make_event(capacity=20, price_minor=500)


@pytest.fixture
def voucher(factories, event):
    """Vouchers of the event; without a code, they have one of their own."""
    return lambda code=None, **facts: factories.voucher(event, code, **facts)


@pytest.fixture
def order(desk, event, make_user):
    """Order seats with a code, as the same user each time unless told otherwise."""
    one = make_user()

    def order(code, seats=1, user=None, **facts):
        facts = {"user_id": (user or one).id, "event_id": event.id} | facts
        return bookings.book(desk, **facts, seats=seats, code=getattr(code, "code", code))

    return order


@pytest.fixture
def kinds(factories, event):
    """General for 500, and a hidden Box for 2000 with three seats."""
    box = {"name": "Box", "price_minor": 2000, "quota": 3, "hidden": True}
    return factories.ticket_types(event, box)


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


def uses(sql):
    return [used for (used,) in sql(USED)]


def cause(refused):
    return refused.value.cause


def test_a_code_is_told_by_its_letters_however_they_are_written():
    assert code_key("7q2k 9f4m") == code_key(" 7Q2K-9F4M ") == "7Q2K9F4M"
    assert code_key("DIWALI-50") == code_key("d1waiiso".replace("s", "5")) == "D1WA1150"
    assert code_key("ＣＨＯＩＲ") == code_key("choir")
    assert [code_key(text) for text in ("abc", "x" * 31, "früh", "a;b;c;d", "")] == [None] * 5


@pytest.mark.parametrize(
    ("effect", "value", "price", "with_it"),
    [
        (None, None, 500, 500),
        ("amount_off", 200, 500, 300),
        ("amount_off", 900, 500, 0),
        ("percent_off", 25, 500, 375),
        ("percent_off", 50, 501, 251),
        ("percent_off", 33, 100, 67),
        ("percent_off", 100, 501, 0),
        ("fixed_price", 0, 500, 0),
        ("fixed_price", 150, 500, 150),
    ],
)
def test_what_a_voucher_does_to_a_price(effect, value, price, with_it):
    assert price_with(effect, value, price) == with_it


def test_a_voucher_takes_something_off_and_is_used_once_for_all_seats(order, voucher, event, sql):
    made = order(voucher(price_effect="percent_off", price_value=20, max_uses=5), seats=3)
    assert made.booking.price_minor == 400
    assert sql("SELECT price_minor, voucher_id, voucher_order FROM bookings") == [
        (400, 1, made.booking.reference)
    ]
    assert (uses(sql), seats_left(sql, event)) == ([1], 17)


def test_codes_in_any_spelling_are_the_same(order, voucher, sql):
    voucher("CHOIR-20", max_uses=2)
    order("choir 20")
    order("ch01r2o")
    assert uses(sql) == [2]


def test_a_voucher_is_good_for_as_many_orders_as_it_says(order, voucher, sql):
    code = voucher(max_uses=2)
    order(code)
    order(code, seats=4)
    with pytest.raises(VoucherUsedUp):
        order(code)
    assert (uses(sql), sql("SELECT count(*) FROM bookings")) == ([2], [(2,)])


def test_a_batch_uses_a_voucher_no_further(desk, event, voucher, make_user, sql):
    code, other = voucher(max_uses=3), voucher(price_effect="fixed_price", price_value=7)
    keys = [code.code_key, other.code_key, None] * 5
    user = make_user()
    outcomes = desk.settle([Order(user.id, event.id, 1, code=key) for key in keys])
    booked = [one.booking.price_minor for one in outcomes if isinstance(one, Booked)]
    assert sorted(booked) == [7, *[500] * 8]
    assert uses(sql) == [3, 1]


def test_unknown_withdrawn_and_other_events_codes_are_answered_alike(
    order, voucher, factories, make_event
):
    other = factories.voucher(make_event())
    voucher("WITHDRAWN", withdrawn=True)
    for code in (other.code, "WITHDRAWN", "NEVER-WAS", "no code!"):
        with pytest.raises(VoucherNotFound):
            order(code)


def test_a_voucher_is_over_at_its_moment(order, voucher):
    assert order(voucher(valid_until=now() + timedelta(minutes=1)))
    with pytest.raises(VoucherRefused) as refused:
        order(voucher(valid_until=now() - timedelta(seconds=1)))
    assert cause(refused) == "over"


def test_a_voucher_for_one_person_is_theirs_alone(desk, order, voucher, make_user, event, sql):
    meena = make_user(email="meena@example.com")
    for_meena = voucher(email="Meena@Example.com", max_uses=3)
    order(for_meena, user=meena)
    guest = {"event_id": event.id, "seats": 1, "code": for_meena.code, "name": "Meena"}
    bookings.book_as_guest(desk, email="MEENA@example.com", **guest)
    with pytest.raises(VoucherRefused) as refused:
        order(for_meena)
    assert cause(refused) == "for_another_person"
    with pytest.raises(VoucherRefused):
        bookings.book_as_guest(desk, email="other@example.com", **guest)
    for_nobody_known = voucher(email="new@example.com")
    with pytest.raises(VoucherRefused):
        order(for_nobody_known)
    guest["code"] = for_nobody_known.code
    bookings.book_as_guest(desk, email="new@example.com", **guest)
    assert uses(sql) == [2, 1]


def test_a_hidden_type_opens_with_its_code_alone(order, voucher, kinds):
    box = [Item(kinds["Box"].id, 1)]
    for code in (None, voucher(max_uses=9)):
        with pytest.raises(TicketTypeNotFound):
            order(code, items=box)
    made = order(voucher(ticket_type_id=kinds["Box"].id), items=box)
    assert (made.booking.price_minor, made.booking.ticket_type) == (2000, "Box")


def test_a_voucher_for_a_type_is_good_for_no_other(order, voucher, kinds, sql):
    code = voucher(ticket_type_id=kinds["Box"].id)
    mixed = [Item(kinds["Box"].id, 1), Item(kinds["General"].id, 1)]
    for items, seats in ((mixed, 2), ((), 1)):
        with pytest.raises(VoucherRefused) as refused:
            order(code, seats=seats, items=items)
        assert (cause(refused), refused.value.ticket_type_id) == (
            "not_for_this_type",
            kinds["Box"].id,
        )
    assert uses(sql) == [0]


def test_a_hidden_type_that_is_open_keeps_its_quota(order, voucher, kinds):
    code = voucher(ticket_type_id=kinds["Box"].id, max_uses=9)
    order(code, seats=3, items=[Item(kinds["Box"].id, 3)])
    with pytest.raises(TicketTypeSoldOut):
        order(code, items=[Item(kinds["Box"].id, 1)])


def test_several_types_are_one_use(desk, order, voucher, factories, event, sql):
    kinds = factories.ticket_types(event, {"name": "VIP", "price_minor": 2000})
    items = [Item(kinds["General"].id, 2), Item(kinds["VIP"].id, 1)]
    made = order(voucher(price_effect="amount_off", price_value=100), seats=3, items=items)
    assert [one.price_minor for one in made.bookings] == [400, 1900]
    assert uses(sql) == [1]
    bookings.cancel(desk, made.booking.id)
    assert uses(sql) == [1], "part of the order stands"
    bookings.cancel(desk, made.others[0].id)
    assert uses(sql) == [0]


class TestPresale:
    """A voucher that draws on a hold."""

    @pytest.fixture
    def hold(self, factories, event):
        return factories.hold(event, "Fan club", seats=4)

    @pytest.fixture
    def presale(self, voucher, hold):
        return voucher(hold_id=hold.id, max_uses=9)

    def seats(self, sql):
        counted = sql("SELECT seats_available, seats_held FROM events")
        return counted + sql("SELECT seats_left FROM holds")

    def test_its_seats_come_from_the_hold(self, order, presale, sql):
        version = sql("SELECT version FROM events")[0][0]
        order(presale, seats=3)
        assert self.seats(sql) == [(16, 1), (1,)]
        assert sql("SELECT version FROM events") == [(version + 1,)]
        with pytest.raises(NotEnoughSeats) as refused:
            order(presale, seats=2)
        assert (refused.value.asked, refused.value.left) == (2, 1)
        assert uses(sql) == [1]

    def test_it_sells_when_everything_else_is_sold_out(self, order, presale, sql):
        order(None, seats=16)
        with pytest.raises(NotEnoughSeats):
            order(None)
        assert order(presale, seats=4)
        assert self.seats(sql) == [(0, 0), (0,)]

    def test_it_sells_before_sales_open_and_not_when_they_are_paused(
        self, order, presale, voucher, sql
    ):
        sql("UPDATE events SET sales_open_at = now() + interval '1 day'")
        order(presale)
        for code in (None, voucher()):
            with pytest.raises(SalesClosed):
                order(code)
        sql("UPDATE events SET sales_paused = true, sales_open_at = NULL")
        with pytest.raises(SalesClosed):
            order(presale)

    def test_it_opens_a_type_whose_sale_has_not_begun(
        self, order, hold, voucher, factories, event, sql
    ):
        later = now() + timedelta(days=1)
        kinds = factories.ticket_types(event, {"name": "Early", "sales_open_at": later})
        items = [Item(kinds["Early"].id, 2)]
        order(voucher(hold_id=hold.id), seats=2, items=items)
        assert sql("SELECT name, taken FROM ticket_types ORDER BY id") == [
            ("General", 0),
            ("Early", 2),
        ]

    def test_two_codes_and_a_batch_share_one_hold(self, desk, event, hold, voucher, make_user, sql):
        keys = [voucher(hold_id=hold.id, max_uses=9).code_key for _ in range(2)] * 3
        user = make_user()
        outcomes = desk.settle([Order(user.id, event.id, 1, code=key) for key in keys])
        assert [isinstance(one, Booked) for one in outcomes] == [True] * 4 + [False] * 2
        assert self.seats(sql) == [(16, 0), (0,)]

    def test_seats_given_back_go_on_sale(self, desk, order, presale, sql):
        made = order(presale, seats=3)
        bookings.cancel(desk, made.booking.id)
        assert (self.seats(sql), uses(sql)) == ([(19, 1), (1,)], [0])

    def test_it_ends_with_its_hold(self, desk, order, presale, hold, event, sql):
        holds.release_hold(event.id, hold.id, desk)
        with pytest.raises(VoucherNotFound):
            order(presale)
        assert sql("SELECT withdrawn, hold_id FROM vouchers") == [(True, None)]

    def test_a_limit_per_person_holds(self, order, presale, sql):
        sql("UPDATE events SET max_per_person = 2")
        with pytest.raises(OverPersonLimit):
            order(presale, seats=3)


class TestAUseGivenBack:
    """A use ends when none of its order's seats is taken any more."""

    def test_a_cancelled_order_gives_it_back_and_a_part_does_not(self, desk, order, voucher, sql):
        code = voucher()
        made = order(code, seats=3)
        bookings.cancel(desk, made.booking.id, keep=1)
        assert uses(sql) == [1]
        bookings.cancel(desk, made.booking.id)
        bookings.cancel(desk, made.booking.id)
        assert uses(sql) == [0]
        order(code)

    def test_a_friend_s_seat_keeps_it(self, desk, order, voucher, sql, make_user):
        user = make_user()
        made = order(voucher(), seats=2, user=user)
        gift = gifts.give(desk, made.booking.id, seat=2, by_user=user.id)
        bookings.cancel(desk, made.booking.id)
        assert uses(sql) == [1]
        bookings.cancel(desk, gift.booking_id)
        assert uses(sql) == [0]

    def test_a_seat_taken_back_keeps_it(self, desk, order, voucher, sql, make_user):
        user = make_user()
        made = order(voucher(), user=user)
        gift = gifts.give(desk, made.booking.id, seat=1, by_user=user.id)
        gifts.take_back(desk, made.booking.id, gift.booking_id, by_user=user.id)
        assert uses(sql) == [1]

    def test_a_deleted_event_uses_none(self, desk, order, voucher, event, sql):
        order(voucher(max_uses=3))
        events.delete_event(event.id, desk, force=True)
        assert uses(sql) == [0]

    def test_a_deleted_account_gives_it_back(self, desk, order, voucher, make_user, sql):
        user = make_user(password="correct horse battery")
        order(voucher(), user=user)
        account_deletion.delete_account(user.id, "correct horse battery", desk)
        assert uses(sql) == [0]


class TestUntilItIsPaid:
    """Reservations count as uses until they end."""

    @pytest.fixture
    def event(self, make_event):
        return make_event(capacity=20, price_minor=500, payment_minutes=15)

    def end(self, sql):
        sql("UPDATE bookings SET reserved_until = now() - interval '1 s' WHERE id > 0")
        sql("UPDATE events SET next_expiry_at = now() - interval '1 s'")

    def test_what_costs_nothing_with_the_code_is_confirmed_at_once(self, order, voucher):
        free = order(voucher(price_effect="percent_off", price_value=100))
        dear = order(voucher(price_effect="percent_off", price_value=99))
        assert [one.booking.status for one in (free, dear)] == ["CONFIRMED", "RESERVED"]

    def test_a_reservation_that_ends_gives_its_use_back(
        self, desk, order, voucher, factories, event, sql
    ):
        kinds = factories.ticket_types(event, {"name": "VIP", "price_minor": 2000})
        items = [Item(kinds["General"].id, 2), Item(kinds["VIP"].id, 1)]
        code = voucher(max_uses=3)
        order(code, seats=3, items=items)
        order(code)
        paid = order(voucher())
        with transaction() as session:
            assert reservations.confirm(session, [paid.booking.id], now())
        assert uses(sql) == [2, 1]
        sql("UPDATE bookings SET reserved_until = now() - interval '1 s' WHERE status='RESERVED'")
        sql("UPDATE events SET next_expiry_at = now() - interval '1 s'")
        expire_due(desk)
        assert uses(sql) == [0, 1]

    def test_the_next_order_ends_what_is_due_without_a_worker(self, order, voucher, sql):
        code = voucher()
        order(code)
        with pytest.raises(VoucherUsedUp):
            order(code)
        self.end(sql)
        assert order(code)
        assert uses(sql) == [1]

    def test_money_that_comes_too_late_needs_a_use(self, desk, order, voucher, event, sql):
        code = voucher()
        late = order(code)
        self.end(sql)
        other = order(code)

        def take_anew():
            with desk.changing(event.id) as changes:
                given = changes.session, changes.event(event.id), [late.booking.id], now()
                return late_payments.take_anew(*given)

        assert not take_anew()
        bookings.cancel(desk, other.booking.id)
        assert take_anew()
        assert uses(sql) == [1]


def test_a_voucher_of_a_deleted_account_s_email_is_nobody_s(desk, voucher, make_user, sql):
    user = make_user(email="meena@example.com", password="correct horse battery")
    voucher(email="Meena@example.com", note="Meena's")
    account_deletion.delete_account(user.id, "correct horse battery", desk)
    assert sql("SELECT email, note, withdrawn FROM vouchers") == [(None, "", True)]


def test_a_repeated_request_finds_its_booking_and_uses_nothing_more(order, voucher, sql):
    code, other = voucher(), voucher()
    first = order(code, idempotency_key="k")
    again = order(code.code.lower(), idempotency_key="k")
    assert (again.replayed, again.booking) == (True, first.booking)
    assert uses(sql) == [1, 0]
    for another in (None, other):
        with pytest.raises(IdempotencyKeyReused):
            order(another, idempotency_key="k")


def test_a_guest_s_repeated_request_does_too(desk, event, voucher, sql):
    code = voucher().code
    guest = {"email": "meena@example.com", "name": "Meena", "event_id": event.id, "seats": 1}
    first = bookings.book_as_guest(desk, **guest, code=code, idempotency_key="one")
    again = bookings.book_as_guest(desk, **guest, code=code, idempotency_key="one")
    assert (first.booking, again.replayed, uses(sql)) == (again.booking, True, [1])
    with pytest.raises(IdempotencyKeyReused):
        bookings.book_as_guest(desk, **guest, idempotency_key="one")


def test_a_type_with_vouchers_is_not_deleted(desk, event, kinds, voucher):
    voucher(ticket_type_id=kinds["Box"].id)
    with pytest.raises(InvalidField, match="vouchers"):
        ticket_types.remove_type(event.id, kinds["Box"].id, desk)


@pytest.mark.parametrize("by", ["users", "guests"])
def test_only_a_batch_with_a_code_takes_a_statement_more(
    desk, event, make_user, voucher, statements, by
):
    code = voucher(max_uses=9).code_key

    def turn(*codes):
        who = {"user_id": make_user().id}
        orders = [Order(**who, event_id=event.id, seats=1, code=one) for one in codes]
        if by == "guests":
            guest = Guest("meena@example.com", "Meena")
            orders = [Order(None, event.id, 1, code=one, guest=guest) for one in codes]
        before = len(statements)
        assert all(isinstance(one, Booked) for one in desk.settle(orders))
        return statements[before:]

    assert len(turn(None, None)) == 3
    assert not any("voucher" in one for one in turn(None, None))
    assert len(turn(None, code, code)) == 4
