"""The booking card while others book: live figures, lost races, impatient fingers."""

import re

import pytest
from playwright.sync_api import expect

from app.services import bookings

SECONDS_OF_A_TICK = 4
PLACE = "e => [e.offsetLeft, e.offsetTop, e.offsetWidth, e.offsetHeight]"


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
        page.clock.install()
        page.reload()
        seats = page.get_by_role("spinbutton", name="Seats")
        seats.fill("3")
        make_booking(event=event, user=other, seats=22)
        page.clock.fast_forward(SECONDS_OF_A_TICK * 1000)
        expect(page.locator("#seats")).to_contain_text("Only 8 left")
        expect(page.get_by_role("status").first).to_contain_text("Only 8 left")
        expect(seats).to_have_value("3")
        expect(seats).to_be_focused()


def test_the_form_gives_way_when_the_event_sells_out(
    on_event_page, make_event, make_booking, make_user
):
    event = make_event(capacity=5)
    other = make_user()
    with on_event_page(event, quick=True) as page:
        make_booking(event=event, user=other, seats=5)
        expect(page.locator("#seats")).to_contain_text("Sold out")
        expect(page.get_by_role("button", name=re.compile("^Book"))).to_have_count(0)


def test_a_form_that_went_comes_back_with_its_code_and_what_was_typed(
    visit, make_event, make_booking, factories, app, desk
):
    event = make_event(capacity=5, price_minor=50_000)
    factories.voucher(event, "CHOIR-20", price_effect="percent_off", price_value=20)
    with visit(quick=True) as page:
        page.goto(f"/events/{event.id}")
        page.get_by_label("Your name", exact=True).fill("Meena")
        page.get_by_label("Seats", exact=True).fill("3")
        page.get_by_text("I have a code").click()
        page.get_by_label("Code", exact=True).fill("choir 20")
        page.get_by_role("button", name="Apply the code").click()
        expect(page.locator("#code-told")).to_be_visible()
        page.get_by_label("Email", exact=True).fill("meena@example.com")
        everything = make_booking(event=event, seats=5)
        expect(page.locator("#seats")).to_contain_text("Sold out")
        with app.app_context():
            bookings.cancel(desk, everything.id, organiser=True)
        expect(page.locator("#code-told")).to_contain_text("20% off each seat.")
        expect(page.get_by_label("Your name", exact=True)).to_have_value("Meena")
        expect(page.get_by_label("Email", exact=True)).to_have_value("meena@example.com")
        page.get_by_role("button", name="Book 3 seats · ₹1,200").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("You're going to")


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


def test_plus_and_minus_change_the_number_say_it_and_move_nothing(on_event_page, make_event):
    event = make_event(capacity=300, price_minor=9_999_950, max_per_person=11)
    with on_event_page(event, width=360, height=800) as page:
        seats = page.get_by_role("spinbutton", name="Seats")
        book = page.locator("[data-book]")
        more, fewer = (page.get_by_role("button", name=f"One seat {n}") for n in ("more", "fewer"))
        places = [book.evaluate(PLACE)]
        for number in range(2, 11):
            more.click()
            expect(seats).to_have_value(str(number))
            expect(book).to_contain_text(f"Book {number} seats · ₹")
            places.append(book.evaluate(PLACE))
        assert places == places[:1] * 10
        expect(page.get_by_role("status").first).to_contain_text("Book 10 seats")
        more.press("Enter")
        expect(more).to_have_attribute("aria-disabled", "true")
        more.press("Space")
        expect(seats).to_have_value("11")
        expect(more).to_be_focused()
        fewer.click()
        expect(seats).to_have_value("10")


def test_a_number_that_can_not_be_had_is_not_in_the_buttons_words(on_event_page, make_event):
    event = make_event(capacity=30, max_per_person=4)
    with on_event_page(event) as page:
        for typed in ("", "0", "-2", "1.5", "5", "1e9"):
            page.get_by_role("spinbutton", name="Seats").fill(typed)
            expect(page.locator("[data-book]")).to_have_text("Book")
        page.get_by_role("button", name="One seat more").click()
        expect(page.locator("[data-book]")).to_have_text("Book 4 seats")
        page.get_by_role("spinbutton", name="Seats").fill("")
        page.get_by_role("button", name="One seat fewer").click()
        expect(page.locator("[data-book]")).to_have_text("Book 1 seat")


def test_the_bound_follows_the_seats_that_are_left(
    on_event_page, make_event, make_booking, make_user
):
    event = make_event(capacity=30)
    with on_event_page(event, quick=True) as page:
        expect(page.locator("#seats-help")).to_have_text("Up to 30: that is all that are left.")
        page.get_by_role("spinbutton", name="Seats").fill("9")
        make_booking(event=event, user=make_user(), seats=22)
        expect(page.locator("#seats-help")).to_have_text("Up to 8: that is all that are left.")
        expect(page.locator("[data-book]")).to_have_text("Book")
        page.get_by_role("button", name="One seat more").click()
        expect(page.get_by_role("spinbutton", name="Seats")).to_have_value("8")


def test_without_javascript_the_buttons_words_hold_for_any_number(visit, make_event):
    event = make_event(capacity=30)
    with visit(java_script_enabled=False) as page:
        page.goto(f"/events/{event.id}/{event.slug}?seats=3")
        expect(page.get_by_role("spinbutton", name="Seats")).to_have_value("3")
        expect(page.get_by_role("button", name=re.compile("^Book"))).to_have_text("Book")
        expect(page.get_by_role("button", name=re.compile("^One seat"))).to_have_count(0)


def test_a_form_of_another_session_is_told_where_it_stands_and_goes_with_the_next_press(
    on_event_page, make_event
):
    """As after signing out and in again in a second tab."""
    event = make_event(capacity=30)
    with on_event_page(event) as page:
        page.evaluate("document.querySelector('#booking-form [name=csrf_token]').value = 'x.y.z'")
        page.get_by_role("spinbutton", name="Seats").fill("3")
        page.get_by_role("button", name="Book 3 seats").click()
        expect(page.locator("#busy")).to_contain_text("Nothing was lost: press again.")
        expect(page.locator("#offline")).to_be_hidden()
        page.get_by_role("button", name="Book 3 seats").click()
        page.wait_for_url("**/bookings/*")


@pytest.mark.parametrize(
    ("currency", "minor", "one", "three"),
    [
        ("JPY", 1000, "JP¥1,000", "JP¥3,000"),
        ("KWD", 12_500, "KWD\xa012.500", "KWD\xa037.500"),
        ("AED", 15_050, "AED\xa0150.50", "AED\xa0451.50"),
    ],
)
def test_the_button_writes_each_amount_as_the_page_does(
    on_event_page, make_event, currency, minor, one, three
):
    event = make_event(currency=currency, price_minor=minor)
    with on_event_page(event) as page:
        button = page.locator("[data-book]")
        assert button.text_content() == f"Book 1 seat · {one}"
        assert one in page.locator(".booking-foot .price").text_content()
        page.get_by_role("spinbutton", name="Seats").fill("3")
        assert button.text_content() == f"Book 3 seats · {three}"


def test_ticket_types_are_summed_up_on_the_button_and_booked_together(
    on_event_page, make_event, factories, sql
):
    event = make_event(capacity=30, price_minor=50000)
    facts = {"name": "VIP", "price_minor": 200050, "min_per_order": 2, "quota": 10}
    factories.ticket_types(event, facts)
    with on_event_page(event) as page:
        expect(page.get_by_role("button", name="Book", exact=True)).to_be_visible()
        page.get_by_role("spinbutton", name="General").fill("1")
        expect(page.get_by_role("button", name="Book 1 seat · ₹500")).to_be_visible()
        page.get_by_role("button", name="One more: VIP").click()
        expect(page.get_by_role("spinbutton", name="VIP")).to_have_value("2")
        page.get_by_role("button", name="Book 3 seats · ₹4,501").click()
        page.wait_for_url(re.compile("/bookings/"))
        together = page.get_by_role("heading", name="Booked together")
        expect(together).to_be_visible()
        page.emulate_media(media="print")
        expect(together).to_be_hidden()
    assert sql("SELECT seats, price_minor FROM bookings ORDER BY id") == [(1, 50000), (2, 200050)]
