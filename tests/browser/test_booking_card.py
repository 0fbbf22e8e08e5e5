"""The booking card while others book: live figures, lost races, impatient fingers."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def on_event_page(visit, sign_in):
    """`with on_event_page(event) as page`: Alice, signed in, looking at the event."""
    from contextlib import contextmanager

    @contextmanager
    def open_page(event, **options):
        with visit(**options) as page:
            sign_in(page)
            page.goto(f"/events/{event.id}")
            yield page

    return open_page


def test_seats_change_by_themselves_and_leave_what_is_typed_alone(
    on_event_page, make_event, make_booking, make_user
):
    event = make_event(capacity=30)
    other = make_user()
    with on_event_page(event) as page:
        seats = page.get_by_role("spinbutton", name="Seats")
        seats.fill("3")
        make_booking(event=event, user=other, seats=22)
        expect(page.locator("#seats")).to_contain_text("Only 8 left")
        expect(page.get_by_role("status").first).to_contain_text("Only 8 left")
        expect(seats).to_have_value("3")
        expect(seats).to_be_focused()


def test_the_form_gives_way_when_the_event_sells_out(
    on_event_page, make_event, make_booking, make_user
):
    event = make_event(capacity=5)
    other = make_user()
    with on_event_page(event) as page:
        make_booking(event=event, user=other, seats=5)
        expect(page.locator("#seats")).to_contain_text("Sold out")
        expect(page.get_by_role("button", name=re.compile("^Book"))).to_have_count(0)


def test_a_lost_race_keeps_the_input_and_tells_how_many_are_left(
    on_event_page, make_event, make_booking, make_user, invariants
):
    event = make_event(capacity=6)
    with on_event_page(event) as page:
        page.get_by_role("spinbutton", name="Seats").fill("4")
        make_booking(event=event, user=make_user(), seats=4)
        page.get_by_role("button", name=re.compile("^Book")).click()
        error = page.locator("#seats-error")
        expect(error).to_contain_text("Only 2 seats are left")
        expect(error).to_be_focused()
        expect(page.get_by_role("spinbutton", name="Seats")).to_have_value("4")
        expect(page.locator("#seats")).to_contain_text("Last 2 seats")


def test_three_clicks_make_one_booking(on_event_page, make_event, sql, invariants):
    event = make_event(capacity=30)
    with on_event_page(event) as page:
        page.get_by_role("button", name=re.compile("^Book")).click(click_count=3, delay=20)
        page.wait_for_url(re.compile("/bookings/"))
    assert sql("SELECT count(*), sum(seats) FROM bookings") == [(1, 1)]


def test_two_tabs_after_the_last_seat_get_one_booking_and_one_clear_sentence(
    on_event_page, make_event, sql, invariants
):
    event = make_event(capacity=1)
    with on_event_page(event) as first:
        second = first.context.new_page()
        second.goto(first.url)
        for page in (first, second):
            page.get_by_role("button", name=re.compile("^Book")).click()
        first.wait_for_url(re.compile("/bookings/"))
        expect(second.locator("#booking-form")).to_contain_text("sold out")
    assert sql("SELECT count(*) FROM bookings") == [(1,)]


def test_the_button_says_the_price_of_all_seats(on_event_page, make_event):
    event = make_event(capacity=30, price_minor=50050)
    with on_event_page(event) as page:
        page.get_by_role("spinbutton", name="Seats").fill("2")
        expect(page.get_by_role("button", name="Book 2 seats · ₹1,001")).to_be_visible()


def test_a_site_that_can_not_be_reached_is_said_so_and_nothing_is_lost(on_event_page, make_event):
    event = make_event(capacity=30)
    with on_event_page(event, complaints_expected=True) as page:
        page.get_by_role("spinbutton", name="Seats").fill("7")
        page.route("**/events/*/bookings", lambda route: route.abort())
        page.get_by_role("button", name=re.compile("^Book")).click()
        expect(page.get_by_text("Nothing you typed is lost")).to_be_visible()
        expect(page.get_by_role("spinbutton", name="Seats")).to_have_value("7")
