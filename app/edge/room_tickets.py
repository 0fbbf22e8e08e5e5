"""The visitor's tickets for waiting rooms, which their session keeps."""

import secrets

from flask import request, session
from flask.sessions import SessionMixin

from app.edge import rate_limits
from app.edge.current import settings, spent, waiting_rooms
from app.edge.session import current_user, is_anonymous
from app.models import User
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
    return place.take(spent(), seats) if place and user is None else NOTHING


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


def join_as_visitor(event_id: int) -> None:
    """Give the visitor a number; who waits already keeps theirs.

    Raises `RoomAway`, `TooManyJoin`.
    """
    found = standing_of_visitor(event_id)
    if found is None or found.phase not in {rooms.RoomPhase.NOT_JOINED, rooms.RoomPhase.OVER}:
        return
    user = current_user()
    if user is None:
        rate_limits.joining(event_id, request.remote_addr)
    if BROWSER not in session:
        session[BROWSER] = secrets.token_urlsafe(9)
    known, key = waiting_rooms(), settings().secret_key
    again = found.number if found.phase == rooms.RoomPhase.OVER else None
    user_id = user.id if user else None
    ticket = rooms.join(known, event_id, _holder(user, session), key, user_id, again=again)
    if ticket:
        kept = {at: text for at, text in session.get(TICKETS, {}).items() if at != str(event_id)}
        newest = list(kept.items())[-(MAX_KEPT - 1) :]
        session[TICKETS] = dict([*newest, (str(event_id), ticket)])
        session.permanent = True


def _ticket(event_id: int, its_session: SessionMixin) -> str | None:
    found: str | None = its_session.get(TICKETS, {}).get(str(event_id))
    return found


def _holder(user: User | None, its_session: SessionMixin) -> str:
    """To whom a ticket belongs: to an account, also in another browser; else to this browser."""
    return f"user {user.id}" if user else f"browser {its_session.get(BROWSER, '')}"
