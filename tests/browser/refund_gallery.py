"""Scenes of the refund rule: as guests read it, and what it asks of them who cancel."""

from datetime import timedelta

from app.models.columns import now

STEPS = [
    {"hours_before": 168, "percent": 100},
    {"hours_before": 24, "percent": 50},
    {"hours_before": None, "percent": 0},
]


def fill(world):
    """Give the world a paid booking of which half comes back, and one of which nothing does."""
    facts = {"price_minor": 50_000, "payment_minutes": 15, "capacity": 400}
    for name, days in {"half back": 3, "nothing back": 0.5}.items():
        start = now() + timedelta(days=days)
        event = world.events[name] = world.factories.event(
            name=f"Veena Evening, {name}", start_at=start, refund_rule=STEPS, **facts
        )
        booking = world.bookings[name] = world.factories.booking(
            *(event, world.alice, 2), price_minor=50_000, booked_in="INR"
        )
        world.factories.payment(booking, marked_by="Priya")


def cancellation(name):
    return lambda page, world: page.goto(world.booking_url(name, "/cancellation"))


def event_page(page, world):
    return page.goto(world.event_url("half back"))


def choice(page, world):
    page.goto(f"/admin/bookings/{world.bookings['half back'].id}/cancellation?had=2&give=2")
    page.get_by_label("An amount", exact=True).check()
    page.get_by_label("Amount that comes back").fill("12345")
    page.get_by_role("button", name="Yes, give back").click()
    page.get_by_text("That is more than was paid").wait_for()


VISITOR = {"event-refund-rule": event_page}
MEMBER = {
    "cancellation-half-back": cancellation("half back"),
    "cancellation-nothing-back": cancellation("nothing back"),
}
ORGANISER = {"admin-booking-give-back-paid": choice}
