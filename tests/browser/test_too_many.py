"""Who tries too often is told so in a sentence, where they are, and loses nothing."""

import pytest
from playwright.sync_api import expect

from tests.support.site import Site


@pytest.fixture(scope="module")
def strict_site(migrated_app, settings, folder):
    limits = {"LIMIT_BOOKING": "1 per minute", "LIMIT_SIGN_IN": "1 per minute"}
    with Site(settings, folder / "strict", WEB_CONCURRENCY="1", **limits) as site:
        yield site.url


@pytest.fixture
def site(clean, strict_site):
    return strict_site


def test_the_booking_form_says_when_to_press_again(visit, sign_in, make_event):
    event = make_event(capacity=30)
    with visit() as page:
        sign_in(page)
        page.goto(f"/events/{event.id}")
        page.get_by_role("button", name="Book 1 seat").click()
        page.wait_for_url("**/bookings/*")
        page.goto(f"/events/{event.id}")
        page.get_by_role("spinbutton", name="Seats").fill("3")
        page.get_by_role("button", name="Book 3 seats").click()
        expect(page.locator("#seats-error")).to_contain_text("Too many tries. Please wait")
        expect(page.locator("#seats-error")).to_be_focused()
        expect(page.get_by_role("spinbutton", name="Seats")).to_have_value("3")
        expect(page.locator("#offline")).to_be_hidden()


def test_elsewhere_the_page_stays_and_a_sentence_stands_above_it(visit, clean):
    with visit() as page:
        page.goto("/sign-in")
        page.get_by_label("Email").fill("nobody@example.com")
        page.get_by_label("Password", exact=True).fill("wrong")
        # As a form would that is sent by HTMX.
        for _ in range(2):
            page.evaluate("htmx.ajax('POST', '/sign-in', {source: 'main form', swap: 'none'})")
        busy = page.locator("#busy")
        expect(busy).to_contain_text("Too many tries. Please wait")
        expect(page.get_by_label("Email")).to_have_value("nobody@example.com")
        expect(page.locator("#offline")).to_be_hidden()
        page.evaluate("htmx.trigger(document.body, 'utsavam:tick')")
        expect(busy).to_contain_text("Too many tries.")
        page.evaluate("htmx.ajax('GET', '/health', {source: 'h1', swap: 'none'})")
        expect(busy).to_be_empty()
