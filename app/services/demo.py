"""The demo's users and events; seeding is idempotent, and moves what is over into the next days."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from app.booking import ticket_types
from app.booking.desk import BookingDesk
from app.booking.orders import Order
from app.booking.seat_changes import SeatChanges
from app.models import Event, TicketType, User
from app.models.columns import now
from app.services import accounts

PASSWORD = "utsavam-demo"  # noqa: S105 - the demo's, printed at its start
USERS = ("alice", "bob", "carol")
SPAN = timedelta(days=7)
"""The demo's events begin within it, but for one that is under way and one that is over."""
EVENTS = Path(__file__).with_name("demo_events.json")


@dataclass
class Seeded:
    """Names of what seeding created, and of what was already present."""

    created: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)

    def note(self, name: str, *, created: bool) -> None:
        (self.created if created else self.present).append(name)


def seed_demo(desk: BookingDesk, *, with_password: bool) -> Seeded:
    """Create the users alice, bob and carol, and the events of `demo_events.json`.

    Without `with_password` the users have none: the demo's password is public, so only a demo may
    use it.
    """
    seeded = Seeded()
    users = [_ensure_user(name, seeded, PASSWORD if with_password else None) for name in USERS]
    events = _ensure_events(json.loads(EVENTS.read_text()), seeded, desk)
    for event, facts, created in events:
        if created:
            _sell(event, facts.get("sold", 0), users, desk)
    return seeded


def _ensure_user(name: str, seeded: Seeded, password: str | None) -> User:
    email = f"{name}@example.com"
    user = accounts.find_user(email)
    seeded.note(email, created=user is None)
    return user or accounts.create_user(email, name.capitalize(), password)


def _ensure_events(
    listed: list[dict[str, Any]], seeded: Seeded, desk: BookingDesk
) -> list[tuple[Event, dict[str, Any], bool]]:
    found = []
    with desk.changing() as changes:
        session = changes.session
        # Two concurrent seedings would create each event twice.
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('utsavam demo'))"))
        for facts in listed:
            event = session.scalars(
                select(Event)
                .where(Event.name == facts["name"], Event.deleted_at.is_(None))
                .order_by(Event.id)
                .limit(1)
            ).one_or_none()
            seeded.note(facts["name"], created=event is None)
            found.append((event or _make(changes, facts), facts, event is None))
        # Publish the tokens of existing events too: an operator looks for them in Redis.
        changes.lock(event.id for event, _, is_new in found if not is_new)
        for event, facts, is_new in found:
            if not is_new and _is_stale(event, facts):
                _move(event, facts)
    return found


def _make(changes: SeatChanges, facts: dict[str, Any]) -> Event:
    event = Event(
        capacity=facts["capacity"],
        **_moments(facts),
        **{name: facts[name] for name in _PLAIN if name in facts},
    )
    changes.add(event)  # ids follow the order of the list: event 1 is the concert
    for kind in facts.get("ticket_types", ()):
        ticket_types.add(changes.session, event, TicketType(**kind), default_name="General")
    return event


_PLAIN = (
    "name",
    "venue",
    "address",
    "city",
    "category",
    "description",
    "time_zone",
    "price_minor",
    "payment_note",
    "payment_minutes",
    "refund_rule",
    "max_per_person",
    "status",
)


def _is_stale(event: Event, facts: dict[str, Any]) -> bool:
    """Whether it is an event of the demo, not an organiser's own, that is no longer to come."""
    is_ours = all(getattr(event, name) == facts[name] for name in ("venue", "description"))
    is_soon = not event.is_over(now()) and event.start_at <= now() + SPAN
    return is_ours and facts.get("in_days", 0) >= 0 and not is_soon


def _move(event: Event, facts: dict[str, Any]) -> None:
    """Give the event the times of one that is seeded now."""
    for name, at in _moments(facts).items():
        setattr(event, name, at)
    event.calendar_sequence += 1
    event.updated_at = now()


def _moments(facts: dict[str, Any]) -> dict[str, datetime | None]:
    start = _start_time(facts)
    end = start + timedelta(minutes=facts["minutes"])
    opens = facts.get("sales_open_in_days")
    return {
        "start_at": start,
        "end_at": end,
        "sales_open_at": now() + timedelta(days=opens) if opens is not None else None,
        "sales_close_at": end if facts.get("sells_until") == "end" else None,
        "cancel_until": None,
    }


def _start_time(facts: dict[str, Any]) -> datetime:
    """So many days from now at an hour of the event's zone, or some hours ago, at a full hour."""
    if hours := facts.get("hours_ago"):
        return now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    in_days, zone = facts["in_days"], facts.get("time_zone", "Asia/Kolkata")
    hour, minute = map(int, facts["at"].split(":"))
    local = datetime.now(ZoneInfo(zone)) + timedelta(days=in_days)
    return local.replace(hour=hour, minute=minute, second=0, microsecond=0).astimezone(UTC)


def _sell(event: Event, seats: int, users: list[User], desk: BookingDesk) -> None:
    """Book seats through the desk, as a buyer would, so that the demo has booked events."""
    share = event.max_per_person or 500
    for i in range(0, seats, share):
        user = users[(i // share) % len(users)]
        desk.book(Order(user.id, event.id, min(share, seats - i)))
