"""Waiting rooms: who may book now, and everybody's place."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.orm import Session

from app.db import db
from app.errors import NotAdmitted, RoomAway
from app.lib.draws import commitment
from app.models import Event, EventStatus, WaitingRoom
from app.services.catalogue import Catalogue
from app.services.room_list import RoomList
from app.services.room_outlook import Prospect, prospect, prospect_of_newcomer
from app.services.room_places import Place
from app.waiting_room.estimates import Outlook, Taking
from app.waiting_room.reports import Turn
from app.waiting_room.rooms import Look, moment
from app.waiting_room.state import Pass, Room, paces_text
from app.waiting_room.tickets import Ticket, opened

REFUSES_FOR = 0.05
"""Seconds for which a look at a room may refuse a booking: nobody reads of their turn, and books by
another process, in less."""


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
    commitment: str = ""
    """The hash of the draw's seed, which everybody may know before the draw."""
    paused: bool = False
    halted: bool = False
    """Nobody's turn begins, as the desk is down."""
    proof_seconds: int = 0
    """How long a slow phone computes at most before it joins without an account; 0: not at all."""
    number: int | None = None
    place: int | None = None
    before: int | None = None
    """People whose turn comes first."""
    wait: tuple[float, float] | None = None
    """The earliest and latest seconds until the turn: it lies between them nine times of ten. None
    while it is paused or halted, or in the lobby."""
    seats: int | None = None
    """Seats left, of who waits."""
    taking: Taking | None = None
    outlook: Outlook | None = None
    """Whether there will be seats when it is their turn."""
    pass_: Pass | None = None
    newcomer: Prospect | None = None
    """What whoever joins now can expect, for who has not, or no more; None in the lobby."""

    @property
    def is_admitted(self) -> bool:
        return self.phase == RoomPhase.ADMITTED

    @property
    def opens_at(self) -> datetime:
        return moment(self.room.opens_at)

    @property
    def ends_at(self) -> datetime | None:
        """Until when they may book, once their turn has come."""
        return moment(self.pass_.ends) if self.pass_ else None


def admit(
    known: RoomList, event_id: int, ticket: str | None, holder: str, keys: list[str]
) -> Place | None:
    """Let pass who may book now: everybody, where there is no waiting room.

    `ticket` is the text that `join` returned to this holder. Returns the place that has its turn,
    by which its seats are taken. Raises `NotAdmitted`.
    """
    row = known.row(event_id)
    if row is None:
        return None
    standing = _standing(known, row, ticket, holder, keys)
    if standing.phase == RoomPhase.WAITING and standing.live:
        # Another process may have told them of their turn already, by a later look.
        known.rooms.look(row, REFUSES_FOR)
        standing = _standing(known, row, ticket, holder, keys)
    if standing.is_admitted and standing.number:
        most, turn = row.event.max_per_person, Turn(event_id, row.epoch, standing.place or 0)
        booked = partial(known.noted.booked, turn)
        return Place(event_id, row.epoch, standing.number, most, booked)
    if row.open_without_redis and not standing.live:
        return None
    raise NotAdmitted(event_id, standing.phase.value)


def event_of(known: RoomList, catalogue: Catalogue, event_id: int, *, fresh: bool = True) -> Event:
    """Return the event; while the database is away, or need it not be `fresh`, as its room was read
    last, a second ago or two: Redis need not be asked then. Raises `EventNotFound`, `EventGone`."""
    row = known.row(event_id)
    is_public = row and not row.event.deleted_at and row.event.status != EventStatus.DRAFT
    if row and is_public and not fresh:
        return row.event
    try:
        return catalogue.event(event_id).events[0]
    except (DBAPIError, TimeoutError):
        if row is None:
            raise
        return row.event


def standing(
    known: RoomList, event_id: int, ticket: str | None, holder: str, keys: list[str]
) -> Standing | None:
    """Return where the holder of a ticket, or of none, stands; None if there is no room."""
    row = known.row(event_id)
    return _standing(known, row, ticket, holder, keys) if row else None


def join(
    known: RoomList,
    event_id: int,
    holder: str,
    key: str,
    user_id: int | None = None,
    *,
    again: int | None = None,
) -> str | None:
    """Give somebody a number, which is their ticket's; a user has the same one, but for the number
    `again` whose time to book is over.

    Returns None if the event has no waiting room. Raises `RoomAway` while Redis is away.
    """
    row = known.row(event_id)
    if row is None:
        return None
    joined = known.rooms.join(row, user_id, again=again)
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
    facts["halted"] = look.room.is_halted(look.now)
    facts |= {"commitment": commitment(row.seed), "proof_seconds": row.proof_seconds}
    ticket = opened(text, keys, holder) if text else None
    if ticket is None or (ticket.event_id, ticket.epoch) != (row.event_id, row.epoch):
        return Standing(RoomPhase.NOT_JOINED, **facts, newcomer=prospect_of_newcomer(row, look))
    facts["number"] = ticket.number
    place = look.room.place_of(ticket.number)
    if place is None:
        return Standing(RoomPhase.LOBBY, **facts)
    facts["place"] = place
    look, found = _pass_of(known, row, look, place, ticket.joined_at)
    if found is None:
        return Standing(RoomPhase.WAITING, **facts, **prospect(row, look, place)._asdict())
    phase = RoomPhase.ADMITTED if found.is_valid(look.now) else RoomPhase.OVER
    if phase == RoomPhase.ADMITTED:
        known.noted.came(Turn(row.event_id, row.epoch, place))
    else:
        facts["newcomer"] = prospect_of_newcomer(row, look)
    return Standing(phase, **facts, before=0, pass_=found)


def _pass_of(
    known: RoomList, row: WaitingRoom, look: Look, place: int, joined_at: float
) -> tuple[Look, Pass | None]:
    """Return the place's pass, and the look that shows it.

    A turn that has begun by this process's reckoning since its last look may have been put off
    meanwhile: the line was paused, halted or made slower. Nobody is told of a turn that is taken
    back, so Redis is asked.
    """
    found = look.room.pass_of(place, joined_at, look.now)
    if found and look.live and look.room.pass_of(place, joined_at, look.read_at) is None:
        look = known.rooms.look(row, 0)
        found = look.room.pass_of(place, joined_at, look.read_at if look.live else look.now)
    return look, found


_copied_at: dict[int, float] = {}
_steps: set[tuple[int, bool, bool]] = set()
"""Epochs of rooms, whether somebody has joined and whether they are open, that this process has
copied as such."""
_stepping = threading.Lock()


def keep_copy(row: WaitingRoom, look: Look) -> None:
    """Copy the room's state to PostgreSQL, once a second at most, if it has changed.

    The first number and the opening are copied before they are told to anybody: lost, the number
    would be given out again, and places be drawn once more.
    """
    room, at = look.room, time.monotonic()
    if not look.live or room.is_halted(look.now):
        return
    step = (row.epoch, room.arrived > 0, room.opened_at is not None)
    if step not in _steps:
        with _stepping:
            if step not in _steps and _copy(row, room):
                _steps.add(step)
    elif at - _copied_at.get(row.event_id, float("-inf")) >= 1:
        _copied_at[row.event_id] = at
        _copy(row, room)


def _copy(row: WaitingRoom, room: Room) -> bool:
    """Copy the room's state; return whether the database has it."""
    state = {"arrived": room.arrived, "lobby_size": room.lobby, "mix": room.mix}
    state |= {"paces": paces_text(room.paces)}
    if row.measured and room.per_second:
        state |= {"start_per_second": room.per_second}
    if all(getattr(row, name) == value for name, value in state.items()):
        return True
    mine = (WaitingRoom.event_id == row.event_id, WaitingRoom.epoch == row.epoch)
    newer = [WaitingRoom.arrived <= room.arrived]
    if room.opened_at is None:
        newer.append(WaitingRoom.opened_at.is_(None))  # Another process may have seen it open.
    opened_at = moment(room.opened_at) if room.opened_at else None
    values = {**state, "opened_at": opened_at, "arrived_before": WaitingRoom.arrived}
    try:
        with Session(db.engine) as session, session.begin():
            session.execute(update(WaitingRoom).where(*mine, *newer).values(values))
    except (DBAPIError, TimeoutError):
        # Those who wait need it for nothing but a Redis that is lost meanwhile.
        return False
    return True
