"""Somebody waits for their turn: what they see, hear and keep."""

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from app.edge.current import waiting_rooms
from app.models.columns import now
from app.services.room_settings import change_room
from tests.browser.test_budgets import KB, weigh, weight
from tests.support.servers import wait_until

# The site remembers for three seconds which event has a room: no other test's may have its number.
pytestmark = pytest.mark.usefixtures("unused_ids")

HEARD = """
window.heard = [];
window.notices = [];
document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("live");
  new MutationObserver(() => window.heard.push(live.textContent)).observe(live, {childList: true});
});
"""
"""Keeps what the live region told."""
LOOKS_ELSEWHERE = """() => {
Object.defineProperty(document, "hidden", {get: () => true});
window.Notification = class extends Notification {
  constructor(title, facts) { super(title, facts); window.notices.push(`${title} ${facts.body}`); }
};
}"""


@pytest.fixture
def room(app, site):
    """Change an event's room; the site knows it then."""

    def change(event, **changes):
        with app.app_context():
            row = change_room(waiting_rooms(), event.id, {"mode": "on", **changes})
            told = row.epoch, pytest.approx(row.per_second, abs=0.001)
        address = f"{site}/events/{event.id}/waiting-room.json"

        def is_known():
            # By each of its processes.
            found = [httpx.get(address) for _ in range(6)]
            facts = [one.json() for one in found if one.is_success]
            return [(one["epoch"], one["per_second"]) for one in facts] == 6 * [told]

        wait_until(is_known)

    return change


@pytest.fixture
def crowd(app):
    """So many people are there already."""

    def come(event, people):
        with app.app_context():
            waiting_rooms().forget()
            row = waiting_rooms().row(event.id)
            for _ in range(people):
                waiting_rooms().rooms.join(row, None)

    return come


def join(page, event):
    page.goto(f"/events/{event.id}")
    page.get_by_role("button", name="Join the waiting room").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting room")


def asked(page):
    """What the page asks from now on: the ends of the addresses."""
    seen = []

    def note(request):
        seen.append(urlsplit(request.url).path.rsplit("/", 1)[1])

    page.on("request", note)
    return seen


def looks_until(page, holds):
    """It would look by itself some seconds later: who comes back to it need not wait for that."""

    def holds_now():
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(300)
        return holds()

    wait_until(holds_now)


def before(page):
    return page.locator("[data-says=count]")


def test_who_waits_counts_down_hears_what_matters_and_has_their_turn(
    visit, make_event, room, crowd
):
    event = make_event(name="Onam", capacity=500)
    room(event, per_minute=60)
    crowd(event, 44)
    with (
        visit(360, 740, script=HEARD, permissions=["notifications"]) as page,
        visit(java_script_enabled=False) as plain,
    ):
        join(page, event)
        join(plain, event)
        seen = asked(page)
        sound = page.get_by_role("button", name="Play a sound when it is my turn")
        sound.click()
        expect(sound).to_have_attribute("aria-pressed", "true")
        expect(sound).to_have_attribute("data-armed", "running")
        page.get_by_role("button", name="Notify me").click()
        expect(page.locator("#room-told")).to_contain_text("Your device will tell you")
        first = int(before(page).inner_text())
        expect(page.locator("[data-says=seats]")).to_have_text("500")
        # It counts down without asking, and does not speak while it does.
        wait_until(lambda: int(before(page).inner_text()) < first - 2)
        assert set(seen) <= {"waiting-room.json"}
        assert len(seen) <= 3
        expect(page).to_have_title(re.compile(r"^Place \d\d: Onam"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        soon = ["It is your turn soon: in a minute at most."]
        wait_until(lambda: page.evaluate("heard") == soon)
        page.evaluate(LOOKS_ELSEWHERE)
        room(event, per_minute=6_000)
        page.evaluate("dispatchEvent(new Event('online'))")  # it would ask in some seconds
        expect(page.get_by_role("heading", name="It is your turn")).to_be_visible()
        expect(page).to_have_title(re.compile("^Your turn: Onam"))
        expect(page.locator("#room-sound")).to_have_attribute("data-chimes", "2")
        assert page.evaluate("notices") == ["It is your turn: you can book now. Onam"]
        expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^(09:\d\d|10:00)$"))
        assert page.evaluate("heard")[-1] == "It is your turn: you can book now."
        assert seen.count("waiting-room") <= 2
        # The page without scripts loads itself again, after ten seconds at least.
        assert 10 <= int(plain.locator("meta[http-equiv=refresh]").get_attribute("content")) <= 60
        plain.reload()
        expect(plain.get_by_role("heading", name="It is your turn")).to_be_visible()
        page.get_by_role("link", name="Book seats").click()
        expect(page.locator("#booking-form .countdown")).to_contain_text("to book")


def test_a_place_is_kept_through_no_network_a_reload_a_second_tab_and_the_browsers_end(
    visit, browser, site, make_event, room, crowd
):
    event = make_event(name="Onam")
    room(event, per_minute=1)
    crowd(event, 30)
    away = ("Failed to load resource", "ERR_INTERNET_DISCONNECTED")
    with visit(script=HEARD, tolerated=away) as page:
        join(page, event)
        expect(before(page)).to_have_text("29")
        page.context.set_offline(True)
        expect(page.locator("#room-lost")).to_be_visible()
        expect(page.locator("#room-lost")).to_contain_text("Your place is kept")
        expect(page.locator("#offline")).to_be_hidden()
        expect(before(page)).to_have_text("29")
        page.context.set_offline(False)
        expect(page.locator("#room-lost")).to_be_hidden()
        assert page.evaluate("heard") == [
            "There is no network just now. Your place is kept.",
            "The network is back.",
        ]
        page.locator("#room-sound").click()
        expect(page.locator("#room-sound")).to_have_attribute("data-armed", "running")
        page.reload()
        expect(before(page)).to_have_text("29")
        # The sound is kept as well, and browsers want the page to be touched for it.
        expect(page.locator("#room-sound")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#room-told")).to_contain_text("Touch the page")
        page.get_by_role("heading", level=1).click()
        expect(page.locator("#room-sound")).to_have_attribute("data-armed", "running")
        tab = page.context.new_page()
        join_again = f"/events/{event.id}/waiting-room"
        tab.goto(join_again)
        expect(before(tab)).to_have_text("29")
        # What ends with the browser is not kept on its disk.
        kept = [one for one in page.context.cookies() if one["expires"] > 0]
    with browser.new_context(base_url=site) as later:
        later.add_cookies(kept)
        page = later.new_page()
        page.goto(join_again)
        expect(before(page)).to_have_text("29")


def test_the_lobby_turns_by_itself_and_a_pause_is_told(visit, make_event, room, crowd, sql):
    event = make_event(name="Onam", sales_open_at=now() + timedelta(minutes=9))
    room(event, per_minute=1)
    crowd(event, 40)
    with visit(script=HEARD) as page:
        join(page, event)
        expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^08:\d\d$"))
        expect(page.locator("[data-says=here]")).to_have_text("41 people are here.")
        sql("UPDATE events SET sales_open_at = now() WHERE id = %s RETURNING id", event.id)
        looks_until(page, lambda: before(page).count())
        expect(before(page)).to_have_text(re.compile(r"\d+|You are next"))
        assert page.evaluate("heard")[0].startswith("The waiting room has opened.")
        room(event, paused=True)
        told = "The organiser has paused it"
        looks_until(page, lambda: page.evaluate("heard")[-1].startswith(told))
        expect(page.locator("[data-says=wait]")).to_contain_text(told)


def test_the_minutes_to_book_run_and_the_last_two_are_told(visit, make_event, room):
    event = make_event(name="Onam")
    room(event, per_minute=6_000)
    with visit(script=HEARD) as page:
        page.clock.install()
        join(page, event)
        expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^(09:\d\d|10:00)$"))
        page.clock.fast_forward("08:05")
        wait_until(lambda: page.evaluate("heard") == ["2 minutes are left to book."])


def test_a_status_that_stands_still_is_not_relied_on(visit, make_event, room, crowd):
    event = make_event(name="Onam")
    room(event, per_minute=1)
    crowd(event, 9)
    with visit() as page:

        def an_old_one(route):
            answer = route.fetch()
            facts = json.loads(answer.text())
            route.fulfill(response=answer, json={**facts, "at": facts["at"] - 60, "served": 9})

        page.route("**/waiting-room.json*", an_old_one)
        with (
            page.expect_response("**/waiting-room.json?late"),
            page.expect_response("**/waiting-room?was=waiting&script=1"),
        ):
            join(page, event)
        expect(before(page)).to_have_text("8")


def test_the_page_is_light(visit, make_event, room, crowd):
    event = make_event(name="Onam")
    room(event, per_minute=1)
    crowd(event, 9)
    with visit() as page:
        join(page, event)
        fresh = page.context.new_page()
        found = weigh(fresh, f"/events/{event.id}/waiting-room")
    assert weight(found, "javascript") <= 27 * KB
    assert weight(found, "css") <= 10 * KB
    status = [size for url, _kind, size in found if url.endswith(".json")]
    assert status
    assert max(status) <= 0.5 * KB
