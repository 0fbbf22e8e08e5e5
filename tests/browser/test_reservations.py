"""A reservation's page becomes the ticket by itself, or says that its time is over."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from app.models import PaymentProvider
from app.models.columns import now
from app.services import payments
from app.services.payments import Received
from tests.support.expiry import expire_due

SECOND = timedelta(seconds=1)


def book(page, event, name):
    """Two seats, as a guest."""
    page.goto(f"/events/{event.id}")
    page.get_by_label("Your name", exact=True).fill(name)
    page.get_by_label("Email", exact=True).fill(f"{name.lower()}@example.com")
    page.get_by_label("Seats", exact=True).fill("2")
    page.get_by_role("button", name=re.compile("^Book 2 seats · ₹1,000")).click()


def test_the_page_of_a_reservation_becomes_the_ticket_or_says_that_its_time_is_over(
    visit, make_event, app, desk, sql
):
    event = make_event(capacity=9, price_minor=50_000, payment_minutes=15)
    with visit(quick=True) as pays, visit(quick=True) as leaves:
        for page, name in ((pays, "Asha"), (leaves, "Bo")):
            book(page, event, name)
            expect(page.get_by_role("heading", level=1)).to_have_text("Your seats are reserved")
            expect(page.locator(".countdown")).to_have_text(re.compile(r"^00:1[45]:\d\d left"))
            expect(page.locator(".codes")).to_have_count(0)
        paid, unpaid = (row[0] for row in sql("SELECT id FROM bookings ORDER BY id"))
        with app.app_context():
            payments.record_paid(desk, paid, Received(PaymentProvider.DOOR, 100_000, "INR"))
        expect(pays.get_by_role("heading", level=1)).to_contain_text("You're going to")
        expect(pays.locator(".codes .qr")).to_have_count(2)
        over = now() - SECOND
        sql("UPDATE bookings SET reserved_until = %s WHERE id = %s", over, unpaid)
        sql("UPDATE events SET next_expiry_at = %s", over)
        with app.app_context():
            expire_due(desk)
        expect(leaves.get_by_role("heading", level=1)).to_have_text("The time to pay is over")
        leaves.get_by_role("link", name="Book again").click()
        expect(leaves.get_by_role("spinbutton", name="Seats")).to_have_value("2")


def test_who_pays_on_a_providers_page_comes_back_to_the_ticket(visit_mailing, make_event, stripe):
    """The provider's page stands where the provider would: it pays, and leads back."""

    def pay(route):
        session = stripe.pay()
        route.fulfill(status=303, headers={"Location": session["success_url"]})

    event = make_event(capacity=9, price_minor=50_000, payment_minutes=15)
    with visit_mailing() as page:
        page.route("https://checkout.stripe.com/**", pay)
        book(page, event, "Asha")
        page.get_by_role("button", name="Pay ₹1,000 by Stripe").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("You're going to")
        expect(page.locator(".codes .qr")).to_have_count(2)
