"""Seats that wait for their payment, as their guest sees them."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.booking import reservations
from app.db import transaction
from app.models import PaymentProvider
from app.models.columns import now
from app.presenters.ticket_addresses import ticket_secret
from app.services import payments, profile
from app.services.payments import Received
from tests.web.conftest import HTMX

LATER = datetime(2031, 5, 4, 9, 5, tzinfo=UTC)
PAID = "UPDATE bookings SET status = 'CONFIRMED', reserved_until = NULL"
OVER = "UPDATE bookings SET status = 'EXPIRED', reserved_until = now() - interval '1 s'"


@pytest.fixture
def event(make_event):
    facts = {"name": "Sarangi Evening", "price_minor": 50_000, "capacity": 20}
    return make_event(**facts, payment_minutes=15, payment_note="By UPI to gate@bank")


@pytest.fixture
def reserved(event, make_booking, alice):
    """Two seats of Alice's, reserved until the 4th of May 2031, 14:35 in Kolkata."""

    def make(of=event, **facts):
        plain = {"seats": 2, "price_minor": of.price_minor, "reserved_until": LATER}
        return make_booking(of, user=alice, status="RESERVED", **{**plain, **facts})

    return make


def words(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def book(visitor, event, **data):
    facts = {"seats": 2, "idempotency_key": "k" * 20, **data}
    return visitor.post(f"/events/{event.id}/bookings", facts)


@pytest.mark.parametrize(
    ("minutes", "time"),
    [(1, "1 minute"), (15, "15 minutes"), (90, "1 hour 30 minutes"), (4320, "3 days")],
)
def test_the_form_says_before_the_click_how_long_seats_wait(visitor, make_event, minutes, time):
    event = make_event(price_minor=50_000, payment_minutes=minutes)
    form = visitor.get(f"/events/{event.id}/{event.slug}").text
    told = f"Your seats are reserved until they are paid: you have {time} to pay."
    assert told in form
    assert "at the door" not in form


@pytest.mark.parametrize("facts", [{"price_minor": 0}, {"payment_minutes": None}])
def test_the_form_says_nothing_of_it_where_nothing_is_paid_first(visitor, make_event, facts):
    event = make_event(**{"price_minor": 50_000, "payment_minutes": 15, **facts})
    assert "reserved" not in visitor.get(f"/events/{event.id}/{event.slug}").text


def test_whoever_books_is_told_what_to_pay_how_and_until_when(signed_in, event, sql):
    answer = book(signed_in, event)
    sql("UPDATE bookings SET reserved_until = %s", LATER)
    page = signed_in.get(answer.location).text
    assert "<h1>Your seats are reserved</h1>" in page
    assert "Pay ₹1,000 by Sun 4 May 2031, 14:35 IST" in words(page)
    assert "By UPI to gate@bank" in page
    assert 'data-countdown="2031-05-04T09:05:00' in page


def test_a_guest_keeps_the_address_of_what_is_reserved(visitor, event):
    answer = book(visitor, event, name="Meera", email="meera@example.com")
    page = visitor.get(answer.location).text
    assert "Your seats are reserved" in page
    assert "Keep this page" in page


def test_what_is_not_paid_has_nothing_to_show_at_the_door(app, signed_in, reserved):
    booking = reserved()
    with app.app_context():
        secret = ticket_secret(booking)
    for own in (f"/bookings/{booking.id}", f"/tickets/{secret}"):
        page = signed_in.get(own)
        for absent in ('class="qr', "ticket.pdf", "wallet", "/gifts", "data-print", "calendar.ics"):
            assert absent not in page.text, absent
        assert "X-Keep-Until" not in page.headers
        for rest in ("ticket.pdf", "apple-wallet", "google-wallet"):
            assert signed_in.get(f"{own}/{rest}").status_code in {404, 409, 410}, rest
        assert "once it is paid" in signed_in.get(f"{own}/gifts").text


def test_the_amount_is_that_of_all_ticket_types_of_the_order(signed_in, event, factories, sql):
    types = factories.ticket_types(event, {"name": "VIP", "price_minor": 200_000, "quota": 5})
    numbers = {f"items-{types['General'].id}": 2, f"items-{types['VIP'].id}": 1}
    page = signed_in.get(book(signed_in, event, seats=3, **numbers).location).text
    references = sql("SELECT DISTINCT order_reference FROM bookings")
    assert len(references) == 1
    assert "Pay ₹3,000 by" in words(page)
    assert "Booked together" in page


@pytest.mark.parametrize(
    ("change", "leads"),
    [("SELECT", None), (PAID, "?new=1"), (OVER, ""), ("cancelled", "")],
)
def test_the_page_learns_what_became_of_it(app, signed_in, reserved, sql, change, leads):
    booking = reserved()
    if change == "cancelled":
        change = "UPDATE bookings SET status = 'CANCELLED', cancelled_at = now()"
    sql(change)
    with app.app_context():
        secret = ticket_secret(booking)
    for own in (f"/bookings/{booking.id}", f"/tickets/{secret}"):
        answer = signed_in.get(f"{own}/payment?seen=RESERVED", headers=HTMX)
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers.get("HX-Redirect") == (None if leads is None else f"{own}{leads}")


def test_without_a_script_the_same_address_leads_to_the_ticket(signed_in, reserved, sql):
    path = f"/bookings/{reserved().id}"
    sql(PAID)
    assert signed_in.get(f"{path}/payment?seen=RESERVED").location == f"{path}?new=1"


def test_another_person_learns_nothing(new_visitor, make_user, reserved):
    stranger = new_visitor()
    stranger.sign_in(make_user(email="eve@example.com", password="correct horse battery").email)
    assert stranger.get(f"/bookings/{reserved().id}/payment").status_code == 404


def test_the_page_is_the_ticket_once_it_is_paid(app, signed_in, reserved, event):
    booking = reserved()
    with app.app_context(), transaction() as session:
        assert reservations.confirm(session, [booking.id], now())
    page = signed_in.get(f"/bookings/{booking.id}?new=1").text
    assert "You're going to" in page
    assert "ticket.pdf" in page
    for absent in ("left to pay", "Pay ₹", "gate@bank"):
        assert absent not in page, absent


def test_what_was_not_paid_in_time_says_so_and_whom_to_ask(signed_in, reserved, sql, event):
    booking = reserved()
    sql("UPDATE bookings SET status = 'EXPIRED'")
    page = words(signed_in.get(f"/bookings/{booking.id}").text)
    assert "The time to pay is over" in page
    assert "reserved until Sun 4 May 2031, 14:35 IST, and were not paid by then" in page
    assert "Have you paid?" in page
    assert "Book again" in page
    sql("UPDATE events SET sales_paused = true, version = version + 1")
    assert "Book again" not in signed_in.get(f"/bookings/{booking.id}").text


def test_what_ended_with_the_event_asks_for_no_payment(signed_in, reserved, sql):
    booking = reserved()
    sql("UPDATE bookings SET status = 'EXPIRED'")
    sql("UPDATE events SET status = 'cancelled', version = version + 1")
    page = words(signed_in.get(f"/bookings/{booking.id}").text)
    assert "the organiser has cancelled this event" in page
    assert "Book again" not in page


def test_its_time_is_over_though_nobody_has_ended_it_yet(signed_in, reserved):
    booking = reserved(reserved_until=now() - timedelta(seconds=1))
    page = signed_in.get(f"/bookings/{booking.id}").text
    assert "The time to pay is over" in page
    assert "Book again" not in page
    assert "payment?seen=RESERVED" in page


def test_times_are_the_events_own(signed_in, reserved, make_event):
    facts = {"currency": "JPY", "price_minor": 4500, "payment_minutes": 4320, "capacity": 9}
    booking = reserved(make_event(time_zone="America/New_York", **facts))
    page = words(signed_in.get(f"/bookings/{booking.id}").text)
    assert "Pay JP¥9,000 by Sun 4 May 2031, 05:05 EDT" in page


def test_my_bookings_ask_for_the_payment_first(
    signed_in, reserved, make_event, make_booking, alice
):
    make_booking(make_event(name="Tomorrow", start_at=now() + timedelta(days=1)), user=alice)
    reserved(reserved_until=now() + timedelta(hours=1))
    page = signed_in.get("/bookings").text
    assert page.index("Sarangi Evening") < page.index("Tomorrow")
    assert "Pay by" in words(page)
    assert 'Upcoming <span class="count">2</span>' in page


def test_what_was_not_paid_in_time_is_among_the_cancelled_ones(signed_in, reserved, sql):
    reserved()
    sql("UPDATE bookings SET status = 'EXPIRED'")
    assert "Sarangi Evening" not in signed_in.get("/bookings").text
    assert "Not paid in time" in signed_in.get("/bookings?show=cancelled").text


def test_the_events_page_tells_what_is_reserved(signed_in, event, reserved, make_booking, alice):
    reserved()
    path = f"/events/{event.id}/{event.slug}"
    page = words(signed_in.get(path).text)
    assert "You have reserved 2 seats. Pay by Sun 4 May 2031, 14:35 IST. See how to pay" in page
    make_booking(event, user=alice, seats=1)
    page = words(signed_in.get(path).text)
    assert "You have 3 seats. 2 of them are reserved: pay by Sun 4 May 2031, 14:35 IST." in page


def test_a_guests_browser_is_told_on_the_events_page_too(visitor, event, sql):
    book(visitor, event, name="Meera", email="meera@example.com")
    sql("UPDATE bookings SET reserved_until = %s", LATER)
    page = words(visitor.get(f"/events/{event.id}/{event.slug}").text)
    assert "You have reserved 2 seats. Pay by Sun 4 May 2031, 14:35 IST." in page


def test_seats_that_are_not_paid_go_back_as_a_whole(signed_in, event, sql):
    book(signed_in, event)
    ((number,),) = sql("SELECT id FROM bookings")
    path = f"/bookings/{number}/cancellation"
    asked = signed_in.get(path).text
    assert "Give back your 2 reserved seats?" in asked
    assert 'type="number"' not in asked
    assert "reserved seats" in signed_in.get(path, headers=HTMX).text
    refused = signed_in.post(path, {"had": "2", "give": "1"})
    assert refused.status_code == 422
    signed_in.post(path, {"had": "2", "give": "2"})
    assert sql("SELECT status FROM bookings") == [("CANCELLED",)]
    assert sql("SELECT seats_available FROM events") == [(20,)]


def test_a_calendar_has_it_as_tentative_until_it_is_paid(signed_in, reserved, sql):
    path = f"/bookings/{reserved().id}/calendar.ics"
    entry = signed_in.get(path).text.replace("\r\n ", "")
    assert "STATUS:TENTATIVE" in entry
    assert "To be paid by Sun 4 May 2031\\, 14:35 IST." in entry
    sql("UPDATE bookings SET status = 'EXPIRED'")
    assert "STATUS:CANCELLED" in signed_in.get(path).text


def test_the_export_of_an_account_tells_until_when_it_waits(app, reserved, alice):
    reserved()
    with app.app_context():
        (booking,) = profile.export(alice.id)["bookings"]
    assert (booking["status"], booking["reserved_until"]) == ("RESERVED", LATER.isoformat())


def test_whoever_has_paid_reads_what_is_owed_for_seats_that_go_back(app, signed_in, reserved, desk):
    booking = reserved()
    path = f"/bookings/{booking.id}/cancellation"
    with app.app_context():
        payments.record_paid(desk, booking.id, Received(PaymentProvider.DOOR, 100_000, "INR"))
        secret = ticket_secret(booking)
    for asked in (path, f"/tickets/{secret}/cancellation"):
        page = words(signed_in.get(asked).text)
        assert "You have paid ₹500 a seat: that is owed to you" in page
        assert "Nothing was charged here" not in page
    assert "that is owed to you" in signed_in.get(path, headers=HTMX).text
