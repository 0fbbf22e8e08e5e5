"""The way of a visitor: sign in, find, book, see the ticket, cancel; the seats are back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import gallery


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_visitor_signs_in_finds_books_sees_the_ticket_and_cancels(
    visit, alice, make_event, sql, invariants, javascript
):
    make_event(name="Indie Concert", capacity=48, price_minor=50000)
    make_event(name="Tech Talk", capacity=50)
    with visit(java_script_enabled=javascript) as page:
        gallery.sign_in(page)
        find(page, "indie")
        book(page, 2)
        expect(page.get_by_role("heading", level=1)).to_contain_text("You're going to")
        reference = page.locator(".reference").inner_text().replace("-", "")
        assert sql("SELECT reference, seats, status FROM bookings") == [(reference, 2, "CONFIRMED")]
        page.reload()
        assert sql("SELECT count(*) FROM bookings") == [(1,)]
        cancel(page)
        expect(page.locator("main")).to_contain_text("Cancelled")
        assert sql("SELECT seats_available FROM events WHERE name = 'Indie Concert'") == [(48,)]


def find(page, words):
    page.goto("/")
    page.get_by_label("Search events").fill(words)
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#found")).to_contain_text("1 event found")
    assert f"q={words}" in page.url
    page.get_by_role("link", name="Indie Concert").click()
    expect(page.locator("#seats")).to_contain_text("48 seats")


def book(page, seats):
    page.get_by_role("spinbutton", name="Seats").fill(str(seats))
    page.get_by_role("button", name=re.compile("^Book")).click()
    page.wait_for_url(re.compile("/bookings/"))


def cancel(page):
    page.get_by_role("link", name="My bookings", exact=True).click()
    page.get_by_role("link", name="Give back seats for Indie Concert").click()
    page.get_by_label("Seats to give back").fill("2")
    page.get_by_role("button", name=re.compile("^Yes, ")).click()
    expect(page.locator(".booking-row").first).to_have_attribute("data-state", "cancelled")


ON_A_LONG_PAGE = 1
"""The bar that leads down to the form."""


class Taps:
    """What somebody does with a finger: each page they see, and each tap."""

    def __init__(self, page):
        self.page, self.number, self.pages = page, 0, []
        page.on("framenavigated", lambda frame: self.pages.append(frame.url.partition("#")[0]))

    def tap(self, found):
        found.tap()
        self.number += 1


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_guest_holds_a_ticket_on_the_third_page_after_six_taps(
    visit, make_event, sql, invariants, javascript
):
    make_event(name="Indie Concert", capacity=48, price_minor=50000)
    phone = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
    with visit(java_script_enabled=javascript, **phone) as page:
        hand = Taps(page)
        page.goto("/")
        hand.tap(page.get_by_role("link", name="Indie Concert"))
        page.wait_for_url(re.compile("/events/"))
        hand.tap(page.get_by_label("Your name"))
        page.keyboard.type("Meera Nair")
        hand.tap(page.get_by_label("Email"))
        page.keyboard.type("meera@example.com")
        if javascript:
            hand.tap(page.get_by_role("button", name="One seat more"))
        hand.tap(page.locator("#booking-form").get_by_role("button", name=re.compile("^Book")))
        page.wait_for_url(re.compile("/tickets/"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("You're going to")
        expect(page.locator(".qr-box").first).to_be_visible()
        expect(page.locator(".ticket")).to_contain_text("Meera Nair")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert len(dict.fromkeys(hand.pages)) == 3
        assert hand.number + ON_A_LONG_PAGE <= 6
    assert sql("SELECT email, name, seats FROM bookings JOIN users ON users.id = user_id") == [
        ("meera@example.com", "Meera Nair", 2 if javascript else 1)
    ]


def test_a_guest_finds_the_ticket_again_and_gives_it_back(visit, make_event, sql, invariants):
    event = make_event(name="Indie Concert", capacity=48)
    with visit() as page:
        page.goto(f"/events/{event.id}")
        page.get_by_label("Your name").fill("Meera Nair")
        page.get_by_label("Email").fill("meera@example.com")
        page.get_by_role("spinbutton", name="Seats").fill("2")
        page.get_by_role("button", name="Book 2 seats").click()
        page.wait_for_url(re.compile("/tickets/"))
        page.goto("/")
        page.get_by_role("link", name="My bookings", exact=True).click()
        page.get_by_role("link", name="Give back seats for Indie Concert").click()
        page.get_by_label("Seats to give back").fill("1")
        page.get_by_role("button", name=re.compile("^Yes, ")).click()
        expect(page.locator("main")).to_contain_text("You keep 1 seat")
    assert sql("SELECT seats_available FROM events") == [(47,)]


def test_a_guest_who_mistypes_loses_nothing(visit, make_event):
    event = make_event(name="Indie Concert", capacity=48)
    with visit() as page:
        page.goto(f"/events/{event.id}")
        page.locator("#booking-form").evaluate("form => form.noValidate = true")
        page.get_by_label("Your name").fill("Meera Nair")
        page.get_by_label("Email").fill("meera@")
        page.get_by_role("spinbutton", name="Seats").fill("3")
        page.get_by_role("button", name="Book 3 seats").click()
        expect(page.locator("#email-error")).to_contain_text("Enter an email address")
        expect(page.get_by_label("Email")).to_be_focused()
        expect(page.get_by_label("Your name")).to_have_value("Meera Nair")
        expect(page.get_by_role("spinbutton", name="Seats")).to_have_value("3")


def test_a_new_visitor_makes_an_account_and_is_signed_in(visit_sign_up, sql):
    with visit_sign_up() as page:
        page.goto("/sign-up")
        page.get_by_label("Name").fill("Meera Nair")
        page.get_by_label("Email").fill("meera@example.com")
        page.get_by_label("Password", exact=True).fill("a long enough one")
        page.get_by_role("button", name="Make an account").click()
        expect(page.get_by_role("link", name="Meera Nair")).to_be_visible()
        page.get_by_role("link", name="Meera Nair").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("main")).to_contain_text("You are signed out")
    assert sql("SELECT count(*) FROM sign_ins") == [(0,)]
