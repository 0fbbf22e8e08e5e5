"""Receipts of payments and credit notes of refunds: what they say, once and for all."""

from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Event as Signal
from threading import Thread
from zoneinfo import ZoneInfo

import psycopg
import pytest

from app.booking.orders import Item
from app.db import db, transaction
from app.errors import InvalidField, ReceiptNotFound
from app.models import PaymentProvider, Receipt
from app.models.staff_scope import StaffScope, act_within
from app.operations import receipt_checks
from app.services import (
    anonymising,
    bookings,
    events,
    gifts,
    paid_orders,
    payments,
    profile,
    receipt_issuing,
    receipt_numbers,
    receipt_worker,
    receipts,
    refunds,
)
from app.services.payment_batches import Wanted, record_all
from app.services.payments import Received
from app.services.receipt_numbers import Kind
from app.services.receipts import ReceiptQuery
from tests.support.servers import libpq, wait_until

GST = {"tax_name": "GST", "tax_rate": Decimal(18), "tax_number": "36AABCU9603R1ZO"}
pytestmark = pytest.mark.usefixtures("invariants", "asha")


@pytest.fixture
def event(make_event):
    return make_event(price_minor=25_000, payment_minutes=15, capacity=40)


@pytest.fixture
def site(app):
    """Change settings of the site, as a restart would."""
    before = app.extensions["settings"]

    def change(**settings):
        found = app.extensions["settings"].model_copy(update=settings)
        app.extensions["settings"] = found
        return found

    yield change
    app.extensions["settings"] = before


@pytest.fixture
def paid(desk, event, make_user):
    """A booking that is paid, by a transfer of its own."""

    def paid(seats=2, of=event, items=(), name="Asha"):
        seats = sum(one.seats for one in items) or seats
        order = {"event_id": of.id, "seats": seats, "items": items}
        booking = bookings.book(desk, user_id=make_user(name=name).id, **order).booking
        due = paid_orders.to_pay(booking)
        received = Received(
            PaymentProvider.TRANSFER, due.amount_minor, due.currency, f"T-{booking.id}"
        )
        payments.record_paid(desk, booking.id, received)
        return bookings.get_booking(booking.id)

    return paid


@pytest.fixture
def pay_back(sql):
    """Mark all that is owed as paid back."""

    def pay_back():
        for (refund_id,) in sql("SELECT id FROM refunds WHERE state = 'OWED' ORDER BY id"):
            refunds.mark_paid_back(refund_id)

    return pay_back


def names(found):
    return [one.name for one in found]


class TestAReceipt:
    def test_it_says_who_sold_what_to_whom(self, site, paid, sql):
        site(organiser_name="Sangeet Sabha", organiser_address="12 Temple Street")
        booking = paid(seats=3, name="రవి శంకర్")
        assert receipt_issuing.issue_due() == 1
        (receipt,) = receipts.receipts_of(booking)
        assert receipt.name == f"{receipt.series}/00001"
        assert receipt.series == receipt_numbers.series_of(Kind.RECEIPT, receipt.issued_at, site())
        assert (receipt.amount_minor, receipt.tax_minor, receipt.currency) == (75_000, 0, "INR")
        assert (receipt.buyer_name, receipt.buyer_email) == ("రవి శంకర్", booking.user.email)
        assert receipt.facts["seller"]["name"] == "Sangeet Sabha"
        assert receipt.facts["reference"] == booking.reference
        assert receipt.facts["taxes"] == []
        line = {"seats": 3, "type": "", "price_minor": 25_000, "amount_minor": 75_000}
        line["is_fee"] = False
        assert receipt.facts["lines"] == [line]
        assert receipt.settled_at == sql("SELECT paid_at FROM payments")[0][0]

    def test_nothing_that_changes_later_changes_it(self, site, desk, event, paid, sql):
        site(organiser_name="Sangeet Sabha", **GST)
        booking = paid()
        (before,) = receipts.receipts_of(booking)
        before = (before.facts, before.buyer_name, before.tax_minor)
        site(organiser_name="Another", tax_rate=Decimal(5))
        events.update_event(event.id, {"name": "Renamed", "tax_bp": 0}, desk)
        sql("UPDATE users SET name = 'Somebody'")
        bookings.cancel(desk, booking.id, keep=1)
        (after,) = receipts.receipts_of(booking)
        assert (after.facts, after.buyer_name, after.tax_minor) == before

    def test_each_type_is_a_line(self, site, event, factories, paid):
        types = factories.ticket_types(event, {"name": "VIP", "price_minor": 70_000})
        booking = paid(items=[Item(types["General"].id, 1), Item(types["VIP"].id, 2)])
        (receipt,) = receipts.receipts_of(booking)
        lines = [(one["type"], one["seats"], one["amount_minor"]) for one in receipt.facts["lines"]]
        assert lines == [("General", 1, 25_000), ("VIP", 2, 140_000)]
        assert receipt.amount_minor == 165_000

    def test_a_fee_is_a_line_of_its_own(self, make_event, paid):
        event = make_event(price_minor=25_000, payment_minutes=15, fee_minor=1_000)
        (receipt,) = receipts.receipts_of(paid(of=event))
        lines = [(one["is_fee"], one["amount_minor"]) for one in receipt.facts["lines"]]
        assert lines == [(False, 50_000), (True, 2_000)]
        assert receipt.amount_minor == 52_000

    def test_it_says_what_was_paid_for_though_some_was_given_back_before_it_was_issued(
        self, desk, paid, pay_back
    ):
        booking = paid(seats=3)
        bookings.cancel(desk, booking.id, keep=1)
        pay_back()
        receipt, note = receipts.receipts_of(booking)
        assert receipt.facts["lines"][0]["seats"] == 3
        assert note.facts["lines"][0]["seats"] == 2
        assert (receipt.amount_minor, note.amount_minor) == (75_000, 50_000)

    def test_of_an_older_payment_it_says_the_sum_alone(self, paid, sql):
        booking = paid(seats=3)
        sql("UPDATE payments SET seats_paid = NULL")
        (receipt,) = receipts.receipts_of(booking)
        line = {"seats": None, "type": "", "price_minor": None, "amount_minor": 75_000}
        line["is_fee"] = False
        assert receipt.facts["lines"] == [line]

    def test_payments_recorded_together_have_each_their_own(self, desk, event, make_user):
        booked = [
            bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=2).booking
            for _ in range(3)
        ]
        money = [
            Wanted(one.id, Received(PaymentProvider.UPI, 50_000, "INR", f"41234567890{one.id}"))
            for one in booked
        ]
        record_all(desk, money)
        assert receipt_issuing.issue_due() == 3
        found = receipts.list_receipts(ReceiptQuery()).items
        assert [one.number for one in found] == [1, 2, 3]
        assert [one.facts["lines"][0]["seats"] for one in found] == [2, 2, 2]

    def test_money_that_brought_no_seats_has_none(self, desk, paid, pay_back):
        booking = paid()
        again = Received(PaymentProvider.TRANSFER, 50_000, "INR", "T-again")
        payments.record_paid(desk, booking.id, again)
        pay_back()
        assert [one.is_credit_note for one in receipts.receipts_of(booking)] == [False]
        receipt_issuing.issue_due()
        assert names(receipts.list_receipts(ReceiptQuery()).items) == ["R26-27/00001"]

    def test_what_is_issued_once_is_not_issued_again(self, paid):
        booking = paid()
        assert receipt_issuing.issue_due() == 1
        assert receipt_issuing.issue_due() == 0
        assert len(receipts.receipts_of(booking)) == 1


class TestTaxes:
    def test_gst_of_the_organisers_state_is_two_equal_parts(self, site, paid):
        site(tax_code="999629", **GST)
        (receipt,) = receipts.receipts_of(paid())
        part = {"rate": "9", "amount_minor": 3_814}
        assert receipt.facts["taxes"] == [{"name": one, **part} for one in ("CGST", "SGST")]
        assert (receipt.net_minor, receipt.tax_minor) == (42_372, 7_628)
        assert receipt.facts["tax"]["place"] == "36"
        assert receipt.facts["tax"]["code"] == "999629"

    def test_an_event_in_another_state_has_the_unions(self, site, desk, event, paid):
        site(**GST)
        events.update_event(event.id, {"tax_place": "33"}, desk)
        (receipt,) = receipts.receipts_of(paid())
        assert receipt.facts["taxes"] == [{"name": "IGST", "rate": "18", "amount_minor": 7_627}]

    def test_an_event_has_a_rate_of_its_own_or_none(self, site, desk, event, paid):
        site(**GST)
        events.update_event(event.id, {"tax_bp": 500}, desk)
        (receipt,) = receipts.receipts_of(paid())
        assert [one["rate"] for one in receipt.facts["taxes"]] == ["2.5", "2.5"]
        events.update_event(event.id, {"tax_bp": 0}, desk)
        (receipt,) = receipts.receipts_of(paid())
        assert (receipt.facts["taxes"], receipt.tax_minor) == ([], 0)

    @pytest.mark.parametrize(
        ("currency", "price", "rate", "tax"),
        [("INR", 33_333, "18", 10_169), ("JPY", 4_505, "10", 819), ("KWD", 10_505, "5", 1_000)],
    )
    def test_net_and_tax_are_what_was_paid(
        self, site, make_event, paid, currency, price, rate, tax
    ):
        site(tax_name="VAT", tax_rate=Decimal(rate), tax_number="T123")
        event = make_event(price_minor=price, currency=currency, payment_minutes=15)
        (receipt,) = receipts.receipts_of(paid(of=event))
        assert receipt.tax_minor == tax
        assert receipt.net_minor + sum(one["amount_minor"] for one in receipt.facts["taxes"]) == (
            receipt.amount_minor
        )
        assert (
            receipt.amount_minor
            == sum(one["amount_minor"] for one in receipt.facts["lines"])
            == 2 * price
        )

    def test_notes_of_all_that_was_paid_credit_all_of_its_tax(self, site, desk, paid, pay_back):
        site(**GST)
        booking = paid(seats=3)
        for keep in (2, 1, 0):
            bookings.cancel(desk, booking.id, keep=keep)
            pay_back()
            receipt_issuing.issue_due()
        receipt, *notes = receipts.receipts_of(booking)
        assert len(notes) == 3
        assert sum(one.amount_minor for one in notes) == receipt.amount_minor
        assert sum(one.tax_minor for one in notes) == receipt.tax_minor

    def test_a_note_has_the_tax_of_its_receipt(self, site, desk, paid, pay_back):
        site(**GST)
        booking = paid()
        receipt_issuing.issue_due()
        site(tax_rate=Decimal(40))
        bookings.cancel(desk, booking.id)
        pay_back()
        receipt, note = receipts.receipts_of(booking)
        assert note.facts["taxes"] == receipt.facts["taxes"]


class TestACreditNote:
    def test_it_is_issued_once_the_money_is_paid_back(self, desk, paid, pay_back):
        booking = paid()
        bookings.cancel(desk, booking.id)
        assert names(receipts.receipts_of(booking)) == ["R26-27/00001"]
        pay_back()
        receipt, note = receipts.receipts_of(booking)
        assert note.name == "C26-27/00001"
        assert note.facts["receipt"]["number"] == receipt.name
        assert (note.amount_minor, note.buyer_email) == (50_000, receipt.buyer_email)

    def test_an_event_that_was_called_off_by_mistake_has_none(self, desk, event, paid):
        booking = paid()
        events.update_event(event.id, {"status": "cancelled"}, desk)
        events.update_event(event.id, {"status": "published"}, desk)
        assert len(receipts.receipts_of(booking)) == 1

    def test_with_one_an_event_does_not_take_place_after_all(
        self, desk, event, paid, pay_back, sql
    ):
        booking = paid()
        events.update_event(event.id, {"status": "cancelled"}, desk)
        pay_back()
        receipts.receipts_of(booking)
        # As a bank does that can't pay it out.
        sql("UPDATE refunds SET state = 'OWED', done_at = NULL")
        with pytest.raises(InvalidField):
            events.update_event(event.id, {"status": "published"}, desk)


class TestNumbers:
    @pytest.mark.parametrize(
        ("moment", "changed", "series"),
        [
            ("2027-03-31T23:59:59+05:30", {}, "R26-27"),
            ("2027-04-01T00:00:00+05:30", {}, "R27-28"),
            # Still March in London.
            ("2027-04-01T00:00:00+05:30", {"time_zone": "Europe/London"}, "R26-27"),
            ("2027-03-31T23:59:59-04:00", {"time_zone": "America/New_York"}, "R26-27"),
            ("2026-12-31T23:00:00+05:30", {"financial_year_start": 1}, "R2026"),
            ("2027-06-30T12:00:00+05:30", {"financial_year_start": 7}, "R26-27"),
            ("2100-03-01T12:00:00+05:30", {"receipt_prefix": "HYD"}, "HYDR99-00"),
        ],
    )
    def test_a_financial_year_begins_by_the_sites_clock(self, site, moment, changed, series):
        moment = datetime.fromisoformat(moment).astimezone(UTC)
        assert receipt_numbers.series_of(Kind.RECEIPT, moment, site(**changed)) == series

    def test_they_begin_anew_with_the_year(self, site, paid, monkeypatch):
        for moment in ("2027-03-31T23:59:59+05:30", "2027-04-01T00:00:00+05:30"):
            monkeypatch.setattr(
                receipt_numbers, "now", lambda moment=moment: datetime.fromisoformat(moment)
            )
            paid()
            paid()
            receipt_issuing.issue_due()
        found = receipts.list_receipts(ReceiptQuery()).items
        assert names(found) == [f"R{year}/0000{n}" for year in ("26-27", "27-28") for n in (1, 2)]

    def test_a_clock_that_is_behind_issues_nothing_before_what_is_there(self, paid, monkeypatch):
        (before,) = receipts.receipts_of(paid())
        monkeypatch.setattr(receipt_numbers, "now", lambda: datetime(2026, 4, 2, tzinfo=UTC))
        (after,) = receipts.receipts_of(paid())
        assert (after.number, after.issued_at) == (before.number + 1, before.issued_at)

    def test_one_that_failed_leaves_no_gap(self, paid, monkeypatch, sql):
        first = paid()
        receipts.receipts_of(first)
        second = paid()
        with monkeypatch.context() as broken:
            broken.setattr(receipt_issuing, "_no_longer", lambda *_args, **_facts: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                receipt_issuing.issue_due()
        assert sql("SELECT last FROM receipt_series") == [(1,)]
        assert receipt_issuing.issue_due() == 1
        assert [one.number for one in receipts.receipts_of(second)] == [2]

    def test_they_have_at_most_sixteen_characters(self):
        longest = Receipt(series="HYDR26-27", number=999_999)
        assert len(longest.name) == 16


class TestWhoseTheyAre:
    def test_a_friends_seat_has_none(self, desk, paid):
        booking = paid()
        gift = gifts.give(desk, booking.id)
        friend = gifts.accept(desk, gift.booking_id, name="Ravi", email="ravi@example.org")
        assert receipts.receipts_of(friend) == []
        assert not receipts.has_receipt(friend)
        assert len(receipts.receipts_of(bookings.get_booking(booking.id))) == 1

    def test_a_booking_that_was_moved_shows_nothing_of_who_paid(self, paid, sql, make_user):
        booking = paid()
        receipt_issuing.issue_due()
        other = make_user(email="other@example.org")
        sql("UPDATE bookings SET user_id = %s", other.id)
        moved = bookings.get_booking(booking.id)
        assert receipts.receipts_of(moved) == []
        assert not receipts.has_receipt(moved)

    def test_what_costs_nothing_or_was_paid_elsewhere_has_none(self, make_event, make_booking):
        for cost in (0, 25_000):
            booking = make_booking(make_event(price_minor=cost), price_minor=cost)
            booking = bookings.get_booking(booking.id)
            assert not receipts.has_receipt(booking)
            assert receipts.receipts_of(booking) == []

    def test_who_deletes_the_account_leaves_the_name_that_it_was_issued_to(self, paid, sql):
        booking = paid(name="Meena")
        receipt_issuing.issue_due()
        with transaction() as session:
            anonymising.anonymise(session, [booking.user_id], datetime.now(UTC))
        assert sql("SELECT buyer_name, buyer_email FROM receipts") == [("Meena", "")]

    def test_an_account_that_is_being_deleted_waits_for_nobody_and_leaves_no_email(
        self, paid, postgres_url, sql
    ):
        leaving, other = paid(), paid()
        with psycopg.connect(libpq(postgres_url)) as deleting:
            lock = "SELECT 1 FROM users WHERE id = %s FOR UPDATE"
            deleting.execute(lock, [leaving.user_id])
            assert receipt_issuing.issue_due() == 1
            assert len(receipts.receipts_of(other)) == 1
            # As a deletion does next, which owes what the payment brought.
            of_leaving = "SELECT 1 FROM payments WHERE booking_id = %s FOR UPDATE NOWAIT"
            deleting.execute(of_leaving, [leaving.id])
            change = "UPDATE users SET deleted_at = now(), email = 'deleted@invalid' WHERE id = %s"
            deleting.execute(change, [leaving.user_id])
        db.session.rollback()
        assert receipt_issuing.issue_due() == 1
        assert sql("SELECT buyer_email FROM receipts WHERE user_id = %s", leaving.user_id) == [
            ("",)
        ]

    def test_they_are_in_what_a_person_takes_along(self, paid):
        booking = paid()
        receipt_issuing.issue_due()
        (told,) = profile.export(booking.user_id)["receipts"]
        assert (told["number"], told["amount_minor"]) == ("R26-27/00001", 50_000)

    def test_staff_see_those_of_their_events(self, paid, make_event):
        mine, other = make_event(), make_event(price_minor=100, payment_minutes=15)
        (receipt,) = receipts.receipts_of(paid())
        (hidden,) = receipts.receipts_of(paid(of=other))
        act_within(StaffScope(frozenset((receipt.event_id, mine.id))))
        assert receipts.get_receipt(receipt.id).id == receipt.id
        assert [one.id for one in receipts.list_receipts(ReceiptQuery()).items] == [receipt.id]
        with pytest.raises(ReceiptNotFound):
            receipts.get_receipt(hidden.id)


def test_months_begin_by_the_sites_clock(desk, paid, pay_back, sql):
    booking = paid()
    receipts.receipts_of(booking)
    bookings.cancel(desk, booking.id)
    pay_back()
    receipts.receipts_of(booking)
    sql("UPDATE receipts SET issued_at = '2026-10-31 20:00+00' WHERE refund_id IS NULL")
    sql("UPDATE receipts SET issued_at = '2026-10-31 17:00+00' WHERE refund_id IS NOT NULL")
    zone = ZoneInfo("Asia/Kolkata")
    found = [(one.first_day, one.receipts, one.credit_notes) for one in receipts.months(zone)]
    assert found == [(date(2026, 11, 1), 1, 0), (date(2026, 10, 1), 0, 1)]
    for first, kinds in ((date(2026, 11, 1), [False]), (date(2026, 10, 1), [True])):
        query = ReceiptQuery(first, zone)
        assert [one.is_credit_note for one in receipts.iterate_receipts(query)] == kinds
        assert receipts.count_receipts(query) == 1
    assert receipts.months(zone)[0].amount_minor == 50_000
    assert list(receipts.iterate_receipts(ReceiptQuery(date(2026, 12, 1), zone))) == []


class TestWhatIsChecked:
    def test_numbers_without_a_gap_are_well(self, paid, desk, pay_back):
        booking = paid()
        receipts.receipts_of(booking)
        bookings.cancel(desk, booking.id)
        pay_back()
        receipts.receipts_of(booking)
        assert receipt_checks.check() == ([], 0, 0)

    @pytest.mark.parametrize(
        ("fault", "found"),
        [
            ("DELETE FROM receipts WHERE number = 2", (3, 2, 0)),
            ("DELETE FROM receipts WHERE number = 3", (3, 2, 0)),
            ("UPDATE receipts SET number = 5 WHERE number = 2", (3, 3, 1)),
            (
                "UPDATE receipts SET issued_at = issued_at - interval '1 s' WHERE number = 3",
                (3, 3, 1),
            ),
        ],
    )
    def test_a_gap_is_named(self, paid, sql, fault, found):
        for _ in range(3):
            receipts.receipts_of(paid())
        sql(fault)
        ((series, *rest),) = receipt_checks.check().wrong
        assert (series, tuple(rest)) == ("R26-27", found)

    def test_a_payment_that_waits_too_long_is_counted(self, desk, paid, pay_back, sql):
        booking = paid()
        bookings.cancel(desk, booking.id, keep=1)
        pay_back()
        assert receipt_checks.check() == ([], 0, 0)
        sql("UPDATE payments SET paid_at = now() - interval '11 minutes'")
        sql("UPDATE refunds SET done_at = now() - interval '11 minutes'")
        assert receipt_checks.check() == ([], 1, 1)


def test_the_worker_issues_what_is_awaited_and_ends_when_it_is_told(app, paid, monkeypatch):
    monkeypatch.setattr(receipt_worker, "POLL", 0.01)
    booking, stopping = paid(), Signal()
    working = Thread(target=receipt_worker.run, args=(app, stopping), daemon=True)
    working.start()
    wait_until(lambda: receipts.of_payments([1]) or db.session.rollback())
    stopping.set()
    working.join(10)
    assert not working.is_alive()
    assert len(receipts.receipts_of(booking)) == 1
