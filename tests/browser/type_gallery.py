"""Scenes of an event with ticket types: its form, what that refuses, and the tickets."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from app.models.columns import now
from app.models.references import new_reference

TYPES = (
    {
        "name": "VIP",
        "price_minor": 200000,
        "quota": 10,
        "description": "The front row, with chai and snacks at the interval",
    },
    {"name": "Student", "price_minor": 15000, "min_per_order": 2, "max_per_order": 4},
    {"name": "Early bird", "price_minor": 30000, "sales_close_at": now() - timedelta(days=1)},
    {"name": "Last minute", "price_minor": 70000, "sales_open_at": now() + timedelta(days=2)},
    {
        "name": "Balcony, with a view over the whole of the old palace",
        "price_minor": 90000,
        "quota": 2,
    },
)


def fill(world):
    """Give the world an event with types, and an order of three of them."""
    start = now() + timedelta(days=30)
    facts = {"name": "Navaratri", "category": "Music", "price_minor": 50000, "capacity": 400}
    event = world.events["types"] = world.factories.event(start_at=start, **facts)
    types = world.factories.ticket_types(event, *TYPES)
    world.sql("UPDATE ticket_types SET taken = 2 WHERE quota = 2")
    order = new_reference()
    for name, seats in {"VIP": 1, "General": 2, "Student": 2}.items():
        world.bookings[name] = world.factories.booking(
            event,
            world.alice,
            seats,
            price_minor=types[name].price_minor,
            ticket_type_id=types[name].id,
            order_reference=order,
        )


def form(page, world):
    page.goto(world.event_url("types"))
    page.get_by_role("button", name="One more: General").click()
    page.get_by_role("button", name="One more: Student").click()
    expect(page.get_by_role("button", name="Book 3 seats · ₹800")).to_be_visible()


def refused(page, world):
    """As with a browser that does not look at the numbers first."""
    page.goto(world.event_url("types"))
    page.locator("#booking-form").evaluate("form => form.noValidate = true")
    page.get_by_label("Your name", exact=True).fill("Lakshmi")
    page.get_by_label("Email", exact=True).fill("lakshmi@example.com")
    page.get_by_role("spinbutton", name="General").fill("2")
    page.get_by_role("spinbutton", name="Student").fill("1")
    page.locator("#booking-form").get_by_role("button", name=re.compile("^Book")).click()
    expect(page.locator(".ticket-type .error-text")).to_have_text("Choose at least 2, or none.")


def ticket(page, world):
    return page.goto(world.booking_url("VIP"))


def booked(page, world):
    return page.goto(world.booking_url("VIP", "?new=1"))


VISITOR = {"event-types": form, "event-types-refused": refused}
MEMBER = {"ticket-of-a-type": ticket, "tickets-booked-together": booked}
