"""Scenes of the waiting room: before it is joined, its lobby, the wait and the turn."""

from datetime import timedelta

from playwright.sync_api import expect

from app.models.columns import now
from tests.support.servers import wait_until

BEFORE = 1_200
"""People who were there before whoever comes."""


def fill(world):
    """Give the world an event of which people wait in the lobby, and others that have opened."""
    start, opening = now() + timedelta(days=55), now() + timedelta(hours=2)
    rooms = {
        "lobby": ({"name": "தமிழ் இசை விழா", "sales_open_at": opening}, 600, 0),
        "long wait": ({"name": "Navaratri Final", "capacity": 900}, 2, BEFORE),
        "sold out": ({"name": "رمضان نائٹ بازار", "capacity": 900}, 2, BEFORE),
        "short wait": ({"name": "ఉగాది సంగీతోత్సవం", "capacity": 900}, 60, 40),
        "turn": ({"name": "Bihu Night", "capacity": 900}, 60_000, 0),
    }
    for key, (facts, per_minute, arrived) in rooms.items():
        event = world.events[key] = world.factories.event(start_at=start, **facts)
        world.sql(
            "INSERT INTO waiting_rooms (event_id, mode, per_minute, epoch, seed, arrived)"
            " VALUES (%s, 'on', %s, %s, %s, %s) RETURNING event_id",
            *(event.id, per_minute, event.id, "5" * 64, arrived),
        )
    # What the minutes of the last hour did.
    world.sql(
        "INSERT INTO waiting_room_minutes"
        " (event_id, at, epoch, arrived, admitted, came, booked, per_second)"
        " SELECT %s, date_trunc('minute', now()) - (50 - n) * interval '1 minute', %s,"
        " 700 + n * 10, 15 * n - (n %% 4) * 3, 13 * n - n %% 5, 12 * n - n %% 3, 0.2 + 0.01 * n"
        " FROM generate_series(0, 50) n RETURNING event_id",
        *[world.events["long wait"].id] * 2,
    )

    checked = world.factories.event(start_at=start, name="Onam Lights", capacity=900)
    world.events["checked"] = checked
    world.sql(
        "INSERT INTO waiting_rooms (event_id, mode, epoch, seed, proof_seconds)"
        " VALUES (%s, 'on', 1, %s, 5) RETURNING event_id",
        *(checked.id, "5" * 64),
    )


def checked_door(page, world):
    """Of a room before which a browser computes."""
    return page.goto(world.event_url("checked"))


def door(page, world):
    """The first of the scenes: each of the site's processes knows the rooms then."""
    address = f"/events/{world.events['turn'].id}/waiting-room.json"
    wait_until(lambda: all(page.request.get(address).ok for _ in range(6)))
    return page.goto(world.event_url("lobby"))


def joined(name, says):
    def play(page, world):
        page.goto(world.event_url(name))
        page.get_by_role("button", name="Join the waiting room").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Waiting room")
        expect(page.locator("#room")).to_contain_text(says)

    return play


def turn(page, world):
    """The form of whose turn it is, with the time that they have; after the scene before it."""
    page.get_by_role("link", name="Book seats").click()
    expect(page.locator("#booking-form .countdown")).to_contain_text("to book")


def sold_out(page, world):
    """While they wait."""
    joined("sold out", "People before you")(page, world)
    event = world.events["sold out"]
    world.sql("UPDATE events SET seats_available = 0 WHERE id = %s RETURNING id", event.id)
    world.factories.show()
    for _ in range(3):  # until the site has read it
        page.wait_for_timeout(1_000)
        answer = page.reload()
    expect(page.locator(".outlook")).to_contain_text("Every seat is taken just now")
    return answer


def crowd(page, world):
    """The event's page of who has not joined, while many wait."""
    page.context.clear_cookies()
    answer = page.goto(world.event_url("long wait"))
    expect(page.locator(".room-words")).to_contain_text("people wait just now")
    return answer


def told(page, world):
    """Both buttons pressed; after the scene before it."""
    page.context.grant_permissions(["notifications"])
    page.locator("#room-sound").click()
    page.locator("#room-notice").click()
    expect(page.locator("#room-told")).to_contain_text("Your device will tell you")


def lost(page, world):
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#room-lost")).to_be_visible()


def over(page, world):
    """The time of whose turn it was has run out."""
    event, extensions = world.events["turn"], world.factories._app.extensions
    key = extensions["redis_keys"].of(f"{{event:{event.id}}}:waiting-room")
    extensions["redis"].hset(key, "lasts", 1)
    page.wait_for_timeout(1_000)
    answer = page.goto(f"/events/{event.id}/waiting-room")
    expect(page.locator("#room")).to_contain_text("Your time to book is over")
    return answer


def settings(page, world):
    return page.goto(f"/admin/events/{world.events['long wait'].id}/waiting-room")


VISITOR = {
    "room-door": door,
    "room-check": checked_door,
    "room-lobby": joined("lobby", "places are drawn among all"),
    "room-wait": joined("long wait", "almost surely be no seat"),
    "room-sold-out": sold_out,
    "room-crowd": crowd,
    "room-soon": joined("short wait", "As it looks, there will be seats"),
    "room-told": told,
    "room-lost": lost,
    "room-turn": joined("turn", "It is your turn"),
    "room-form": turn,
    "room-over": over,
}
ORGANISER = {"room-settings": settings}
