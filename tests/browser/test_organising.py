"""Organisers at work, each flow from its beginning to its end, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from app.models.columns import now
from tests.browser import gallery

BOTH = pytest.mark.parametrize(
    "javascript", [True, False], ids=["with JavaScript", "without JavaScript"]
)


@pytest.fixture
def event(make_event):
    return make_event(name="Veena Evening", capacity=50, price_minor=20000)


@BOTH
def test_a_sale_is_paused_and_goes_on(visit, log_in, event, sql, javascript):
    with visit(java_script_enabled=javascript) as page:
        log_in(page)
        page.get_by_role("link", name="Edit Veena Evening").click()
        page.get_by_role("link", name="Sales", exact=True).click()
        page.get_by_role("button", name="Pause sales").click()
        expect(page.locator("main")).to_contain_text("Nobody can book")
        assert sql("SELECT sales_paused FROM events") == [(True,)]
        page.get_by_role("button", name="Go on selling").click()
        expect(page.locator("main")).to_contain_text("Sales go on.")
        assert sql("SELECT sales_paused FROM events") == [(False,)]


@BOTH
def test_seats_are_held_back_and_released_in_portions(visit, log_in, event, sql, javascript):
    with visit(java_script_enabled=javascript) as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/console")
        page.get_by_label("How many more").fill("20")
        page.get_by_role("button", name="Hold back").click()
        expect(page.locator("main")).to_contain_text("20 seats are held back now.")
        page.get_by_label("How many of them").fill("5")
        page.get_by_role("button", name="Release").click()
        expect(page.locator("main")).to_contain_text("15 seats are held back now.")
    assert sql("SELECT seats_available, seats_held FROM events") == [(35, 15)]


def test_the_console_moves_as_seats_are_sold(visit, log_in, event, make_user):
    wish = {"user_id": make_user().id, "event_id": event.id, "seats": 2}
    with visit() as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/console")
        left = page.locator("#figures .figure").nth(1).locator("strong")
        expect(left).to_have_text("50")
        seats = page.get_by_label("How many more")
        seats.fill("7")
        assert page.request.post("/api/bookings", data=wish).ok
        expect(left).to_have_text("48")
        expect(page.locator("#rate-chart rect")).to_have_count(1)
        expect(page.locator("#left-chart path.line")).to_have_count(1)
        expect(seats).to_have_value("7")
        expect(seats).to_be_focused()


@BOTH
def test_a_guest_is_found_and_some_of_their_seats_are_given_back(
    visit, log_in, event, make_booking, make_user, sql, javascript
):
    make_booking(event, make_user(name="Ravi Menon"), seats=1)
    make_booking(event, make_user(name="Asha Iyer"), seats=4)
    with visit(java_script_enabled=javascript) as page:
        log_in(page)
        page.get_by_role("link", name="Bookings", exact=True).click()
        page.get_by_label("Name, email, reference or event").fill("asha")
        page.get_by_role("button", name="Search").click()
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Asha Iyer")
        rows.get_by_role("link").first.click()
        page.get_by_label("Seats to give back").fill("3")
        page.get_by_role("button", name="Give back…").click()
        expect(page.locator("main")).to_contain_text("Of Asha Iyer for Veena Evening")
        expect(page.locator("main")).to_contain_text("1 seat stays booked.")
        page.get_by_role("button", name="Yes, give back").click()
        expect(page.locator("main")).to_contain_text("The seats are free again; 1 seat stays")
        expect(page.locator(".rows")).to_contain_text("4 seats, then 1")
    assert sql("SELECT seats_available FROM events") == [(48,)]


@BOTH
def test_a_seat_is_booked_for_somebody_on_the_telephone(visit, log_in, event, sql, javascript):
    with visit(java_script_enabled=javascript) as page:
        log_in(page)
        page.get_by_role("link", name="Bookings Veena Evening").click()
        page.get_by_role("link", name="Book for somebody").click()
        page.get_by_label("Guest's email").fill("meena@example.com")
        page.get_by_label("Guest's name").fill("Meena")
        page.get_by_label("Seats", exact=True).fill("60")
        page.get_by_role("button", name="Book", exact=True).click()
        expect(page.get_by_label("Guest's name")).to_have_value("Meena")
        expect(page.locator("#seats-error")).to_contain_text("50")
        page.get_by_label("Seats", exact=True).fill("2")
        page.get_by_role("button", name="Book", exact=True).click()
        expect(page.locator("h1")).to_contain_text("Booking")
    assert sql("SELECT u.name, b.seats FROM bookings b JOIN users u ON u.id = b.user_id") == [
        ("Meena", 2)
    ]


@BOTH
def test_a_list_of_guests_is_taken_along(visit, log_in, event, make_booking, javascript):
    for _ in range(3):
        make_booking(event)
    with visit(java_script_enabled=javascript, accept_downloads=True) as page:
        log_in(page)
        page.goto(f"/admin/bookings?event={event.id}")
        for name, ending in (("CSV", ".csv"), ("Excel", ".xlsx")):
            with page.expect_download() as download:
                page.get_by_role("link", name=name, exact=True).click()
            assert download.value.suggested_filename == f"bookings-veena-evening{ending}"
            if javascript:
                expect(page.locator("#export")).to_contain_text("3 rows are in the file.")
        assert download.value.path().stat().st_size > 1000


@BOTH
def test_a_staff_key_is_made_used_and_revoked(visit, log_in, clean, javascript):
    with visit(java_script_enabled=javascript) as page:
        log_in(page)
        page.get_by_role("link", name="Staff keys").click()
        page.get_by_label("Whose key it is").fill("Ravi")
        page.get_by_label("What they may do").select_option("viewer")
        page.get_by_role("button", name="Make a key").click()
        key = page.locator(".secret").inner_text()
        with visit(java_script_enabled=javascript) as other:
            gallery.log_in(other, key)
            expect(other.get_by_role("link", name="Staff keys")).to_have_count(0)
            expect(other.get_by_role("link", name="New event")).to_have_count(0)
            page.goto("/admin/keys")
            page.get_by_role("button", name="Revoke Ravi").click()
            expect(page.locator("main")).to_contain_text("opens nothing any more")
            other.goto("/admin/events")
            expect(other.get_by_label("Admin key", exact=True)).to_be_visible()


@BOTH
def test_who_changed_what_is_found_in_the_audit_log(visit, log_in, event, javascript):
    with visit(java_script_enabled=javascript) as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/edit")
        page.get_by_label("Capacity").fill("60")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("link", name="Audit log").click()
        page.get_by_label("Who, what, or a word").fill("capacity")
        page.get_by_role("button", name="Search").click()
        row = page.locator("tbody tr").first
        expect(row).to_contain_text("Event changed")
        expect(row.locator("del")).to_have_text("50")
        expect(row.locator("ins")).to_have_text("60")


@BOTH
def test_last_week_is_looked_at(visit, log_in, event, make_booking, settings, javascript):
    make_booking(event, seats=3)
    with visit(java_script_enabled=javascript) as page:
        log_in(page)
        page.get_by_role("link", name="Dashboard").click()
        page.get_by_role("link", name="7 days").click()
        expect(page).to_have_url(re.compile("range=7"))
        sold = page.locator(".figure", has_text="Seats sold").locator("strong")
        expect(sold).to_have_text("3")
        page.get_by_text("The figures as a table").click()
        first = page.locator("details tbody tr").first
        expect(first).to_contain_text(now().astimezone(settings.zone).date().isoformat())
        page.get_by_role("link", name="Filled").click()
        expect(page.locator("th[aria-sort]")).to_contain_text("Filled")


@BOTH
def test_the_books_are_checked(visit, log_in, event, sql, javascript):
    with visit(java_script_enabled=javascript) as page:
        log_in(page)
        page.get_by_role("link", name="Checks").click()
        expect(page.locator("main")).to_contain_text("In order")
        page.get_by_role("button", name="Check the books").click()
        expect(page.locator("#reconciliation")).to_contain_text(
            "1 event checked: all seats add up."
        )
        sql("UPDATE events SET seats_available = 49")
        page.get_by_role("button", name="Check the books").click()
        expect(page.locator("#reconciliation")).to_contain_text("1 does not add up.")
        expect(page.locator("#findings")).to_contain_text("Veena Evening")
        sql("UPDATE events SET seats_available = 50")


def test_on_a_phone_a_list_begins_with_name_seats_and_state(visit, log_in, event, make_booking):
    make_booking(event, seats=3)
    with visit(width=360, height=800) as page:
        log_in(page)
        for path in ("/admin/bookings", f"/admin/bookings?event={event.id}", "/admin/events"):
            page.goto(path)
            for cell in page.locator("tbody tr").first.locator("th, td").all()[:3]:
                box = cell.bounding_box()
                assert box["x"] + box["width"] <= 360, (path, cell.inner_text())


def test_fifty_guests_are_printed_on_two_pages(visit, log_in, event, make_user, make_booking):
    for number in range(50):
        make_booking(event, user=make_user(name=f"Guest {number} of a long family name"))
    with visit() as page:
        log_in(page)
        page.goto(f"/admin/events/{event.id}/guests")
        paper = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= 2
