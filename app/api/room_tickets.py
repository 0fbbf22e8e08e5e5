"""Tickets for waiting rooms that programs carry in a header."""

from app.api.callers import Caller
from app.edge import rate_limits
from app.edge.current import settings, spent, waiting_rooms
from app.services import room_proofs
from app.services import waiting_rooms as rooms
from app.services.room_places import NOTHING, Taken
from app.services.waiting_rooms import Standing

TICKET_HEADER, PROOF_HEADER = "Waiting-Room-Ticket", "Waiting-Room-Proof"


def admit_caller(event_id: int, seats: int, caller: Caller, ticket: str | None) -> Taken:
    """Let pass whose turn it is; returns what books these seats, which are counted for a place of
    nobody in particular. Raises `NotAdmitted`, `PlaceUsedUp`."""
    known = waiting_rooms()
    if known.row(event_id) is None:
        return NOTHING
    keys = list(settings().signing_keys)
    place = rooms.admit(known, event_id, ticket, holder_of(caller), keys)
    return place.take(None if caller.user_id else spent(), seats) if place else NOTHING


def standing_of_caller(event_id: int, caller: Caller, ticket: str | None) -> Standing | None:
    """Where the caller stands; None if the event has no waiting room."""
    keys = list(settings().signing_keys)
    return rooms.standing(waiting_rooms(), event_id, ticket, holder_of(caller), keys)


def join_as_caller(
    event_id: int, caller: Caller, ticket: str | None, proof: str | None, address: str | None
) -> str | None:
    """Return the caller's ticket, a new one if that is over; None if there is no waiting room.

    Whoever has no account shows a `proof` of work, where it is asked for. Raises `RoomAway`,
    `TooManyJoin`, `ProofRefused`.
    """
    found = standing_of_caller(event_id, caller, ticket)
    if found and found.phase not in {rooms.RoomPhase.NOT_JOINED, rooms.RoomPhase.OVER}:
        return ticket
    if found and caller.user_id is None and not caller.staff:
        rate_limits.joining(event_id, address)
        keys = list(settings().signing_keys)
        room_proofs.check(waiting_rooms(), spent(), event_id, proof, keys)
    again = found.number if found else None
    known, key = waiting_rooms(), settings().secret_key
    return rooms.join(known, event_id, holder_of(caller), key, caller.user_id, again=again)


def holder_of(caller: Caller) -> str:
    """To whom a ticket belongs: to a user, with each of their tokens and in browsers as well; else
    to whoever carries it."""
    return "program" if caller.user_id is None else f"user {caller.user_id}"
