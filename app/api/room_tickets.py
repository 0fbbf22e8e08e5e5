"""Tickets for waiting rooms that programs carry in a header."""

from app.api.callers import Caller
from app.edge.current import settings, waiting_rooms
from app.services import waiting_rooms as rooms
from app.services.waiting_rooms import Standing

TICKET_HEADER = "Waiting-Room-Ticket"


def admit_caller(event_id: int, caller: Caller, ticket: str | None) -> None:
    """Let pass whose turn it is. Raises `NotAdmitted`."""
    known = waiting_rooms()
    if known.row(event_id) is not None:
        keys = list(settings().signing_keys)
        rooms.admit(known, event_id, ticket, holder_of(caller), keys)


def standing_of_caller(event_id: int, caller: Caller, ticket: str | None) -> Standing | None:
    """Where the caller stands; None if the event has no waiting room."""
    keys = list(settings().signing_keys)
    return rooms.standing(waiting_rooms(), event_id, ticket, holder_of(caller), keys)


def join_as_caller(event_id: int, caller: Caller, ticket: str | None) -> str | None:
    """Return the caller's ticket, a new one if that is over; None if there is no waiting room.

    Raises `RoomAway`.
    """
    found = standing_of_caller(event_id, caller, ticket)
    if found and found.phase not in {rooms.RoomPhase.NOT_JOINED, rooms.RoomPhase.OVER}:
        return ticket
    again = found.number if found else None
    known, key = waiting_rooms(), settings().secret_key
    return rooms.join(known, event_id, holder_of(caller), key, caller.user_id, again=again)


def holder_of(caller: Caller) -> str:
    """To whom a ticket belongs: to a user, with each of their tokens and in browsers as well; else
    to whoever carries it."""
    return "program" if caller.user_id is None else f"user {caller.user_id}"
