"""The door in a browser: phones with played cameras, a volunteer's key, a keyboard."""

import re
from contextlib import contextmanager

from playwright.sync_api import expect

from tests.browser import chromium
from tests.browser.test_camera import FOUR_SECONDS_LATER, film, filmed
from tests.support.servers import wait_until

QUICK_LOOKS = """
const later = window.setTimeout;
window.setTimeout = (work, time, ...facts) =>
  later(work, time >= 4500 && time <= 5500 ? time / 10 : time, ...facts);
"""
"""`EVERY` of door-sync.js, more or less."""

SCANS = re.compile("/check-ins$")


@contextmanager
def phone(browser, address, *, keeps_list=True, quick=False):
    """A phone that has scanned the volunteer's code. A `quick` one looks for news of the guest list
    twice a second, and not every five."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    if quick:
        context.add_init_script(QUICK_LOOKS)
    if not keeps_list:
        context.route("**/guests*", lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(chromium.PATIENCE)
    page.goto(address)
    page.get_by_role("heading", name="Onam").wait_for()
    yield page
    context.close()


def word(page):
    return page.locator("[data-told] .door-word")


def scan_with_camera(page):
    page.get_by_role("button", name="Scan with the camera").click()


def test_the_key_leaves_the_address_before_anybody_can_read_it(browser, volunteer):
    with phone(browser, volunteer) as page:
        assert "key=" not in page.url
        page.go_back()
        assert "key=" not in page.url


def test_two_phones_that_see_one_ticket_admit_it_once(
    playwright, tmp_path, volunteer, booking, sql
):
    file = film(tmp_path / "ticket.mjpeg", f"{booking.reference}-2")
    with filmed(playwright, file) as browser, phone(browser, volunteer) as first:
        scan_with_camera(first)
        expect(word(first)).to_have_text("Admitted")
        expect(first.locator(".door-guest")).to_have_text("Meena")
        with phone(browser, volunteer) as second:
            scan_with_camera(second)
            expect(word(second)).to_have_text("Already used")
            # What is not green waits to be seen.
            next_one = second.get_by_role("button", name="Next")
            expect(next_one).to_be_focused()
            before = sql("SELECT count(*) FROM check_ins")
            second.evaluate(FOUR_SECONDS_LATER)
            second.wait_for_timeout(700)
            assert sql("SELECT count(*) FROM check_ins") == before
            next_one.press("Enter")
            expect(next_one).to_be_hidden()
        assert sql("SELECT seat FROM admissions") == [(2,)]


def test_in_express_the_next_scan_clears_the_last(playwright, tmp_path, volunteer, booking, sql):
    file = film(tmp_path / "ticket.mjpeg", f"{booking.reference}-2")
    with filmed(playwright, file) as browser, phone(browser, volunteer) as page:
        page.get_by_label("Express").check()
        scan_with_camera(page)
        expect(word(page)).to_have_text("Admitted")
        page.evaluate(FOUR_SECONDS_LATER)
        expect(word(page)).to_have_text("Already used")
        expect(page.get_by_role("button", name="Next")).to_be_hidden()
        # It stays chosen on this phone.
        page.reload()
        expect(page.get_by_label("Express")).to_be_checked()


def test_a_camera_that_is_denied_is_said_and_the_field_still_works(
    playwright, tmp_path, volunteer, booking
):
    file = film(tmp_path / "room.mjpeg")
    with filmed(playwright, file, "=deny") as browser, phone(browser, volunteer) as page:
        scan_with_camera(page)
        expect(page.get_by_text("This browser may not use the camera.")).to_be_visible()
        page.get_by_label("Code or name").fill(f"{booking.reference}-1")
        page.keyboard.press("Enter")
        expect(word(page)).to_have_text("Admitted")


def test_an_evening_by_keyboard_alone(browser, volunteer, booking):
    """As a scanner types: the code and Enter, ticket after ticket, never a hand on the mouse."""
    with phone(browser, volunteer) as page:
        for seat, said in ((1, "Admitted"), (2, "Admitted"), (1, "Already used"), (3, "Admitted")):
            expect(page.get_by_label("Code or name")).to_be_focused()
            page.keyboard.type(f"{booking.reference}-{seat}")
            page.keyboard.press("Enter")
            expect(word(page)).to_have_text(said)
        expect(page.locator("[data-count]")).to_contain_text("3 of 3 in")


def test_an_answer_that_comes_while_the_next_code_is_typed_does_not_spoil_it(
    browser, volunteer, booking, sql
):
    with phone(browser, volunteer, keeps_list=False) as page:
        held = []

        def hold_the_first(route):
            held.append(route)
            if len(held) > 1:
                route.continue_()

        page.route(SCANS, hold_the_first)
        for seat in (1, 2):
            page.keyboard.type(f"{booking.reference}-{seat}")
            page.keyboard.press("Enter")
        page.keyboard.type(booking.reference[:5])
        wait_until(lambda: page.wait_for_timeout(20) or held)
        held[0].continue_()
        expect(page.locator("[data-count]")).to_contain_text("2 of 3 in")
        page.keyboard.type(f"{booking.reference[5:]}-3")
        page.keyboard.press("Enter")
        expect(page.locator("[data-count]")).to_contain_text("3 of 3 in")


def test_a_seat_is_sold_in_two_taps_and_a_scanner_sells_none(
    browser, volunteer, booking, sql, invariants
):
    with phone(browser, volunteer) as page:
        page.get_by_role("button", name="2 seats for a walk-in").press("Enter")
        expect(page.get_by_role("heading", name="Walk-in: 2 seats")).to_be_focused()
        # The focus is on no button: what a scanner types here does nothing.
        page.keyboard.type(f"{booking.reference}-1")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Admit", exact=True).click()
        told = page.get_by_role("status").filter(has_text="Admitted")
        expect(told).to_contain_text("Walk-in, 2 seats")
        expect(page.locator("[data-count]")).to_contain_text("2 of 5 in")
        page.get_by_role("button", name="Undo the walk-in").click()
        expect(page.get_by_text("The seats are free again.")).to_be_visible()
    assert sql("SELECT status, seats FROM bookings ORDER BY id DESC LIMIT 1") == [("CANCELLED", 2)]


def test_each_door_has_sheets_of_its_own_with_its_names_on_top(
    browser, volunteer, event, make_booking, make_user
):
    for number in range(40):
        make_booking(event, make_user(name=f"{'Anu' if number < 20 else 'Zoya'} {number}"))
    with phone(browser, volunteer) as page:
        page.get_by_role("link", name="Lists to print").click()
        page.get_by_label("Doors").select_option("2")
        page.get_by_role("button", name="Show").click()
        page.get_by_role("heading", name="Door 2 of 2: M – Z").wait_for()
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 2
        page.emulate_media(media="print")
        expect(page.locator(".on-paper").first).to_have_text("Onam · Door 1 of 2: A")


def test_a_scan_without_network_or_list_is_sent_again_and_admits_once(
    browser, volunteer, booking, sql
):
    with phone(browser, volunteer, keeps_list=False) as page:
        page.context.set_offline(True)
        page.get_by_label("Code or name").fill(f"{booking.reference}-1")
        page.keyboard.press("Enter")
        expect(page.get_by_text("No answer. Check the network")).to_be_visible()
        page.context.set_offline(False)
        page.keyboard.press("Enter")
        expect(word(page)).to_have_text("Admitted")
    assert sql("SELECT count(*) FROM check_ins") == [(1,)]


def test_what_is_scanned_while_an_answer_is_on_its_way_is_sent_after_it(
    browser, volunteer, booking
):
    with phone(browser, volunteer) as page:

        def late(route):
            page.wait_for_timeout(400)
            route.continue_()

        page.route("**/check-ins", late)
        for seat in (1, 2, 3):
            page.keyboard.type(f"{booking.reference}-{seat}")
            page.keyboard.press("Enter")
        expect(page.locator("[data-count]")).to_contain_text("3 of 3 in")
        expect(word(page)).to_have_text("Admitted")


def test_another_ticket_after_a_lost_answer_is_another_scan(browser, volunteer, booking, sql):
    with phone(browser, volunteer, keeps_list=False) as page:
        # The scan arrives, and its answer does not.
        page.route("**/check-ins", lambda route: (route.fetch(), route.abort()), times=1)
        page.get_by_label("Code or name").fill(f"{booking.reference}-1")
        page.keyboard.press("Enter")
        expect(page.get_by_text("No answer. Check the network")).to_be_visible()
        page.get_by_label("Code or name").fill(f"{booking.reference}-2")
        page.keyboard.press("Enter")
        expect(word(page)).to_have_text("Admitted")
        expect(page.locator("[data-count]")).to_contain_text("2 of 3 in")
    assert sql("SELECT count(*) FROM check_ins") == [(2,)]
