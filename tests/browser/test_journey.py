"""The way of a visitor: sign in, find, book, see the ticket, cancel; the seats are back."""

import re

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_visitor_signs_in_finds_books_sees_the_ticket_and_cancels(
    visit, sign_in, make_event, sql, invariants, javascript
):
    make_event(name="Indie Concert", capacity=48, price_minor=50000)
    make_event(name="Tech Talk", capacity=50)
    with visit(java_script_enabled=javascript) as page:
        sign_in(page)
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


def test_who_is_signed_out_signs_in_and_finds_the_number_of_seats_kept(visit, alice, make_event):
    event = make_event(name="Art Expo", capacity=30)
    with visit() as page:
        page.goto(f"/events/{event.id}")
        page.get_by_role("spinbutton", name="Seats").fill("4")
        page.get_by_role("button", name="Book 4 seats").click()
        page.wait_for_url(re.compile("/sign-in"))
        page.get_by_label("Email").fill("alice@example.com")
        page.get_by_label("Password", exact=True).fill("correct horse battery")
        page.locator("main").get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("/events/"))
        expect(page.get_by_role("spinbutton", name="Seats")).to_have_value("4")


def test_a_new_visitor_makes_an_account_and_is_signed_in(visit, clean, sql):
    with visit() as page:
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
