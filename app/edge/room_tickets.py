"""The visitor's tickets for waiting rooms, which their session keeps."""

import secrets

from flask import request, session
from flask.sessions import SessionMixin

from app.edge import rate_limits
from app.edge.current import settings, spent, waiting_rooms
from app.edge.session import current_user, is_anonymous
from app.errors import NotAdmitted, UtsavamError
from app.models import RoomMode, User
from app.services import room_proofs
from app.services import waiting_rooms as rooms
from app.services.room_places import NOTHING, Taken
from app.services.waiting_rooms import Standing

TICKETS, BROWSER = "rooms", "browser"
MAX_KEPT = 5
"""Rooms that a browser waits in, the newest; a cookie has four kilobytes, and one takes 70."""


def admit_visitor(event_id: int, seats: int, user: User | None, its_session: SessionMixin) -> Taken:
    """Let pass the visitor whose turn it is, and everybody where nobody waits; returns what books
    these seats.

    With a browser's place as many seats can be booked as one person may; an account's are counted
    anyway. Raises `NotAdmitted`, `PlaceUsedUp`.
    """
    known = waiting_rooms()
    if known.row(event_id) is None:
        return NOTHING
    ticket, holder = _ticket(event_id, its_session), _holder(user, its_session)
    place = rooms.admit(known, event_id, ticket, holder, list(settings().signing_keys))
    return place.take(None if user else spent(), seats) if place else NOTHING


def standing_of_visitor(event_id: int) -> Standing | None:
    """Where the visitor stands in the event's waiting room; None if it has none."""
    known = waiting_rooms()
    if known.row(event_id) is None:
        return None
    keys = list(settings().signing_keys)
    if is_anonymous():
        return rooms.standing(known, event_id, None, "", keys)
    ticket, holder = _ticket(event_id, session), _holder(current_user(), session)
    return rooms.standing(known, event_id, ticket, holder, keys)


def join_as_visitor(event_id: int, proof: str | None) -> None:
    """Give the visitor a number; who waits already keeps theirs.

    Whoever has no account shows a `proof` of work, where it is asked for. Raises `RoomAway`,
    `TooManyJoin`, `ProofRefused`.
    """
    join(event_id, current_user(), session, proof, request.remote_addr)


def joined_instead(event_id: int, error: NotAdmitted) -> bool:
    """Give whoever had a form open when a room turned itself on a place in its line; return whether
    they have one now. They came to book, and not to join."""
    row = waiting_rooms().row(event_id)
    if row is None or row.mode != RoomMode.AUTO or error.phase != rooms.RoomPhase.NOT_JOINED:
        return False
    try:
        join_as_visitor(event_id, None)
    except UtsavamError:
        return False  # The page offers to join, and tells why it can't be.
    return True


def join(
    event_id: int,
    user: User | None,
    its_session: SessionMixin,
    proof: str | None,
    address: str | None,
) -> None:
    """The same for a user, or nobody who is known, with this session. Needs no request."""
    known, keys = waiting_rooms(), list(settings().signing_keys)
    ticket, holder = _ticket(event_id, its_session), _holder(user, its_session)
    found = rooms.standing(known, event_id, ticket, holder, keys)
    if found is None or found.phase not in {rooms.RoomPhase.NOT_JOINED, rooms.RoomPhase.OVER}:
        return
    if user is None:
        rate_limits.joining(event_id, address)
        room_proofs.check(known, spent(), event_id, proof, keys)
    if BROWSER not in its_session:
        its_session[BROWSER] = secrets.token_urlsafe(9)
    again = found.number if found.phase == rooms.RoomPhase.OVER else None
    holder, key = _holder(user, its_session), settings().secret_key
    ticket = rooms.join(known, event_id, holder, key, user.id if user else None, again=again)
    if ticket:
        _keep(event_id, ticket, its_session)


def _keep(event_id: int, ticket: str, its_session: SessionMixin) -> None:
    before = its_session.get(TICKETS, {})
    kept = {at: text for at, text in before.items() if at != str(event_id)}
    newest = list(kept.items())[-(MAX_KEPT - 1) :]
    its_session[TICKETS] = dict([*newest, (str(event_id), ticket)])
    its_session.permanent = True


def _ticket(event_id: int, its_session: SessionMixin) -> str | None:
    found: str | None = its_session.get(TICKETS, {}).get(str(event_id))
    return found


def _holder(user: User | None, its_session: SessionMixin) -> str:
    """To whom a ticket belongs: to an account, also in another browser; else to this browser."""
    return f"user {user.id}" if user else f"browser {its_session.get(BROWSER, '')}"
