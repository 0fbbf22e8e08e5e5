"""Waiting rooms: who may book now, everybody's place, and what the organiser sets."""

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.orm import Session, joinedload

from app.db import db, transaction
from app.errors import DatabaseDown, InvalidField, NotAdmitted, RoomAway
from app.models.columns import now
from app.models.staff_scope import require_event
from app.models.waiting_room import (
    MAX_PASS_MINUTES,
    MAX_PER_MINUTE,
    MIN_PASS_MINUTES,
    RoomMode,
    WaitingRoom,
    new_epoch,
    new_seed,
)
from app.services import audit, events
from app.waiting_room.rooms import Look, WaitingRooms, moment
from app.waiting_room.state import Pass, Room, paces_text
from app.waiting_room.tickets import Ticket, opened

ROWS_VALID_FOR = 1.0
"""Seconds after which a process reads anew which events have a room."""
EARLIEST, LATEST = 0.8, 1.5
"""The real wait lies between these shares of what the pace alone would take."""


class RoomPhase(StrEnum):
    """What a room is to somebody who has, or has not, joined it."""

    NOT_JOINED = "not_joined"
    LOBBY = "lobby"
    WAITING = "waiting"
    ADMITTED = "admitted"
    OVER = "over"


@dataclass(frozen=True)
class Standing:
    """Where somebody stands in an event's waiting room."""

    phase: RoomPhase
    room: Room
    live: bool
    """False while Redis is away: what was known last."""
    paused: bool = False
    number: int | None = None
    place: int | None = None
    before: int | None = None
    """People whose turn comes first."""
    wait: tuple[float, float] | None = None
    """The earliest and latest seconds until the turn, by the pace of now; None while it is paused,
    or in the lobby."""
    pass_: Pass | None = None

    @property
    def is_admitted(self) -> bool:
        return self.phase == RoomPhase.ADMITTED


class RoomList:
    """Which events have a waiting room, read once a second at most; one instance per process."""

    def __init__(self, app: Flask, rooms: WaitingRooms) -> None:
        self.rooms = rooms
        self._app = app
        self._rows: Mapping[int, WaitingRoom] = {}
        self._read_at = float("-inf")
        self._reading = threading.Lock()

    def row(self, event_id: int) -> WaitingRoom | None:
        """Return the event's room, if people wait there now; as last known, while the database is
        away. Raises `DatabaseDown` if nothing was ever known."""
        if time.monotonic() - self._read_at > ROWS_VALID_FOR:
            self._read_again()
        return self._rows.get(event_id)

    def forget(self, event_id: int) -> None:
        """Read anew, as a room was changed."""
        self._read_at = float("-inf")
        self.rooms.forget(event_id)

    def _read_again(self) -> None:
        never = self._read_at == float("-inf")
        if not self._reading.acquire(blocking=never):
            return
        try:
            began = time.monotonic()
            self._rows = self._read()
            self._read_at = began
        except (DBAPIError, TimeoutError) as error:
            if never and not self._rows:
                raise DatabaseDown from error
            self._read_at = time.monotonic()
        finally:
            self._reading.release()

    def _read(self) -> Mapping[int, WaitingRoom]:
        wanted = select(WaitingRoom).where(WaitingRoom.mode != RoomMode.OFF)
        with self._app.app_context(), Session(db.engine, expire_on_commit=False) as session:
            rows = session.scalars(wanted.options(joinedload(WaitingRoom.event))).all()
            session.expunge_all()
        return {row.event_id: row for row in rows}


def admit(known: RoomList, event_id: int, ticket: str | None, holder: str, keys: list[str]) -> None:
    """Let pass who may book now: everybody, where there is no waiting room.

    `ticket` is the text that `join` returned to this holder. Raises `NotAdmitted`.
    """
    row = known.row(event_id)
    if row is None:
        return
    standing = _standing(known, row, ticket, holder, keys)
    if standing.is_admitted or (row.open_without_redis and not standing.live):
        return
    raise NotAdmitted(event_id, standing.phase.value)


def standing(
    known: RoomList, event_id: int, ticket: str | None, holder: str, keys: list[str]
) -> Standing | None:
    """Return where the holder of a ticket, or of none, stands; None if there is no room."""
    row = known.row(event_id)
    return _standing(known, row, ticket, holder, keys) if row else None


def join(
    known: RoomList, event_id: int, holder: str, key: str, user_id: int | None = None
) -> str | None:
    """Give somebody a number, which is their ticket's; a user has the same one again.

    Returns None if the event has no waiting room. Raises `RoomAway` while Redis is away.
    """
    row = known.row(event_id)
    if row is None:
        return None
    joined = known.rooms.join(row, user_id)
    if joined is None or not joined.number:
        raise RoomAway
    keep_copy(row, joined.look)
    ticket = Ticket(event_id, row.epoch, joined.number, joined.joined_at)
    return ticket.signed(key, holder)


def _standing(
    known: RoomList, row: WaitingRoom, text: str | None, holder: str, keys: list[str]
) -> Standing:
    look = known.rooms.look(row)
    keep_copy(row, look)
    facts: dict[str, Any] = {"room": look.room, "live": look.live, "paused": row.paused}
    ticket = opened(text, keys, holder) if text else None
    if ticket is None or (ticket.event_id, ticket.epoch) != (row.event_id, row.epoch):
        return Standing(RoomPhase.NOT_JOINED, **facts)
    facts["number"] = ticket.number
    place = look.room.place_of(ticket.number)
    if place is None:
        return Standing(RoomPhase.LOBBY, **facts)
    facts["place"] = place
    found = look.room.pass_of(place, ticket.joined_at, look.now)
    if found is None:
        return Standing(RoomPhase.WAITING, **facts, **_ahead(look, place, row))
    phase = RoomPhase.ADMITTED if found.is_valid(look.now) else RoomPhase.OVER
    return Standing(phase, **facts, before=0, pass_=found)


def _ahead(look: Look, place: int, row: WaitingRoom) -> dict[str, Any]:
    before = max(math.ceil(place - look.room.served(look.now)) - 1, 0)
    if not row.per_second:
        return {"before": before, "wait": None}
    exact = (place - look.room.served(look.now)) / row.per_second
    return {"before": before, "wait": (exact * EARLIEST, exact * LATEST)}


_copied_at: dict[int, float] = {}


def keep_copy(row: WaitingRoom, look: Look) -> None:
    """Copy the room's state to PostgreSQL, once a second at most, if it has changed."""
    room, at = look.room, time.monotonic()
    if not look.live or at - _copied_at.get(row.event_id, float("-inf")) < 1:
        return
    _copied_at[row.event_id] = at
    state = {"arrived": room.arrived, "lobby_size": room.lobby, "mix": room.mix}
    state |= {"paces": paces_text(room.paces)}
    if all(getattr(row, name) == value for name, value in state.items()):
        return
    mine = (WaitingRoom.event_id == row.event_id, WaitingRoom.epoch == row.epoch)
    newer = WaitingRoom.arrived <= room.arrived
    opened_at = moment(room.opened_at) if room.opened_at else None
    values = {**state, "opened_at": opened_at, "arrived_before": WaitingRoom.arrived}
    try:
        with Session(db.engine) as session, session.begin():
            session.execute(update(WaitingRoom).where(*mine, newer).values(values))
    except (DBAPIError, TimeoutError):
        return  # Those who wait need it for nothing but a Redis that is lost meanwhile.


def get_room(event_id: int) -> WaitingRoom | None:
    """Return the event's room with its event, on or off; None if it never had one.

    Raises `EventNotFound`.
    """
    events.get_event(event_id, drafts=True)
    wanted = select(WaitingRoom).where(WaitingRoom.event_id == event_id)
    return db.session.scalars(wanted.options(joinedload(WaitingRoom.event))).one_or_none()


def change_room(known: RoomList, event_id: int, changes: Mapping[str, Any]) -> WaitingRoom:
    """Set how people wait for an event; turned on anew it is another room, with another draw.

    `changes` are of `mode`, `per_minute`, `paused`, `pass_minutes` and `open_without_redis`. Raises
    `EventNotFound`, and `InvalidField` for a figure out of its range.
    """
    require_event(event_id)
    _check(changes)
    with transaction() as session:
        event = events.get_event(event_id, drafts=True)
        room = session.get(WaitingRoom, event_id, with_for_update=True)
        if room is None:
            room = WaitingRoom(event_id=event_id, mode=RoomMode.OFF.value)
            session.add(room)
            session.flush()
            session.refresh(room)
        before = {name: getattr(room, name) for name in changes}
        if changes.get("mode") == RoomMode.ON and room.mode == RoomMode.OFF:
            _begin_anew(room)
        for name, value in changes.items():
            setattr(room, name, value)
        room.version += 1
        audit.record("waiting_room.changed", event, before=before, after=dict(changes))
    known.forget(event_id)
    wanted = select(WaitingRoom).where(WaitingRoom.event_id == event_id)
    found = db.session.scalars(wanted.options(joinedload(WaitingRoom.event))).one()
    known.rooms.look(found)  # so that it holds from now on, and not from somebody's next question
    return found


def _begin_anew(room: WaitingRoom) -> None:
    room.epoch, room.seed, room.begun_at = new_epoch(), new_seed(), now()
    room.arrived = room.arrived_before = room.lobby_size = 0
    room.opened_at, room.mix, room.paces = None, "", "[]"


def _check(changes: Mapping[str, Any]) -> None:
    ranges = {
        "per_minute": (1, MAX_PER_MINUTE),
        "pass_minutes": (MIN_PASS_MINUTES, MAX_PASS_MINUTES),
    }
    for field, (least, most) in ranges.items():
        if field in changes and not least <= changes[field] <= most:
            raise InvalidField(field, f"must be from {least:,} to {most:,}")
