"""An event's page: the sale that opens while one looks, clocks, sharing."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from app.models.columns import now
from app.services.events import pause_sales

SECOND = timedelta(seconds=1)
NOTE_WHETHER_KEPT = "addEventListener('pageshow', (e) => { window.wasKept = e.persisted })"


def test_the_form_comes_and_goes_by_itself_when_sales_open_and_close(visit, make_event):
    with visit() as comes, visit() as goes:
        opens = make_event(sales_open_at=now() + 6 * SECOND)
        comes.goto(f"/events/{opens.id}")
        expect(comes.locator(".countdown")).to_contain_text(re.compile(r"Opens in 00:00:0\d"))
        expect(comes.locator("[data-book]")).to_have_count(0)
        closes = make_event(capacity=50, sales_close_at=now() + 5 * SECOND)
        goes.goto(f"/events/{closes.id}")
        expect(goes.locator(".countdown")).to_contain_text("Sales close in")
        button = comes.get_by_role("button", name=re.compile("^Book"))
        expect(button).to_be_visible()
        expect(comes.locator("#seats")).to_contain_text("5 left")
        expect(goes.get_by_text("Sales for this event are closed.")).to_be_visible()


def test_a_paused_sale_stops_for_those_who_look_and_goes_on_by_itself(visit, make_event, app, desk):
    event = make_event(capacity=50)
    with visit(quick=True) as page:
        page.goto(f"/events/{event.id}")
        expect(page.get_by_role("button", name=re.compile("^Book"))).to_be_visible()
        for paused in (True, False):
            with app.app_context():
                pause_sales(event.id, paused, desk)
            told = page.get_by_text("paused the sale for the moment")
            if paused:
                expect(told).to_be_visible()
            else:
                expect(page.get_by_role("button", name=re.compile("^Book"))).to_be_visible()


LACKING = """
for (const [owner, names] of [
  [window, ["IntersectionObserver", "Intl", "print"]],
  [Navigator.prototype, ["share", "clipboard", "onLine"]],
  [Crypto.prototype, ["getRandomValues", "randomUUID"]],
]) for (const name of names) Object.defineProperty(owner, name, { value: undefined });
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new Error("no storage"); } });
"""


def test_whatever_a_browser_lacks_the_rest_of_the_page_works(visit, make_event):
    event = make_event(capacity=50, price_minor=50_000, sales_close_at=now() + 600 * SECOND)
    with visit() as page:
        page.add_init_script(LACKING)
        page.goto(f"/events/{event.id}")
        expect(page.locator(".countdown")).to_contain_text("Sales close in 00:0")
        page.get_by_label("Seats", exact=True).fill("2")
        expect(page.locator("[data-book]")).to_contain_text("Book 2 seats")
        expect(page.get_by_role("button", name="Share")).to_be_hidden()


def test_the_countdown_goes_by_our_clock_not_by_the_visitors(visit, make_event):
    event = make_event(sales_open_at=now() + 3600 * SECOND)
    with visit() as page:
        page.add_init_script("const real = Date.now; Date.now = () => real() + 900_000")
        page.goto(f"/events/{event.id}")
        expect(page.locator(".countdown")).to_contain_text(re.compile(r"Opens in 00:59:[345]\d"))


def test_the_start_is_told_by_the_visitors_clock_too_where_it_differs(visit, make_event):
    event = make_event(start_at=now() + timedelta(days=9))
    for zone, differs in (("America/New_York", True), ("Asia/Kolkata", False)):
        with visit(timezone_id=zone) as page:
            page.goto(f"/events/{event.id}")
            place = page.locator("[data-your-time]")
            if differs:
                expect(place).to_contain_text("by your clock")
            else:
                expect(place).to_be_hidden()


def test_gone_back_to_as_it_was_left_it_says_what_one_has_booked_since(
    visit_and_keep, make_event, sign_in
):
    event = make_event(capacity=50)
    with visit_and_keep() as page:
        page.add_init_script(
            "addEventListener('pageshow', (e) => { window.wasKept = e.persisted })"
        )
        sign_in(page)
        page.goto(f"/events/{event.id}")
        page.get_by_label("Seats", exact=True).fill("2")
        page.locator("[data-book]").click()
        expect(page.get_by_role("heading", name="You're going to")).to_be_visible()
        page.go_back(wait_until="commit")  # a page that was kept doesn't load
        expect(page.locator("#your-seats")).to_contain_text("You have 2 seats.")
        assert page.evaluate("wasKept"), "it was asked for anew, and would say so in any case"
        page.get_by_role("link", name="Show ticket").click()
        expect(page.get_by_role("heading", name="Your ticket")).to_be_visible()


def test_where_the_system_has_no_sheet_for_it_the_link_is_copied_and_said_so(visit, make_event):
    event = make_event(name="Tech Talk")
    with visit(permissions=["clipboard-read", "clipboard-write"]) as page:
        page.add_init_script("Navigator.prototype.share = undefined")
        page.goto(f"/events/{event.id}")
        page.get_by_role("button", name="Share").click()
        expect(page.get_by_role("status").first).to_have_text("The link is copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.endswith(f"/events/{event.id}/tech-talk")


def test_without_javascript_no_dead_control_is_shown(visit, make_event):
    event = make_event(sales_open_at=now() + 60 * SECOND)
    with visit(java_script_enabled=False) as page:
        page.goto(f"/events/{event.id}")
        expect(page.get_by_text("Sales open on")).to_be_visible()
        expect(page.get_by_role("button", name="Share")).to_be_hidden()
        expect(page.locator(".countdown")).to_be_hidden()
