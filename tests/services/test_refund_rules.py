"""The organiser's rule of how much comes back on cancelling, and which one holds for whom."""

from datetime import UTC, datetime, timedelta

import pytest

from app.db import db
from app.errors import InvalidField, RefundChanged
from app.models import PaymentProvider
from app.models.columns import now
from app.services import (
    account_deletion,
    bookings,
    events,
    gifts,
    payments,
    seat_refunds,
)
from app.services.payment_figures import figures_of
from app.services.payments import Received
from app.services.seat_refunds import RefundBy

PASSWORD = "correct horse battery"
WEEK, DAY = 168, 24
ALL = [{"hours_before": None, "percent": 100}]
HALF = [{"hours_before": None, "percent": 50}]
NOTHING = [{"hours_before": None, "percent": 0}]
STEPS = [{"hours_before": WEEK, "percent": 100}, {"hours_before": None, "percent": 50}]
pytestmark = pytest.mark.usefixtures("invariants", "asha")


@pytest.fixture
def make(make_event):
    def make(rule=None, days=10, price=25_000, **facts):
        start = now() + timedelta(days=days)
        facts = {"start_at": start, "price_minor": price, "payment_minutes": 15, **facts}
        return make_event(refund_rule=rule, capacity=20, **facts)

    return make


@pytest.fixture
def paid(desk, make_user):
    def paid(event, seats=1, **facts):
        facts = {"user_id": make_user().id, **facts}
        booking = bookings.book(desk, event_id=event.id, seats=seats, **facts).booking
        amount = booking.price_minor * seats
        received = Received(PaymentProvider.TRANSFER, amount, event.currency, f"T-{booking.id}")
        payments.record_paid(desk, booking.id, received)
        return bookings.get_booking(booking.id)

    return paid


@pytest.fixture
def change(desk):
    def change(event, **facts):
        return events.update_event(event.id, facts, desk)

    return change


@pytest.fixture
def long_ago(sql):
    """Let the rules that were replaced be so for longer than a page stays open."""

    def long_ago():
        sql("UPDATE refund_rules SET stood_until = stood_until - interval '2 days'")

    return long_ago


@pytest.fixture
def money(sql):
    """What is owed, and what is kept, by row of seats given back."""

    def money():
        query = (
            "SELECT coalesce(refunds.amount_minor, 0), coalesce(kept_amounts.amount_minor, 0)"
            " FROM refunds FULL JOIN kept_amounts USING (booking_id) ORDER BY booking_id"
        )
        return sql(query)

    return money


def quote_now(booking):
    db.session.expire_all()
    return seat_refunds.quote(bookings.get_booking(booking.id))


def quoted(booking):
    return quote_now(booking).refund_minor


class TestTheRule:
    def test_gives_back_what_it_says_and_the_rest_is_kept(self, desk, make, paid, money):
        booking = paid(make(STEPS, days=3), seats=2)
        assert quoted(booking) == 12_500
        bookings.cancel(desk, booking.id, by_user=booking.user_id)
        assert money() == [(25_000, 25_000)]

    def test_gives_all_before_its_first_step_is_over(self, desk, make, paid, money):
        booking = paid(make(STEPS, days=8))
        bookings.cancel(desk, booking.id)
        assert money() == [(25_000, 0)]

    def test_that_gives_nothing_makes_no_refund(self, desk, make, paid, money):
        booking = paid(make(NOTHING))
        bookings.cancel(desk, booking.id)
        assert money() == [(0, 25_000)]

    def test_moves_with_the_event(self, desk, make, paid, change, money):
        event = make(STEPS, days=3)
        booking = paid(event)
        change(event, start_at=now() + timedelta(days=30))
        bookings.cancel(desk, booking.id)
        assert money() == [(25_000, 0)]

    def test_ends_with_the_deadline(self, make, paid):
        event = make(STEPS, cancel_until=now() + timedelta(hours=1))
        booking = paid(event)
        assert quoted(booking) == 25_000
        late = seat_refunds.quote(booking, now() + timedelta(hours=2))
        assert (late.refund_minor, late.periods) == (0, [])

    def test_counts_hours_by_the_events_clock(self, make, paid):
        """Clocks in New York go forward on 9 March 2031."""
        start = datetime(2031, 3, 12, 23, 0, tzinfo=UTC)  # 19:00 there
        event = make(STEPS, start_at=start, time_zone="America/New_York")
        (first, *_) = seat_refunds.quote(paid(event)).periods
        assert first.until == datetime(2031, 3, 6, 0, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("currency", "price", "percent", "seat"),
        [("JPY", 4501, 33, 1486), ("KWD", 12_345, 50, 6173), ("INR", 33_333, 50, 16_667)],
    )
    def test_rounds_each_seat_up_to_the_smallest_unit(
        self, desk, make, paid, money, currency, price, percent, seat
    ):
        rule = [{"hours_before": None, "percent": percent}]
        booking = paid(make(rule, price=price, currency=currency), seats=3)
        for keep in (2, 2, 0):
            bookings.cancel(desk, booking.id, keep=keep)
        rows = [(seat, price - seat), (2 * seat, 2 * (price - seat))]
        assert sorted(money()) == rows
        assert sum(map(sum, money())) == 3 * price

    def test_holds_for_each_type_by_its_own_price_and_never_gives_more_than_came(
        self, desk, make, paid, money, sql
    ):
        booking = paid(make(HALF), seats=2)
        sql("UPDATE payments SET amount_minor = 30000")
        bookings.cancel(desk, booking.id, keep=1)
        bookings.cancel(desk, booking.id)
        assert sum(map(sum, money())) == 30_000

    def test_is_not_asked_where_nothing_was_paid_here(self, desk, make, make_booking, money):
        event = make(HALF, payment_minutes=None)
        booking = make_booking(event, price_minor=25_000)
        assert seat_refunds.quote(bookings.get_booking(booking.id)) is None
        bookings.cancel(desk, booking.id, seen_refund=25_000)
        assert money() == []


class TestWhatWasAgreed:
    def test_holds_when_the_rule_becomes_worse(self, desk, make, paid, change, long_ago, money):
        event = make()
        before = paid(event)
        change(event, refund_rule=NOTHING)
        long_ago()
        after = paid(event)
        assert (quoted(before), quoted(after)) == (25_000, 0)
        for booking in (before, after):
            bookings.cancel(desk, booking.id)
        assert money() == [(25_000, 0), (0, 25_000)]

    def test_gives_way_to_a_better_rule_also_in_between(self, make, paid, change, long_ago):
        event = make(NOTHING)
        booking = paid(event)
        for rule, back in ((HALF, 12_500), (None, 25_000), (NOTHING, 25_000)):
            change(event, refund_rule=rule)
            long_ago()
            assert quoted(booking) == back
        assert quoted(paid(event)) == 0

    def test_holds_from_the_reservation_on(self, desk, make, change, long_ago, make_user):
        event = make()
        order = {"user_id": make_user().id, "event_id": event.id, "seats": 1}
        booking = bookings.book(desk, **order).booking
        change(event, refund_rule=NOTHING)
        long_ago()
        received = Received(PaymentProvider.TRANSFER, 25_000, "INR", "T-1")
        payments.record_paid(desk, booking.id, received)
        assert quoted(bookings.get_booking(booking.id)) == 25_000

    def test_holds_for_who_had_the_page_open_when_it_changed(self, make, paid, change):
        event = make()
        change(event, refund_rule=NOTHING)
        assert quoted(paid(event)) == 25_000

    def test_is_nothing_that_stood_in_a_draft(self, make, paid, change, sql):
        event = make(status="draft")
        change(event, refund_rule=HALF)
        change(event, refund_rule=NOTHING, status="published")
        assert sql("SELECT * FROM refund_rules") == []
        assert quoted(paid(event)) == 0

    def test_is_at_each_moment_what_gives_most(self, make, paid, change, long_ago):
        event = make(STEPS, days=10)
        booking = paid(event)
        change(event, refund_rule=[{"hours_before": DAY, "percent": 80}, *NOTHING])
        long_ago()
        percents = [percent for _until, percent in quote_now(booking).periods]
        assert percents == [100, 80, 50]

    def test_is_not_kept_where_nothing_changed(self, make, change, sql):
        event = make(HALF)
        change(event, refund_rule=HALF, name="Another")
        assert sql("SELECT * FROM refund_rules") == []


class TestGuests:
    def test_a_friends_seat_comes_back_to_the_giver_by_what_was_agreed_with_them(
        self, desk, make, paid, change, long_ago, money, sql
    ):
        event = make(HALF)
        booking = paid(event, seats=2)
        change(event, refund_rule=NOTHING)
        long_ago()
        gift = gifts.give(desk, booking.id)
        friend = bookings.get_booking(gift.booking_id)
        assert seat_refunds.quote(friend) is None
        assert seat_refunds.quote(friend, also_gift=True).refund_minor == 12_500
        bookings.cancel(desk, friend.id, seen_refund=25_000)
        assert money() == [(12_500, 12_500)]
        assert sql("SELECT payment_id FROM refunds") == sql("SELECT id FROM payments")

    def test_who_leaves_gets_it_by_the_rule(self, desk, make, paid, make_user, money):
        user = make_user(password=PASSWORD)
        paid(make(HALF), user_id=user.id)
        account_deletion.delete_account(user.id, PASSWORD, desk)
        assert money() == [(12_500, 12_500)]

    def test_who_was_told_of_more_gives_nothing_back_unasked(self, desk, make, paid, change, money):
        event = make(STEPS, days=8)
        booking = paid(event)
        seen = quoted(booking)
        # A step passes, here as the start moves.
        change(event, start_at=now() + timedelta(days=3))
        with pytest.raises(RefundChanged) as refused:
            bookings.cancel(desk, booking.id, seen_refund=seen)
        assert (refused.value.refund_minor, refused.value.currency) == (12_500, "INR")
        assert bookings.get_booking(booking.id).stands
        bookings.cancel(desk, booking.id, seen_refund=12_500)
        assert money() == [(12_500, 12_500)]

    def test_who_was_told_of_less_gets_what_comes_back_now(self, desk, make, paid, money):
        booking = paid(make())
        bookings.cancel(desk, booking.id, seen_refund=0)
        assert money() == [(25_000, 0)]


class TestStaff:
    @pytest.mark.parametrize(
        ("refund", "rows"),
        [
            (None, [(50_000, 0)]),
            (RefundBy.ALL, [(50_000, 0)]),
            (RefundBy.RULE, [(25_000, 25_000)]),
            (0, [(0, 50_000)]),
            (31_000, [(31_000, 19_000)]),
            (50_000, [(50_000, 0)]),
        ],
    )
    def test_choose_how_much_comes_back(self, desk, make, paid, money, refund, rows):
        booking = paid(make(HALF), seats=2)
        bookings.cancel(desk, booking.id, organiser=True, refund=refund)
        assert money() == rows

    def test_choose_no_more_than_was_paid(self, desk, make, paid, money):
        booking = paid(make(HALF), seats=2)
        with pytest.raises(InvalidField, match="at most 25000"):
            bookings.cancel(desk, booking.id, organiser=True, keep=1, refund=25_001)
        assert money() == []
        assert bookings.get_booking(booking.id).seats == 2

    @pytest.mark.parametrize("price", [25_000, 0])
    def test_choose_no_amount_of_what_was_not_paid_here(self, desk, make, make_booking, price):
        booking = make_booking(make(price=price), price_minor=price)
        with pytest.raises(InvalidField, match="at most 0, what was paid"):
            bookings.cancel(desk, booking.id, organiser=True, refund=1)
        bookings.cancel(desk, booking.id, organiser=True, refund=0)

    def test_give_nothing_by_the_rule_past_the_deadline(self, desk, make, paid, money):
        booking = paid(make(cancel_until=now() + timedelta(hours=1)))
        events.update_event(booking.event_id, {"cancel_until": now()}, desk)
        bookings.cancel(desk, booking.id, organiser=True, refund=RefundBy.RULE)
        assert money() == [(0, 25_000)]


def test_what_a_cancelled_event_owes_is_all_of_what_stands(desk, make, paid, change, money):
    event = make(HALF)
    booking, gone = paid(event, seats=2), paid(event)
    bookings.cancel(desk, gone.id)
    bookings.cancel(desk, booking.id, keep=1)
    change(event, status="cancelled")
    assert sorted(money()) == [(12_500, 12_500), (12_500, 12_500), (25_000, 0)]


def test_money_that_brings_no_seats_comes_back_as_a_whole(desk, make, paid, sql):
    booking = paid(make(NOTHING))
    again = Received(PaymentProvider.TRANSFER, 25_000, "INR", "T-again")
    payments.record_paid(desk, booking.id, again)
    assert sql("SELECT amount_minor, reason FROM refunds") == [(25_000, "twice")]


def test_what_stays_of_what_was_paid_is_what_is_booked_and_what_is_kept(desk, make, paid, change):
    event = make(HALF)
    _stays, part, gone, by_staff = (paid(event, seats=3) for _ in range(4))
    bookings.cancel(desk, part.id, keep=1)
    bookings.cancel(desk, gone.id)
    bookings.cancel(desk, by_staff.id, organiser=True, refund=1)
    sums = figures_of(event.id)
    assert sums.kept == 25_000 + 37_500 + 74_999
    assert sums.stays == sums.booked + sums.kept


def test_a_copy_has_the_rule(desk, make):
    copy = events.duplicate_event(make(STEPS).id, "Again", desk)
    assert copy.refund_rule == STEPS


@pytest.mark.parametrize("rule", [[], [{}], [{"hours_before": 1, "percent": 50}], [1], "x"])
def test_what_is_no_rule_is_refused_by_its_field(desk, make, change, rule):
    with pytest.raises(InvalidField) as refused:
        change(make(), refund_rule=rule)
    assert refused.value.field == "refund_rule"
