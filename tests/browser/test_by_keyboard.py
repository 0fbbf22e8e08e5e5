"""The whole way by keyboard alone: find, book, see the ticket, give a seat back."""

import re

from playwright.sync_api import expect


def test_the_whole_way_by_keyboard_alone(visit, alice, make_event, sql, invariants):
    make_event(name="Indie Concert", capacity=48)
    with visit() as page:
        page.reload()
        tab_to(page, "searchbox", "Search events")
        page.keyboard.type("indie")
        expect(page.locator("#found")).to_have_text("1 event found")
        tab_to(page, "link", "Indie Concert")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/events/"))
        tab_to(page, "link", "Book with your account")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/sign-in"))
        tab_to(page, "textbox", "Email")
        page.keyboard.type("alice@example.com")
        page.keyboard.press("Tab")
        page.keyboard.type("correct horse battery")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/events/"))
        tab_to(page, "spinbutton", "Seats")
        page.keyboard.type("3")
        tab_to(page, "button", "Book 3 seats")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/bookings/"))
        tab_to(page, "link", "All my bookings")
        page.keyboard.press("Enter")
        tab_to(page, "link", "Give back seats for Indie Concert")
        page.keyboard.press("Enter")
        expect(
            page.get_by_role(
                "heading", name="How many of your 3 seats for Indie Concert do you give back?"
            )
        ).to_be_visible()
        expect(page.locator(".confirm .booking-text")).to_be_focused()
        tab_to(page, "spinbutton", re.compile("Seats to give back"))
        page.keyboard.type("1")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("You keep 2 seats.")
        expect(page.locator(".booking-row")).to_be_focused()
        expect(page.locator(".told")).to_have_text("Done. You keep 2 seats.")
    assert sql("SELECT seats, status FROM bookings ORDER BY id") == [
        (2, "CONFIRMED"),
        (1, "CANCELLED"),
    ]


def tab_to(page, role, name, most=60):
    """Press Tab until it has the focus, as somebody without a mouse does."""
    wanted = page.locator("main, header").get_by_role(role, name=name).first
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"Tab never reaches {role} {name!r}")
