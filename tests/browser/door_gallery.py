"""Every answer of the door, for all who look at the gallery."""

from uuid import uuid4

from playwright.sync_api import expect

TONES = {"Admitted": "in", "Already used": "used", "Not valid": "no", "Undone": "undone"}


def at_the_door(page, world):
    return page.goto(f"/door/{world.bookings['ok'].event_id}")


def scanned(code, word):
    """A scan at the door of the event, with its answer."""

    def play(page, world):
        at_the_door(page, world)
        page.get_by_label("Code or name").fill(code(world))
        page.keyboard.press("Enter")
        _told(page, word)

    return play


def vip(page, world):
    page.goto(f"/door/{world.with_types().id}")
    page.get_by_label("Code or name").fill(world.bookings["typed"].reference)
    page.keyboard.press("Enter")
    _told(page, "Admitted")
    expect(page.locator(".door-type")).to_have_text("VIP")


def vip_asked(page, world):
    page.goto(f"/door/{world.with_types().id}")
    page.get_by_role("button", name="2 seats for a walk-in").click()
    expect(page.get_by_role("heading", name="Walk-in: 2 seats")).to_be_focused()


def undone(page, world):
    scanned(lambda w: f"{w.bookings['ok'].reference}-3", "Admitted")(page, world)
    page.get_by_role("button", name="Undo").click()
    _told(page, "Undone")


def found(page, world):
    at_the_door(page, world)
    page.get_by_label("Code or name").fill("alice")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Guests with").wait_for()


def of_nobody(page, world):
    at_the_door(page, world)
    page.get_by_label("Code or name").fill("zzyzx")
    page.keyboard.press("Enter")
    page.get_by_text("Nobody booked under this name.").wait_for()


def asked(page, world):
    at_the_door(page, world)
    page.get_by_role("button", name="2 seats for a walk-in").click()
    expect(page.get_by_role("heading", name="Walk-in: 2 seats")).to_be_focused()


def walked_in(page, world):
    asked(page, world)
    page.get_by_label("Name, if you like").fill("మీనా")
    page.get_by_role("button", name="admit").first.click()
    page.get_by_role("button", name="Undo the walk-in").wait_for()


def undone_walk_in(page, world):
    walked_in(page, world)
    page.get_by_role("button", name="Undo the walk-in").click()
    page.get_by_text("The seats are free again.").wait_for()


def without_a_network(page, world):
    at_the_door(page, world)
    page.locator("[data-guest-list][data-state=fresh]").wait_for()
    page.context.set_offline(True)
    try:
        page.get_by_label("Code or name").fill(f"{world.bookings['ok'].reference}-2")
        page.keyboard.press("Enter")
        page.get_by_text("By the guest list of").wait_for()
    finally:
        page.context.set_offline(False)


def let_in_twice(page, world):
    """What a door without a network did, told to all doors of the event."""
    at_the_door(page, world)
    page.evaluate(LET_IN, f"{world.bookings['ok'].reference}-1")
    page.evaluate(LET_IN, f"{world.bookings['ok'].reference}-1")
    page.locator(".door-conflict").first.wait_for()


LET_IN = """code => fetch(document.querySelector("[data-door]").dataset.scansAddress, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ scans: [
    { id: crypto.randomUUID(), code, let_in: 1, at: Date.now(), door: "East" },
  ] }),
})"""


def door_key_made(page, world):
    page.goto("/admin/keys")
    page.get_by_label("Whose key it is").fill(f"Door {uuid4().hex[:6]}")
    page.get_by_label("What they may do").select_option("door")
    page.locator("input[name=event_ids]").first.check()
    page.get_by_label("Last day").fill("2999-01-01")
    page.get_by_role("button", name="Make a key").click()
    page.locator(".door-code").wait_for()


def _told(page, word):
    answer = page.locator("[data-told]")
    expect(answer.locator(".door-word")).to_have_text(word)
    expect(answer).to_have_attribute("data-answer", TONES[word])
    # Ready for the next ticket.
    expect(page.get_by_label("Code or name")).to_be_focused()


SCENES = {
    "doors": lambda page, world: page.goto("/door/"),
    "door": at_the_door,
    "door-admitted": scanned(lambda w: f"{w.bookings['ok'].reference}-1", "Admitted"),
    "door-already-used": scanned(lambda w: f"{w.bookings['ok'].reference}-1", "Already used"),
    "door-not-valid": scanned(lambda w: "7Q2K9F4MXT3B-9", "Not valid"),
    "door-undone": undone,
    "door-type": vip,
    "door-type-walk-in": vip_asked,
    "door-guests": found,
    "door-nobody": of_nobody,
    "door-walk-in": asked,
    "door-walked-in": walked_in,
    "door-walk-in-undone": undone_walk_in,
    "door-walk-in-alone": lambda page, world: page.goto(
        f"/door/{world.bookings['ok'].event_id}/walk-ins?seats=900"
    ),
    "door-offline": without_a_network,
    "door-conflict": let_in_twice,
    "admin-arrivals": lambda page, world: page.goto(
        f"/admin/events/{world.bookings['ok'].event_id}/arrivals"
    ),
    "admin-door-list": lambda page, world: page.goto(
        f"/admin/events/{world.bookings['ok'].event_id}/door-list?doors=2"
    ),
    "door-list-by-code": lambda page, world: page.goto(
        f"/door/{world.bookings['ok'].event_id}/list?order=codes"
    ),
    "admin-no-shows": lambda page, world: page.goto(
        f"/admin/events/{world.events['over'].id}/no-shows"
    ),
    "door-key-made": door_key_made,
}
