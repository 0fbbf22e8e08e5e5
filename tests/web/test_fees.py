"""Fees on pages: told before the click, never more than was shown, and set by the organiser."""

import csv
import io
import json

import pytest
from lxml import html

from app.services import ticket_types
from tests.web.conftest import HTMX
from tests.web.test_currencies import inputs

pytestmark = pytest.mark.usefixtures("invariants")
GUEST = {"name": "Meena", "email": "meena@example.com"}
BOOKED = "SELECT seats, price_minor, fee_minor FROM bookings ORDER BY id"
FEE = {"fee_minor": 1_000, "fee_basis_points": 300}
"""With a ticket of ₹500: ₹25."""


@pytest.fixture
def event(make_event):
    return make_event(capacity=20, price_minor=50_000, **FEE)


@pytest.fixture
def page(visitor, event):
    """The event's page, or another one."""

    def page(path=None):
        answer = visitor.get(path or f"/events/{event.id}/{event.slug}")
        assert answer.status_code == 200
        return html.fromstring(answer.text)

    return page


def words(soup, where="//main"):
    (found,) = soup.xpath(where)
    return " ".join(" ".join(found.itertext()).split())


def sent_by(soup, **typed):
    """What a browser sends of the booking form."""
    found = soup.xpath("//*[@id='booking-form']//input")
    return {one.get("name"): one.get("value") for one in found if one.get("name")} | GUEST | typed


def book(visitor, event, form, **more):
    return visitor.post(f"/events/{event.id}/bookings", data=form, **more)


class TestShown:
    def test_the_page_tells_what_a_seat_costs_and_its_fee(self, page):
        soup = page()
        assert "₹525 a seat with a fee of ₹25" in words(soup, "//*[@id='booking-form']")
        assert "Price ₹525 with a fee of ₹25" in words(soup, "//dl[@class='facts']")
        assert soup.xpath("//*[@id='seats-asked']/@data-price") == ["52500"]
        assert "₹500" not in words(soup)

    def test_an_included_fee_changes_no_price(self, make_event, page):
        event = make_event(price_minor=50_000, fee_included=True, **FEE)
        soup = page(f"/events/{event.id}/{event.slug}")
        assert "₹500 a seat with a fee of ₹25" in words(soup, "//*[@id='booking-form']")

    def test_lists_and_feeds_tell_what_is_paid(self, page, visitor):
        assert words(page("/"), "//*[contains(@class, 'card-foot')]").startswith("₹525")
        assert "₹525" in visitor.get("/events.atom").text

    def test_search_engines_are_told_what_is_paid(self, page):
        facts = json.loads(page().xpath("//script[@type='application/ld+json']/text()")[0])
        assert facts["offers"]["price"] == "525.00"

    def test_each_ticket_type_has_its_own_and_a_free_one_none(self, page, factories, event):
        vip = {"name": "VIP", "price_minor": 100_000}
        types = factories.ticket_types(event, vip, {"name": "Child", "price_minor": 0})
        soup = page()
        told = [words(soup, f"//*[@id='items-{kind.id}-price']") for kind in types.values()]
        assert told == ["₹525 with a fee of ₹25", "₹1,040 with a fee of ₹40", "Free"]
        assert "Free – ₹1,040 with all fees" in words(soup, "//dl[@class='facts']")
        offers = json.loads(soup.xpath("//script[@type='application/ld+json']/text()")[0])["offers"]
        assert [offer["price"] for offer in offers] == ["525.00", "1040.00", "0.00"]

    def test_a_code_s_price_has_its_fee_and_a_free_seat_none(self, page, factories, event):
        half = factories.voucher(event, price_effect="percent_off", price_value=50)
        gone = factories.voucher(event, price_effect="fixed_price", price_value=0)
        path = f"/events/{event.id}/{event.slug}?code="
        form = "//*[@id='booking-form']"
        told = "₹267.50 a seat instead of ₹525 with a fee of ₹17.50"
        assert told in words(page(path + half.code), form)
        told = words(page(path + gone.code), form)
        assert "Free instead of ₹525" in told
        assert "a fee" not in told

    @pytest.mark.parametrize(
        ("currency", "ticket", "told"),
        [
            ("JPY", 1_020, "JP¥1,046 a seat with a fee of JP¥26"),
            ("KWD", 10_500, "KWD 10.763 a seat with a fee of KWD 0.263"),
        ],
    )
    def test_fees_have_the_decimals_of_their_currency(
        self, make_event, page, currency, ticket, told
    ):
        event = make_event(currency=currency, price_minor=ticket, fee_basis_points=250)
        form = words(page(f"/events/{event.id}/{event.slug}"), "//*[@id='booking-form']")
        assert told in form.replace("\N{NO-BREAK SPACE}", " ")

    def test_events_are_sorted_by_what_is_paid(self, make_event, event, visitor):
        make_event(name="Dearer ticket", price_minor=52_000)
        make_event(name="Dearest", price_minor=52_600)
        make_event(name="Free", price_minor=0, **FEE)
        soup = html.fromstring(visitor.get("/?sort=price").text)
        names = [" ".join(one.split()) for one in soup.xpath("//h2//text()") if one.strip()]
        assert names == ["Free", "Dearer ticket", event.name, "Dearest"]


class TestBooking:
    def test_what_was_shown_is_what_is_booked(self, visitor, event, page, sql):
        answer = book(visitor, event, sent_by(page(), seats="2"))
        assert answer.status_code == 303
        assert sql(BOOKED) == [(2, 52_500, 2_500)]
        ticket = visitor.get(answer.location).text
        assert "₹1,050, with a fee of ₹50" in ticket

    @pytest.mark.parametrize("headers", [None, HTMX], ids=["page", "fragment"])
    def test_a_price_that_rose_meanwhile_is_asked_about_once_more(
        self, visitor, event, page, sql, organiser, headers
    ):
        form = sent_by(page(), seats="2")
        change(organiser, event, fee="25")
        more = {"headers": headers} if headers else {}
        answer = book(visitor, event, form, **more)
        assert answer.status_code == 409
        again = html.fromstring(answer.text)
        told = words(again, "//*[@id='booking-form']//*[@role='alert']")
        assert told == (
            "These seats cost ₹1,080 by now. Nothing is booked yet."
            " Press again to book them at this price."
        )
        assert "₹540 a seat with a fee of ₹40" in words(again, "//*[@id='booking-form']")
        assert words(again, "//*[@id='event-price']").startswith("₹540 with a fee of ₹40")
        assert sql(BOOKED) == []
        assert book(visitor, event, sent_by(again, seats="2"), **more).status_code in {204, 303}
        assert sql(BOOKED) == [(2, 54_000, 4_000)]

    def test_a_price_that_fell_is_simply_paid(self, visitor, event, page, sql, organiser):
        form = sent_by(page())
        change(organiser, event, fee="0", fee_percent="0")
        assert book(visitor, event, form).status_code == 303
        assert sql(BOOKED) == [(1, 50_000, 0)]

    def test_of_ticket_types_only_those_count_that_are_asked_for(
        self, visitor, event, page, factories, sql, desk, app
    ):
        types = factories.ticket_types(event, {"name": "VIP", "price_minor": 100_000})
        form = sent_by(page(), **{f"items-{types['General'].id}": "1"})
        with app.app_context():
            ticket_types.change_type(event.id, types["VIP"].id, {"price_minor": 200_000}, desk)
        assert book(visitor, event, form).status_code == 303
        form |= {f"items-{types['VIP'].id}": "1", "idempotency_key": "another-key-of-a-page"}
        answer = book(visitor, event, form)
        assert answer.status_code == 409
        assert "₹2,595" in answer.text
        assert sql(BOOKED) == [(1, 52_500, 2_500)]

    def test_a_code_that_ceased_to_lower_the_price_books_nothing(
        self, visitor, event, page, factories, sql
    ):
        half = factories.voucher(event, price_effect="percent_off", price_value=50)
        form = sent_by(page(f"/events/{event.id}/{event.slug}?code={half.code}"))
        sql("UPDATE vouchers SET price_value = 10")
        answer = book(visitor, event, form)
        assert answer.status_code == 409
        assert sql(BOOKED) == []


def change(organiser, event, **typed):
    path = f"/admin/events/{event.id}/edit"
    form = inputs(organiser.get(path).text) | typed
    answer = organiser.post(path, form)
    assert answer.status_code == 303, answer.text
    return answer


class TestOrganiser:
    def test_a_form_saved_unchanged_changes_no_fee(self, organiser, event, sql):
        change(organiser, event)
        assert sql("SELECT fee_minor, fee_basis_points, fee_included FROM events") == [
            (1_000, 300, False)
        ]
        assert sql("SELECT count(*) FROM audit_entries WHERE after ? 'fee_minor'") == [(0,)]

    def test_a_fee_is_set_in_the_currency_and_in_per_cent(self, organiser, event, sql):
        change(organiser, event, fee="12.50", fee_percent="2.25", fee_included="included")
        assert sql("SELECT fee_minor, fee_basis_points, fee_included FROM events") == [
            (1_250, 225, True)
        ]
        history = words(html.fromstring(organiser.get("/admin/audit").text))
        for told in (
            "fee ₹10 → ₹12.50",
            "fee in per cent 3 % → 2.25 %",
            "fee is included no → yes",
        ):
            assert told in history.replace("\N{NO-BREAK SPACE}", " ")

    @pytest.mark.parametrize(
        ("typed", "at", "told"),
        [
            ({"fee": "1.005"}, "fee", "INR has 2 decimals"),
            ({"fee_percent": "2.555"}, "fee_percent", "Two decimals at most, as in 2.25."),
            ({"fee_percent": "much"}, "fee_percent", "Enter per cent, as in 2.5."),
            ({"fee_percent": "250"}, "fee_percent", "At most 100 per cent."),
            (
                {"fee": "600", "fee_included": "included"},
                "fee",
                "Can't be more than the price that it is included in.",
            ),
        ],
    )
    def test_what_can_t_be_is_told_at_its_field_and_nothing_is_lost(
        self, organiser, event, sql, typed, at, told
    ):
        path = f"/admin/events/{event.id}/edit"
        form = inputs(organiser.get(path).text) | {"name": "Another"} | typed
        answer = organiser.post(path, form)
        assert answer.status_code == 422
        soup = html.fromstring(answer.text)
        assert told in words(soup, f"//*[@id='{at}-error']")
        kept = inputs(answer.text)
        assert {name: kept[name] for name in ("name", *typed)} == {"name": "Another", **typed}
        assert sql("SELECT name FROM events") == [(event.name,)]

    def test_two_editors_of_price_and_fee_are_both_told(self, organiser, event, sql):
        path = f"/admin/events/{event.id}/edit"
        mine = inputs(organiser.get(path).text) | {"price": "600"}
        change(organiser, event, fee="15")
        assert organiser.post(path, mine).status_code == 409

    def test_the_ticket_types_page_tells_each_fee(self, organiser, event, factories):
        factories.ticket_types(event, {"name": "Child", "price_minor": 0})
        told = words(html.fromstring(organiser.get(f"/admin/events/{event.id}/ticket-types").text))
        told = told.replace("\N{NO-BREAK SPACE}", " ")
        assert "a fee of ₹10 + 3 %, which is added to its price" in told
        assert "Price ₹500 Fee ₹25 added: ₹525 in all" in told
        assert "Price Free Taken" in told

    def test_files_and_figures_tell_the_fees(self, organiser, event, factories):
        facts = {"price_minor": 52_500, "fee_minor": 2_500, "booked_in": "INR"}
        factories.booking(event, seats=2, **facts)
        rows = csv.DictReader(
            io.StringIO(organiser.get("/admin/bookings.csv").text.lstrip("\ufeff"))
        )
        assert [(row["Price"], row["Fee"]) for row in rows] == [("1050.00", "50.00")]
        told = words(html.fromstring(organiser.get(f"/admin/events/{event.id}/payments").text))
        assert "₹50 of the booked are fees" in told
