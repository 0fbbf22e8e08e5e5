"""A scene of fees: shown with each ticket type, and asked about once more when they have risen."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from app.models.columns import now


def fill(world):
    """Give the world an event with a fee, and a ticket type that has none since it is free."""
    facts = {"name": "Ghazal Evening", "category": "Music", "price_minor": 50000, "capacity": 400}
    fee = {"fee_minor": 1000, "fee_basis_points": 300, "start_at": now() + timedelta(days=70)}
    event = world.events["fee"] = world.factories.event(**facts, **fee)
    child = {"name": "Child", "price_minor": 0, "description": "Until 6, on a lap"}
    world.factories.ticket_types(event, {"name": "VIP", "price_minor": 200000}, child)
    world.factories.voucher(event, "GHAZAL", price_effect="percent_off", price_value=20)


def risen(page, world):
    event = world.events["fee"]
    world.sql("UPDATE events SET fee_minor = 1000 WHERE id = %s", event.id)
    world.factories.show()
    page.goto(f"{world.event_url('fee')}?code=GHAZAL")
    page.get_by_label("Your name", exact=True).fill("Lakshmi")
    page.get_by_label("Email", exact=True).fill("lakshmi@example.com")
    page.get_by_role("button", name="One more: General").click()
    world.sql("UPDATE events SET fee_minor = 2500, version = version + 1 WHERE id = %s", event.id)
    world.factories.show()
    page.locator("#booking-form").get_by_role("button", name=re.compile("^Book 1 seat")).click()
    expect(page.locator("#seats-error")).to_contain_text("These seats cost ₹437 by now.")
    expect(page.get_by_role("button", name="Book 1 seat · ₹437")).to_be_visible()


VISITOR = {"event-price-risen": risen}
