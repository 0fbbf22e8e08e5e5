"""An organiser's way: log in, create an event, edit it, delete it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import gallery


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_organiser_creates_edits_and_deletes_an_event(visit, settings, sql, clean, javascript):
    with visit(java_script_enabled=javascript) as page:
        gallery.log_in(page, settings.admin_key[0])
        page.get_by_role("link", name="New event").first.click()
        page.get_by_label("Name", exact=True).fill("Holi Colour Run")
        page.get_by_label("Starts").fill("2031-03-04T07:00")
        page.get_by_label("Capacity").fill("800")
        page.get_by_label("Price of a seat").fill("499.50")
        page.get_by_role("button", name="Save as a draft").click()
        expect(page.locator("main")).to_contain_text("“Holi Colour Run” is saved as a draft.")
        expect(page.get_by_label("Starts")).to_have_value("2031-03-04T07:00")
        page.get_by_label("City", exact=True).fill("Jaipur")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("main")).to_contain_text("“Holi Colour Run” is saved.")
        assert sql("SELECT city, price_minor, start_at::text, status FROM events") == [
            ("Jaipur", 49950, "2031-03-04 01:30:00+00", "draft")
        ]
        page.get_by_label("Venue").fill("Field")
        page.get_by_label("City", exact=True).press("Enter")
        expect(page.locator("main")).to_contain_text("“Holi Colour Run” is saved.")
        expect(page.get_by_label("Venue")).to_have_value("Field")
        page.get_by_label("Venue").fill("Ground")
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("main")).to_contain_text("It is published")
        assert sql("SELECT venue, status FROM events") == [("Ground", "published")]
        page.get_by_role("link", name="Cancel the event…").click()
        page.get_by_role("button", name="Yes, cancel it").click()
        expect(page.locator("main")).to_contain_text("Visitors see that")
        page.get_by_role("link", name="Delete…").click()
        page.get_by_role("button", name="Yes, delete it").click()
        expect(page.locator("main")).to_contain_text("The event is deleted")


def test_the_preview_follows_what_is_typed_and_names_what_is_to_be_mended(visit, log_in, clean):
    with visit() as page:
        log_in(page)
        page.goto("/admin/events/new")
        preview = page.locator("#preview")
        expect(preview).to_contain_text("Name the event.")
        page.get_by_label("Name", exact=True).fill("Veena Evening")
        page.get_by_label("Starts").fill("2031-03-04T07:00")
        page.get_by_label("Capacity").fill("800")
        page.get_by_label("Description").fill("By **candle light**")
        expect(preview.locator(".card-title")).to_have_text("Veena Evening")
        expect(preview.locator("strong")).to_have_text("candle light")
        page.get_by_label("Capacity").fill("0")
        expect(preview).to_contain_text("From 1 to 10,000,000 seats.")


def test_a_field_is_looked_at_as_soon_as_it_is_left(visit, log_in, make_event, make_booking):
    event = make_event(name="Tech Talk", capacity=50)
    make_booking(event, seats=12)
    with visit() as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/edit")
        capacity = page.get_by_label("Capacity")
        capacity.fill("10")
        capacity.press("Tab")
        expect(page.locator("#capacity-error")).to_contain_text("12 seats are sold")
        expect(capacity).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("Price of a seat")).to_be_focused()
        expect(page.locator("#live")).to_contain_text("12 seats are sold")
        capacity.fill("20")
        capacity.press("Tab")
        expect(page.locator("#capacity-error")).to_be_hidden()
        expect(capacity).not_to_have_attribute("aria-invalid", "true")


def test_whoever_leaves_unsaved_changes_is_asked_first(visit, log_in, make_event):
    event = make_event()
    with visit() as page:
        log_in(page)
        asked = []

        def answer(dialog):
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", answer)
        page.goto(f"/admin/events/{event.id}/edit")
        page.get_by_role("link", name="Back without saving").click()
        page.wait_for_url(re.compile("/admin/events$"))
        assert asked == []
        page.goto(f"/admin/events/{event.id}/edit")
        page.get_by_label("City", exact=True).press_sequentially("x")
        page.get_by_role("link", name="Back without saving").click()
        page.wait_for_url(re.compile("/admin/events$"))
        assert asked == ["beforeunload"]


def test_a_copy_is_a_draft_of_its_own(visit, log_in, make_event, sql):
    event = make_event(name="Tech Talk", city="Chennai", capacity=50, seats_available=20)
    with visit() as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/edit")
        page.get_by_role("button", name="Make a copy").click()
        page.get_by_role("button", name="Make the copy").click()
        expect(page.get_by_label("Name", exact=True)).to_have_value("Tech Talk (copy)")
    assert sql("SELECT city, capacity, seats_available, status FROM events WHERE id = 2") == [
        ("Chennai", 50, 50, "draft")
    ]


def test_a_capacity_below_the_seats_sold_is_refused_with_their_number(
    visit, log_in, make_event, make_booking, make_user
):
    event = make_event(name="Tech Talk", capacity=50)
    make_booking(event=event, user=make_user(), seats=12)
    with visit() as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/edit")
        page.get_by_label("Capacity").fill("10")
        page.get_by_label("City", exact=True).fill("Chennai")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#capacity-error")).to_contain_text("12 seats are sold")
        expect(page.get_by_label("City", exact=True)).to_have_value("Chennai")


def test_two_organisers_at_one_event_are_asked_only_about_what_both_changed(
    visit, log_in, make_event, sql
):
    event = make_event(name="Tech Talk", city="Chennai", venue="Hall")
    with visit() as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/edit")
        other = page.context.new_page()
        other.goto(page.url)
        other.get_by_label("City", exact=True).fill("Madurai")
        other.get_by_label("Venue", exact=True).fill("Great Hall")
        other.get_by_role("button", name="Save").click()
        expect(other.locator("main")).to_contain_text("is saved")
        page.get_by_label("City", exact=True).fill("Salem")
        page.get_by_label("Capacity").fill("9")
        page.get_by_role("button", name="Save").click()
        told = page.locator("main").get_by_role("alert").first
        expect(told).to_contain_text("It was ADMIN_KEY")
        expect(told).to_contain_text("City: Madurai")
        expect(told).not_to_contain_text("Venue")
        expect(page.get_by_label("City", exact=True)).to_have_value("Salem")
        expect(page.get_by_label("Venue", exact=True)).to_have_value("Great Hall")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("main")).to_contain_text("is saved")
    assert sql("SELECT city, venue, capacity FROM events") == [("Salem", "Great Hall", 9)]


def test_changes_of_two_organisers_to_different_fields_are_joined(visit, log_in, make_event, sql):
    event = make_event(name="Tech Talk", city="Chennai")
    with visit(java_script_enabled=False) as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/edit")
        other = page.context.new_page()
        other.goto(page.url)
        other.get_by_label("City", exact=True).fill("Madurai")
        other.get_by_role("button", name="Save").click()
        page.get_by_label("Capacity").fill("9")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("main")).to_contain_text("their changes stay")
    assert sql("SELECT city, capacity FROM events") == [("Madurai", 9)]


def test_a_button_beside_the_form_asks_before_it_loses_what_was_typed(visit, log_in, make_event):
    event = make_event(status="draft")
    with visit() as page:
        log_in(page)
        asked = []

        def stay(dialog):
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        page.goto(f"/admin/events/{event.id}/edit")
        page.get_by_label("City", exact=True).press_sequentially("x")
        page.get_by_role("button", name="Make a copy").click()
        expect(page.get_by_label("City", exact=True)).to_have_value(re.compile("^x"))
        assert asked == ["beforeunload"]
