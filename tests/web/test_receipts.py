"""Receipts as buyers and staff see them: pages, PDFs, the accountant's file."""

import csv
import io
import re
from decimal import Decimal

import pytest

from app.presenters.ticket_addresses import ticket_secret
from app.services import bookings, gifts, receipts, refunds
from tests.web.test_currencies import inputs
from tests.web.test_ticket_pdf import opened, said

GST = {"tax_name": "GST", "tax_rate": Decimal(18), "tax_number": "36AABCU9603R1ZO"}
SELLER = {"organiser_name": "సంగీత సభ", "organiser_address": "12 Temple Street\nHyderabad"}


@pytest.fixture
def event(make_event):
    return make_event(name="Sarangi Evening", price_minor=50_000, payment_minutes=15, capacity=20)


@pytest.fixture
def site(app):
    before = app.extensions["settings"]
    app.extensions["settings"] = before.model_copy(update={**GST, **SELLER, "tax_code": "999629"})
    yield
    app.extensions["settings"] = before


@pytest.fixture
def paid(event, alice, make_booking, factories):
    def paid(seats=2, of=event, **facts):
        facts = {"user": alice, "price_minor": of.price_minor, "booked_in": of.currency, **facts}
        booking = make_booking(of, seats=seats, **facts)
        line = {"seats": seats, "price_minor": of.price_minor, "ticket_type_id": None}
        factories.payment(booking, currency=of.currency, seats_paid=[line])
        return booking

    return paid


@pytest.fixture
def credited(app, desk, factories, sql):
    """Cancel a booking that is paid, and pay it back."""

    def credited(booking):
        with app.app_context():
            bookings.cancel(desk, booking.id, organiser=True)
            for (refund_id,) in sql("SELECT id FROM refunds"):
                refunds.mark_paid_back(refund_id)

    return credited


def test_whoever_paid_finds_the_receipt_on_the_tickets_page(site, signed_in, paid):
    booking = paid()
    ticket = signed_in.get(f"/bookings/{booking.id}").text
    assert f'href="/bookings/{booking.id}/receipts"' in ticket
    page = signed_in.get(f"/bookings/{booking.id}/receipts")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    text = re.sub(r"<[^>]+>|\s+", " ", page.text)
    for told in ("Tax invoice", "R26-27/00001", "సంగీత సభ", "GSTIN 36AABCU9603R1ZO", "999629"):
        assert told in text
    for told in ("Telangana (36)", "₹1,000", "₹847.46", "CGST 9 %", "SGST 9 %", "₹76.27"):
        assert told in text
    address = re.search(r'href="([^"]+[.]pdf)"', page.text)[1]
    document = opened(signed_in.get(address))
    assert "R26-27/00001" in said(document)


def test_the_secret_address_opens_it_too_and_no_other_booking_does(
    app, site, client, signed_in, paid, make_user
):
    booking, other = paid(), paid(user=make_user())
    with app.app_context():
        secrets = [ticket_secret(one) for one in (booking, other)]
        mine, hidden = (
            receipts.receipts_of(bookings.get_booking(one.id))[0].id for one in (booking, other)
        )
    assert client.get(f"/tickets/{secrets[0]}/receipts").status_code == 200
    assert client.get(f"/tickets/{secrets[0]}/receipts/{mine}.pdf").status_code == 200
    assert client.get(f"/tickets/{secrets[0]}/receipts/{hidden}.pdf").status_code == 404
    assert signed_in.get(f"/bookings/{booking.id}/receipts/{hidden}.pdf").status_code == 404
    assert signed_in.get(f"/bookings/{other.id}/receipts").status_code == 404


def test_a_ticket_that_was_not_paid_here_or_was_given_has_no_receipt(
    app, desk, signed_in, alice, paid, make_event, make_booking, client
):
    door = make_booking(make_event(price_minor=100), user=alice, price_minor=100)
    assert "/receipts" not in signed_in.get(f"/bookings/{door.id}").text
    assert signed_in.get(f"/bookings/{door.id}/receipts").status_code == 404
    booking = paid()
    with app.app_context():
        gift = gifts.give(desk, booking.id)
        friend = gifts.accept(desk, gift.booking_id, name="Ravi", email="ravi@example.org")
        secret = ticket_secret(friend)
    assert "/receipts" not in client.get(f"/tickets/{secret}").text
    assert client.get(f"/tickets/{secret}/receipts").status_code == 404
    assert "/receipts" in signed_in.get(f"/bookings/{booking.id}").text


@pytest.mark.parametrize("name", ["రవి శంకర్", "محمد العربي"])
def test_a_name_is_shaped_on_paper_as_on_tickets(signed_in, paid, make_event, name):
    event = make_event(name="హైదరాబాద్ నృత్యోత్సవం", price_minor=4_500, currency="JPY", payment_minutes=15)
    booking = paid(of=event, guest_name=name)
    page = signed_in.get(f"/bookings/{booking.id}/receipts")
    assert "Receipt" in page.text
    assert "¥9,000" in page.text
    address = re.search(r'href="([^"]+[.]pdf)"', page.text)[1]
    assert opened(signed_in.get(address))


def test_a_cancelled_booking_shows_its_credit_note(site, signed_in, paid, credited):
    booking = paid()
    signed_in.get(f"/bookings/{booking.id}/receipts")
    credited(booking)
    assert f"/bookings/{booking.id}/receipts" in signed_in.get(f"/bookings/{booking.id}").text
    text = re.sub(r"<[^>]+>|\s+", " ", signed_in.get(f"/bookings/{booking.id}/receipts").text)
    assert "C26-27/00001" in text
    assert "R26-27/00001 of" in text


def test_the_accountants_file_has_the_months_numbers_and_taxes(
    site, signed_in, organiser, paid, credited
):
    booking = paid()
    signed_in.get(f"/bookings/{booking.id}/receipts")
    credited(booking)
    signed_in.get(f"/bookings/{booking.id}/receipts")
    page = organiser.get("/admin/receipts")
    address = re.search(r'href="(/admin/receipts[.]csv[?]month=[^"]+)"', page.text)[1]
    answer = organiser.get(address)
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["Number"] for row in rows] == ["R26-27/00001", "C26-27/00001"]
    assert [row["Amount"] for row in rows] == ["1000.00", "-1000.00"]
    assert [row["Corrects"] for row in rows] == ["", "R26-27/00001"]
    first = rows[0]
    assert (first["Net"], first["Tax"]) == ("847.46", "152.54")
    assert (first["Tax 1"], first["Rate 1"], first["Amount 1"]) == ("CGST", "9", "76.27")
    assert first["Email"] == "alice@example.com"
    assert organiser.get("/admin/receipts.csv?month=1999-01").text.count("\n") == 1


def test_staff_open_it_from_the_payment_and_the_booking(signed_in, organiser, paid, event):
    booking = paid()
    signed_in.get(f"/bookings/{booking.id}/receipts")
    for address in (
        f"/admin/bookings/{booking.id}",
        f"/admin/events/{event.id}/payments?received=1",
        f"/admin/receipts?event={event.id}",
    ):
        page = organiser.get(address).text
        shown = re.search(r'href="(/admin/receipts/\d+)"', page)[1]
    assert "R26-27/00001" in organiser.get(shown).text
    assert "R26-27/00001" in said(opened(organiser.get(f"{shown}.pdf")))


def test_an_event_is_given_its_own_rate_and_state(site, organiser, event, sql):
    address = f"/admin/events/{event.id}/edit"
    page = organiser.get(address).text
    assert "Tax in the price, in per cent" in page
    sent = {**inputs(page), "currency": "INR", "tax_rate": "2.5", "tax_place": "33"}
    assert organiser.post(address, sent).status_code == 303
    assert sql("SELECT tax_bp, tax_place FROM events") == [(250, "33")]


def test_a_site_without_a_tax_asks_nothing_of_it_and_keeps_what_is_set(organiser, event, sql):
    sql("UPDATE events SET tax_bp = 500, tax_place = '33'")
    address = f"/admin/events/{event.id}/edit"
    page = organiser.get(address).text
    assert 'name="tax_rate"' not in page
    assert organiser.post(address, {**inputs(page), "currency": "INR"}).status_code == 303
    assert sql("SELECT tax_bp, tax_place FROM events") == [(500, "33")]
