"""Narrowing the list of events down, with the mouse, by keys, and without JavaScript."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.models.columns import now

DAY = timedelta(days=1)


@pytest.fixture
def season(make_event):
    make_event(name="Free Talk", city="Kochi", start_at=now() + 2 * DAY)
    make_event(name="Dear Dance", city="Chennai", price_minor=90000, start_at=now() + 20 * DAY)
    make_event(name="Full House", price_minor=100, seats_available=0, start_at=now() + 3 * DAY)


def titles(page):
    return page.locator(".card-title")


def test_pills_react_at_once_keep_their_focus_and_the_address_says_them(visit, season):
    with visit() as page:
        page.reload()
        pill = page.get_by_role("radio", name="Paid")
        pill.check()
        expect(titles(page)).to_have_text(["Full House", "Dear Dance"])
        expect(pill).to_be_focused()
        expect(page).to_have_url(re.compile(r"/\?price=paid$"))
        page.get_by_role("checkbox", name="Seats left").check()
        expect(titles(page)).to_have_text(["Dear Dance"])
        expect(page.get_by_role("status").first).to_have_text("1 event found")
        page.reload()
        expect(titles(page)).to_have_text(["Dear Dance"])
        expect(pill).to_be_checked()


def test_back_leads_from_an_event_to_the_list_as_it_was(visit, season):
    with visit() as page:
        page.reload()
        page.get_by_role("radio", name="Free").check()
        expect(titles(page)).to_have_text(["Free Talk"])
        page.get_by_role("link", name="Free Talk").click()
        page.wait_for_url(re.compile("/events/"))
        page.go_back()
        expect(titles(page)).to_have_text(["Free Talk"])
        expect(page.get_by_role("radio", name="Free")).to_be_checked()
        page.go_back()
        expect(titles(page)).to_have_count(3)
        expect(page.get_by_role("radio", name="Any price")).to_be_checked()


def test_all_choices_are_cleared_by_one_link(visit, season):
    with visit() as page:
        page.goto("/?price=paid&city=Chennai&when=month")
        expect(titles(page)).to_have_text(["Dear Dance"])
        page.get_by_role("link", name="Clear all").click()
        expect(titles(page)).to_have_count(3)
        expect(page.get_by_label("City")).to_have_value("")


def test_without_javascript_the_button_applies_all_choices(visit, season):
    with visit(java_script_enabled=False) as page:
        page.reload()
        page.get_by_role("radio", name="Paid").check()
        page.get_by_label("City").select_option("Chennai")
        page.get_by_label("Sort by").select_option("price")
        page.get_by_role("button", name="Search").click()
        expect(titles(page)).to_have_text(["Dear Dance"])
        expect(page.get_by_role("radio", name="Paid")).to_be_checked()
        expect(page.get_by_label("City")).to_have_value("Chennai")


def test_by_arrow_keys_alone(visit, season):
    with visit() as page:
        page.reload()
        page.get_by_role("radio", name="Any price").focus()
        page.keyboard.press("ArrowRight")
        expect(titles(page)).to_have_text(["Free Talk"])
        page.keyboard.press("ArrowRight")
        expect(titles(page)).to_have_text(["Full House", "Dear Dance"])


def test_on_a_phone_the_first_event_is_seen_at_once_and_back_shows_what_is_chosen(visit, season):
    with visit(width=360, height=800) as page:
        page.reload()
        name = page.locator(".card-title").first.bounding_box()
        assert name["y"] + name["height"] <= 800
        page.get_by_role("radio", name="Paid").check()
        expect(titles(page)).to_have_text(["Full House", "Dear Dance"])
        page.get_by_role("radio", name="Free").check()
        expect(titles(page)).to_have_text(["Free Talk"])
        page.go_back()
        expect(titles(page)).to_have_text(["Full House", "Dear Dance"])
        pill = page.get_by_role("radio", name="Paid")
        expect(pill).to_be_checked()
        expect(pill).to_be_in_viewport()
        expect(page.get_by_role("list", name="What you chose")).to_contain_text("Paid")
        page.get_by_role("link", name="Full House").click()
        page.go_back()
        expect(page.get_by_role("radio", name="Paid")).to_be_checked()
        page.get_by_role("link", name="Paid (take away)").click()
        expect(titles(page)).to_have_count(3)
        expect(page.get_by_role("radio", name="Any price")).to_be_checked()


def test_after_back_by_htmx_the_posters_hang_again(visit, factories):
    for number in range(9):
        factories.event(name=f"Evening {number}")
    with visit(width=1280, height=2400) as page:
        page.reload()
        expect(page.locator(".card > img.poster")).to_have_count(9)
        page.get_by_role("radio", name="Paid").check()
        expect(titles(page)).to_have_count(0)
        page.go_back()
        expect(page.locator(".card > img.poster")).to_have_count(9)
