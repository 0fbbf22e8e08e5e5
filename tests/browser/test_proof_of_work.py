"""A browser computes before it joins a waiting room, and says so."""

import pytest
from playwright.sync_api import expect

from app.services.room_settings import change_room

# The site remembers for three seconds which event has a room: no other test's may have its number.
pytestmark = pytest.mark.usefixtures("unused_ids")

LISTEN = """() => {
  const state = document.getElementById("proof-state"), said = [];
  new MutationObserver(() => said.push(state.textContent)).observe(state, { childList: true });
  const ask = window.fetch, card = "#booking-form";
  window.fetch = async (...given) => {
    await htmx.ajax("GET", location.pathname, { target: card, select: card, swap: "outerHTML" });
    return ask(...given);
  };
  addEventListener("pagehide", () => sessionStorage.setItem("said", said.join("|")));
}"""
"""Swap the form while it is at work, as polls do; keep for the next page what was told on this."""


@pytest.fixture
def event(app, make_event):
    event = make_event()
    with app.app_context():
        change_room(app.extensions["waiting_rooms"], event.id, {"mode": "on", "proof_seconds": 2})
    return event


def door(page, event):
    """The button that joins, once the site knows of the room: within three seconds."""
    button = page.get_by_role("button", name="Join the waiting room")
    for _ in range(10):
        page.goto(f"/events/{event.id}")
        if button.count():
            break
        page.wait_for_timeout(500)
    return button


def test_a_phone_solves_a_real_challenge_by_keyboard_and_joins(visit, event):
    with visit(width=360, height=740, color_scheme="dark") as page:
        button = door(page, event)
        button.focus()
        page.evaluate(LISTEN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Waiting room")
        said = page.evaluate("sessionStorage.getItem('said')")
        assert said == "Checking: a few seconds. Keep this page open.|Done. You are joining."
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_where_the_browser_can_not_compute_it_says_what_to_do(visit, event):
    broken = "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined });"
    with visit(script=broken, tolerated=("warning: join",)) as page:
        button = door(page, event)
        button.click()
        expect(page.locator("#proof-state")).to_contain_text("Try again, or sign in")
        expect(page.get_by_role("progressbar")).to_be_hidden()
        expect(button).to_be_focused()
