"""A reservation that is paid by UPI: the code on its page, and what its buyer says of it."""

import re
from html import unescape

import pytest

from app.presenters.ticket_addresses import ticket_secret
from tests.web.conftest import HTML, Visitor

UTR = "412345678901"


@pytest.fixture
def upi_app(make_app):
    return make_app(upi_address="tickets@okbank", upi_name="The Little Stage")


@pytest.fixture
def reserved(make_event, make_booking):
    def make(**facts):
        event = make_event(price_minor=50_000, payment_minutes=15, **facts)
        until = {"reserved_until": event.start_at, "price_minor": 50_000}
        until |= {"booked_in": event.currency}
        return make_booking(event, seats=2, status="RESERVED", **until)

    return make


@pytest.fixture
def address(upi_app):
    def address(booking):
        with upi_app.app_context():
            return f"/tickets/{ticket_secret(booking)}"

    return address


@pytest.fixture
def buyer(upi_app):
    return Visitor(upi_app)


def test_the_page_shows_a_code_and_a_link_with_amount_and_reference(buyer, reserved, address):
    booking = reserved()
    page = unescape(buyer.get(address(booking)).text)
    (link,) = re.findall(r'href="(upi://[^"]+)"', page)
    assert "pa=tickets@okbank" in link
    assert f"am=1000.00&cu=INR&tn={booking.reference}" in link
    assert "UPI code to pay ₹1,000" in page
    assert '<svg viewBox="' in page


@pytest.mark.parametrize("facts", [{"currency": "AED"}], ids=["not in rupees"])
def test_there_is_none_for_other_money(buyer, reserved, address, facts):
    page = buyer.get(address(reserved(**facts))).text
    assert "upi://" not in page
    assert "bank_reference" not in page


def test_there_is_none_without_an_address(visitor, reserved, address):
    assert "upi://" not in visitor.get(address(reserved())).text


def test_the_buyer_gives_the_bank_s_reference_and_corrects_it(buyer, reserved, address, sql):
    ticket = address(reserved())
    for typed, kept in (("4123 4567 8900", "412345678900"), (UTR, UTR)):
        sent = buyer.post(f"{ticket}/payment", {"bank_reference": typed})
        assert (sent.status_code, sent.location) == (303, ticket)
        assert sql("SELECT bank_reference, state FROM payments") == [(kept, "PENDING")]
        page = buyer.get(ticket).text
        assert "looks for your payment" in page
        assert f'value="{kept}"' in page


@pytest.mark.parametrize("typed", ["", "12", "abc", "4" * 13])
def test_what_is_no_reference_is_refused(buyer, reserved, address, sql, typed):
    ticket = address(reserved())
    buyer.post(f"{ticket}/payment", {"bank_reference": typed})
    assert "Enter the 12 digits" in buyer.get(ticket).text
    assert sql("SELECT * FROM payments") == []


def test_another_order_s_reference_is_refused(buyer, reserved, address, sql):
    first, second = address(reserved()), address(reserved())
    for ticket in (first, second):
        buyer.post(f"{ticket}/payment", {"bank_reference": UTR})
    assert "was given for another booking" in buyer.get(second).text
    assert sql("SELECT count(*) FROM payments") == [(1,)]


def test_money_on_its_way_is_told_of_when_time_is_over(buyer, reserved, address, sql):
    ticket = address(reserved())
    sql("UPDATE bookings SET status = 'EXPIRED', reserved_until = now() - interval '1 s'")
    sql("UPDATE events SET seats_available = seats_available + 2")
    page = buyer.get(ticket).text
    assert "upi://" not in page
    buyer.post(f"{ticket}/payment", {"bank_reference": UTR})
    assert sql("SELECT bank_reference FROM payments") == [(UTR,)]


def test_what_is_paid_waits_for_no_reference(buyer, make_event, make_booking, address):
    ticket = address(make_booking(make_event(), price_minor=50_000))
    buyer.post(f"{ticket}/payment", {"bank_reference": UTR})
    assert "This booking is paid" in buyer.get(ticket).text


def test_a_form_from_elsewhere_is_refused(buyer, reserved, address, sql):
    sent = buyer.post(
        f"{address(reserved())}/payment", {"bank_reference": UTR}, headers=HTML, csrf=False
    )
    assert sent.status_code == 400
    assert sql("SELECT * FROM payments") == []


def test_the_page_of_a_cancelled_booking_says_what_is_owed_and_was_paid_back(
    buyer, make_event, make_booking, address, factories, sql
):
    booking = make_booking(make_event(name="Revue & more"), price_minor=50_000)
    refund = factories.refund(factories.payment(booking), booking_id=booking.id, reason="cancelled")
    ticket = address(booking)
    assert "₹500" in unescape(buyer.get(ticket).text)
    assert "is owed to you" not in buyer.get(ticket).text
    sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now()")
    sql("UPDATE events SET seats_available = capacity")
    page = unescape(buyer.get(ticket).text)
    assert "Seats for Revue & more that were paid are cancelled. ₹500 is owed to you." in page
    sql(f"UPDATE refunds SET state = 'PAID_BACK', done_at = now() WHERE id = {refund.id}")
    assert "was paid back to you" in buyer.get(ticket).text
