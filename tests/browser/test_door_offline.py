"""The door without a network: the list, what is decided by it, and what is told afterwards."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from app.models.columns import now
from app.presenters.code_signatures import scanned_code
from app.services import gifts
from tests.browser.test_door import phone, word


@pytest.fixture
def code(app):
    def code(of, seat):
        with app.app_context():
            return scanned_code(of.event_id, of.reference, seat)

    return code


def state(page):
    return page.locator("[data-guest-list]")


def wait_for_list(page):
    expect(state(page)).to_have_attribute("data-state", "fresh")


def wait_until_kept(page):
    expect(page.locator("[data-is-kept]")).to_be_attached()


def look_again(page):
    """Let the device ask what has changed, at once, and wait for the answer."""
    with page.expect_response(lambda answer: "/guests?after=" in answer.url):
        page.evaluate("window.dispatchEvent(new Event('online'))")


def scan(page, text):
    page.get_by_label("Code or name").fill(text)
    page.keyboard.press("Enter")


def lose_network(page):
    page.context.set_offline(True)


def test_without_a_network_codes_are_checked_by_the_list_and_told_later(
    browser, volunteer, booking, code, sql
):
    with phone(browser, volunteer, quick=True) as page:
        wait_for_list(page)
        lose_network(page)
        scan(page, code(booking, 1))
        expect(word(page)).to_have_text("Admitted")
        expect(page.locator(".door-guest")).to_have_text("Meena")
        expect(state(page)).to_have_attribute("data-state", "away")
        scan(page, code(booking, 1))
        expect(word(page)).to_have_text("Already used")
        scan(page, "ABCDEFGHJKMN-3QQQQ")
        expect(word(page)).to_have_text("Not valid")
        expect(page.locator("[data-count]")).to_contain_text("1 of 3 in")
        expect(state(page)).to_contain_text("Scans to be sent: 3")
        assert sql("SELECT count(*) FROM check_ins") == [(0,)]
        page.context.set_offline(False)
        expect(state(page)).to_have_attribute("data-state", "fresh")
        expect(state(page)).not_to_contain_text("Scans to be sent")
    kept = sql("SELECT answer, let_in FROM check_ins ORDER BY received_at")
    assert kept == [("admitted", 1), ("already_used", 0), ("not_valid", 0)]
    assert sql("SELECT seat FROM admissions") == [(1,)]


def test_without_a_network_too_the_answer_names_the_ticket_type(
    browser, volunteer, booking, code, factories, sql
):
    event = SimpleNamespace(id=booking.event_id)
    vip = factories.ticket_types(event, {"name": "VIP"})["VIP"].id
    sql("UPDATE bookings SET ticket_type_id = %s", vip)
    kind = {"VIP": booking.seats}.get
    for name in ("VIP", "General"):
        sql("UPDATE ticket_types SET taken = %s WHERE name = %s", kind(name, 0), name)
    with phone(browser, volunteer, quick=True) as page:
        wait_for_list(page)
        sql("UPDATE ticket_types SET name = 'Front rows' WHERE name = 'VIP'")
        look_again(page)
        lose_network(page)
        scan(page, code(booking, 1))
        expect(word(page)).to_have_text("Admitted")
        expect(page.locator(".door-type")).to_have_text("Front rows")


def test_the_page_opens_without_a_network_and_finds_guests_by_name(
    browser, volunteer, booking, code, sql
):
    with phone(browser, volunteer, quick=True) as page:
        wait_for_list(page)
        wait_until_kept(page)
        lose_network(page)
        page.reload()
        expect(state(page)).to_have_attribute("data-state", "away")
        scan(page, "meena")
        expect(page.get_by_role("heading", name="Guests with")).to_be_visible()
        page.get_by_role("spinbutton", name="Seats", exact=True).fill("2")
        page.get_by_role("button", name="Admit Meena").click()
        expect(word(page)).to_have_text("Admitted")
        expect(page.get_by_text("Seats 1, 2 of 3")).to_be_visible()
        page.get_by_role("button", name="Admit", exact=True).click()
        expect(page.locator("[data-count]")).to_contain_text("3 of 3 in")
        page.get_by_role("button", name="Undo").click()
        expect(word(page)).to_have_text("Undone")
        expect(page.locator("[data-count]")).to_contain_text("2 of 3 in")
        # What waits is still there in another tab's life.
        page.reload()
        expect(state(page)).to_contain_text("Scans to be sent: 3")
        scan(page, code(booking, 1))
        expect(word(page)).to_have_text("Already used")
        page.context.set_offline(False)
        expect(state(page)).to_have_attribute("data-state", "fresh")
        expect(state(page)).not_to_contain_text("Scans to be sent")
    assert sql("SELECT seat FROM admissions ORDER BY seat") == [(1,), (2,)]
    assert sql("SELECT count(*) FROM check_ins WHERE answer = 'undone'") == [(1,)]


def test_without_a_network_a_seat_given_away_comes_in_by_its_new_code_alone(
    app, desk, browser, volunteer, booking, code
):
    with app.app_context():
        gift = gifts.give(desk, booking.id)
        friends = gifts.accept(desk, gift.booking_id, name="Ravi")
    with phone(browser, volunteer) as page:
        wait_for_list(page)
        lose_network(page)
        scan(page, code(booking, gift.seat))
        expect(word(page)).to_have_text("Not valid")
        scan(page, code(friends, 1))
        expect(word(page)).to_have_text("Admitted")
        expect(page.locator(".door-guest")).to_have_text("Ravi")


def test_a_code_sold_after_the_list_is_told_from_one_that_is_not_ours(
    browser, volunteer, event, code, make_booking, make_event
):
    with phone(browser, volunteer) as page:
        wait_for_list(page)
        lose_network(page)
        later, elsewhere = make_booking(event), make_booking(make_event())
        scan(page, code(later, 1))
        expect(word(page)).to_have_text("Admitted")
        expect(page.get_by_text("Sold after the guest list")).to_be_visible()
        scan(page, code(later, 1))
        expect(word(page)).to_have_text("Already used")
        scan(page, code(elsewhere, 1))
        expect(word(page)).to_have_text("Not valid")
        scan(page, f"{later.reference}-1")
        expect(page.get_by_text("Scan the code, or look for the name.")).to_be_visible()
        scan(page, f"{code(later, 1)[:-4]}QQQQ")
        expect(page.get_by_text("not a code of this event")).to_be_visible()


def test_two_phones_that_let_one_code_in_while_apart_are_both_told(
    browser, volunteer, booking, code
):
    with (
        phone(browser, volunteer, quick=True) as first,
        phone(browser, volunteer, quick=True) as second,
    ):
        wait_for_list(first)
        wait_for_list(second)
        for page in (first, second):
            lose_network(page)
            scan(page, code(booking, 2))
            expect(word(page)).to_have_text("Admitted")
        for page in (first, second):
            page.context.set_offline(False)
        for page in (first, second):
            told = page.locator(".door-conflict")
            expect(told).to_contain_text("Meena")
            expect(told).to_have_count(1)
        first.get_by_role("button", name="Seen").click()
        expect(first.locator(".door-conflict")).to_have_count(0)


def test_a_key_that_ends_takes_the_list_with_it(browser, volunteer, booking, sql):
    with phone(browser, volunteer, quick=True) as page:
        wait_for_list(page)
        wait_until_kept(page)
        sql("UPDATE staff_keys SET revoked_at = now()")
        expect(state(page)).to_have_attribute("data-state", "ended")
        assert not page.evaluate("caches.keys()")
        assert page.evaluate("id => window.doorStore.guests(id)", booking.event_id) == []


def test_a_lost_answer_is_decided_by_the_list_and_is_no_conflict(
    browser, volunteer, booking, code, sql
):
    with phone(browser, volunteer, quick=True) as page:
        wait_for_list(page)
        # The scan arrives, and its answer does not.
        page.route("**/check-ins", lambda route: (route.fetch(), route.abort()), times=1)
        scan(page, code(booking, 1))
        expect(word(page)).to_have_text("Admitted")
        expect(page.get_by_text("By the guest list of")).to_be_visible()
        expect(state(page)).to_have_attribute("data-state", "fresh")
        scan(page, code(booking, 2))
        expect(page.locator("[data-count]")).to_contain_text("2 of 3 in")
    assert sql("SELECT answer, let_in FROM check_ins") == [("admitted", None)] * 2


def test_who_logs_out_leaves_no_list_on_the_device(browser, volunteer, booking):
    with phone(browser, volunteer) as page:
        wait_for_list(page)
        wait_until_kept(page)
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("heading", name="Organiser login").wait_for()
        page.wait_for_function("caches.keys().then(found => !found.length)")
        ask = "id => window.doorStore.guests(id).then(found => !found.length)"
        page.wait_for_function(ask, arg=booking.event_id)


def test_a_list_whose_time_is_over_is_erased_without_a_network(browser, volunteer, booking):
    with phone(browser, volunteer, quick=True) as page:
        wait_for_list(page)
        lose_network(page)
        page.clock.install()
        page.clock.set_fixed_time(now() + timedelta(days=2))
        scan(page, "7Q2K9F4MXT3B-9")
        expect(state(page)).to_have_attribute("data-state", "ended")
        assert page.evaluate("id => window.doorStore.guests(id)", booking.event_id) == []


def test_a_walk_in_without_a_network_is_told_that_it_needs_one(browser, volunteer, sql):
    with phone(browser, volunteer) as page:
        wait_for_list(page)
        before = sql("SELECT count(*) FROM bookings")
        lose_network(page)
        page.get_by_role("button", name="2 seats for a walk-in").click()
        expect(page.get_by_text("this needs the network")).to_be_visible()
        assert sql("SELECT count(*) FROM bookings") == before
