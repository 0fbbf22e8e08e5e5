"""What the organiser sets of a waiting room, and sees of it."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.db import db, transaction
from app.errors import InvalidField
from app.models import RoomMode, WaitingRoom
from app.models.columns import now
from app.models.staff_scope import require_event
from app.models.waiting_room import (
    DEFAULT_BUSY_AFTER,
    DEFAULT_PASS_MINUTES,
    DEFAULT_PER_MINUTE,
    DEFAULT_START,
    MAX_BUSY_AFTER,
    MAX_INSIDE,
    MAX_PASS_MINUTES,
    MAX_PER_MINUTE,
    MAX_PROOF_SECONDS,
    MIN_BUSY_AFTER,
    MIN_PASS_MINUTES,
    new_epoch,
    new_seed,
)
from app.services import audit, events
from app.services.room_list import RoomList

ITSELF = "the waiting room itself"
"""Who acts where a room turns itself on or off."""

log = logging.getLogger(__name__)


def get_room(event_id: int) -> WaitingRoom:
    """Return the event's room, turned off if it never had one. Raises `EventNotFound`."""
    events.get_event(event_id, drafts=True)
    return db.session.get(WaitingRoom, event_id) or WaitingRoom(
        event_id=event_id,
        mode=RoomMode.OFF.value,
        measured=True,
        per_minute=DEFAULT_PER_MINUTE,
        most_inside=None,
        busy_after=DEFAULT_BUSY_AFTER,
        auto_on=False,
        start_per_second=DEFAULT_START,
        pass_minutes=DEFAULT_PASS_MINUTES,
        paused=False,
        open_without_redis=False,
        proof_seconds=0,
        arrived=0,
        lobby_size=0,
        exempt_orders=0,
        exempt_seats=0,
    )


def change_room(known: RoomList, event_id: int, changes: Mapping[str, Any]) -> WaitingRoom:
    """Set how people wait for an event; turned on anew it is another room, with another draw.

    `changes` are of `mode`, `measured`, `per_minute`, `paused`, `pass_minutes`, `most_inside`,
    `busy_after`, `open_without_redis` and `proof_seconds`; a `per_minute` alone is no measured pace
    any more. Raises `EventNotFound`, and `InvalidField` for a figure out of its range.
    """
    require_event(event_id)
    _check(changes)
    if changes.get("per_minute") is not None:
        changes = {"measured": False, **changes}
    with transaction() as session:
        event = events.get_event(event_id, drafts=True)
        room = session.get(WaitingRoom, event_id, with_for_update=True)
        if room is None:
            room = WaitingRoom(event_id=event_id, mode=RoomMode.OFF.value)
            session.add(room)
            session.flush()
            session.refresh(room)
        before = {name: getattr(room, name) for name in changes}
        waited = room.waits
        for name, value in changes.items():
            setattr(room, name, value)
        # Of a room that is on, automatic is no reason to send away those who wait.
        room.auto_on = room.mode == RoomMode.AUTO and waited
        if room.waits and not waited:
            _begin_anew(room)
        room.revision += 1
        audit.record("waiting_room.changed", event, before=before, after=dict(changes))
    known.forget()
    wanted = select(WaitingRoom).where(WaitingRoom.event_id == event_id)
    found = db.session.scalars(wanted.options(joinedload(WaitingRoom.event))).one()
    known.rooms.look(found)  # so that it holds from now on, and not from somebody's next question
    return found


def turn_by_itself(
    known: RoomList, event_id: int, *, on: bool, seconds: float = 0.0, served: float = 0.0
) -> bool:
    """Turn an automatic room on, as orders take so many seconds, or off; return whether it was.

    Its pace begins with `served`, what the desk can do in a second.
    """
    audit.act_as(ITSELF)
    with transaction() as session:
        room = session.get(WaitingRoom, event_id, with_for_update=True)
        if room is None or room.mode != RoomMode.AUTO or room.auto_on == on:
            return False
        room.auto_on = on
        room.revision += 1
        told = {}
        if on:
            _begin_anew(room)
            room.start_per_second = max(served, DEFAULT_START)
            told = {"seconds": round(seconds, 1)}
        action = "waiting_room.turned_on" if on else "waiting_room.turned_off"
        audit.record(action, events.get_event(event_id, drafts=True), after=told)
    if on:
        log.warning("Orders of event %s took %.1f s: its waiting room is on", event_id, seconds)
    else:
        log.warning("Nobody waits for event %s any more: its waiting room is off", event_id)
    known.forget()
    return True


def _begin_anew(room: WaitingRoom) -> None:
    room.epoch, room.seed, room.begun_at = new_epoch(), new_seed(), now()
    room.arrived = room.arrived_before = room.lobby_size = 0
    room.opened_at, room.mix, room.paces = None, "", "[]"
    room.exempt_orders = room.exempt_seats = 0
    room.start_per_second = DEFAULT_START


def _check(changes: Mapping[str, Any]) -> None:
    ranges = {
        "per_minute": (1, MAX_PER_MINUTE),
        "pass_minutes": (MIN_PASS_MINUTES, MAX_PASS_MINUTES),
        "most_inside": (1, MAX_INSIDE),
        "busy_after": (MIN_BUSY_AFTER, MAX_BUSY_AFTER),
        "proof_seconds": (0, MAX_PROOF_SECONDS),
    }
    for field, (least, most) in ranges.items():
        value = changes.get(field)
        if value is not None and not least <= value <= most:
            raise InvalidField(field, f"must be from {least:,} to {most:,}")
