"""Finding events and moving about."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PASSWORD
from tests.browser.test_gallery import WIDER

LONG = "Donaudampfschiff" * 5
DESCRIPTION = f"{LONG}\n\n```\n{'book --seats 2 ' * 20}\n```\n\nhttps://a.example/{LONG}"


def test_the_first_tab_leads_past_the_header(visit, clean):
    with visit() as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_the_list_searches_as_one_types_and_says_what_it_found(visit, make_event):
    make_event(name="Indie Concert")
    make_event(name="Tech Talk")
    with visit() as page:
        page.reload()
        page.get_by_label("Search events").press_sequentially("talk")
        expect(page.locator("#found")).to_contain_text("1 event found")
        expect(page.get_by_role("status").first).to_have_text("1 event found")
        assert "q=talk" in page.url
        page.get_by_role("link", name="Clear all").click()
        expect(page.locator("#found")).to_contain_text("2 events found")


def test_more_events_load_below_and_by_a_plain_link(visit, factories):
    for number in range(20):
        factories.event(name=f"Evening {number}")
    with visit() as page:
        page.reload()
        expect(page.locator(".card")).to_have_count(12)
        page.get_by_role("link", name="Load more events").click()
        expect(page.locator(".card")).to_have_count(20)
        expect(page.get_by_role("link", name="Evening 12")).to_be_focused()
        expect(page.get_by_role("status").first).to_have_text("8 more events")
        page.get_by_role("link", name="Evening 17").click()
        page.wait_for_url("**/events/**")
        page.go_back()
        expect(page.locator(".card")).to_have_count(20)
        expect(page.get_by_role("link", name="Evening 17")).to_be_in_viewport()
    with visit(java_script_enabled=False) as page:
        page.get_by_role("link", name="Load more events").click()
        expect(page.locator(".card")).to_have_count(8)


def test_swagger_ui_shows_the_api_from_our_own_files(visit, clean):
    with visit() as page:
        page.goto("/docs")
        # Swagger UI is a megabyte and a half of script: on a busy machine it takes its time.
        expect(page.get_by_text("Book seats")).to_be_visible(timeout=30_000)


@pytest.fixture
def long_words(factories, alice):
    """An event whose every text is one long word, and a booking of it."""
    texts = dict.fromkeys(("name", "venue", "address", "city", "category"), LONG)
    event = factories.event(
        **texts | {"city": LONG[:60], "category": LONG[:60]}, description=DESCRIPTION
    )
    return event, factories.booking(event, user=alice)


def test_no_word_widens_a_page(visit, sign_in, log_in, long_words):
    event, booking = long_words
    with visit(width=360, height=740) as page:
        sign_in(page)
        log_in(page)
        places = ["/", f"/events/{event.id}", "/bookings", f"/bookings/{booking.id}", "/admin"]
        places += ["/admin/events", f"/admin/events/{event.id}", "/admin/bookings"]
        for address in places:
            page.goto(address)
            assert not page.evaluate(WIDER), address


def test_where_there_is_something_to_fill_in_one_can_type_at_once(visit_sign_up):
    with visit_sign_up() as page:
        for address, label in {
            "/sign-in": "Email",
            "/sign-up": "Name",
            "/admin/login": "Admin key",
        }.items():
            page.goto(address)
            expect(page.get_by_label(label, exact=True)).to_be_focused()


def test_who_has_an_account_already_is_led_to_sign_in(visit_sign_up, alice):
    with visit_sign_up() as page:
        page.goto("/sign-up?next=/account")
        page.get_by_label("Name").fill("Alice")
        page.get_by_label("Email").fill("alice@example.com")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make an account").click()
        page.locator(".error-text").get_by_role("link", name="Sign in instead?").click()
        expect(page).to_have_url(re.compile(r"/sign-in\?next=/account"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hints_in_fields_can_be_read(visit, clean, scheme):
    """axe-core looks at no placeholder."""
    with visit(color_scheme=scheme) as page:
        ink, paper = page.locator("#q").evaluate(
            "e => [getComputedStyle(e, '::placeholder').color, getComputedStyle(e).backgroundColor]"
        )
        assert contrast(ink, paper) >= 4.5


def contrast(*colours):
    """By WCAG 2.2's formula, of two colours as `rgb(…)`."""
    darker, lighter = sorted(map(luminance, colours))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
