"""Tickets that a browser booked without an account: a list of their secrets in its session.

It is never an account: each secret opens one booking, and ends when staff replaces it.
"""

from flask import session
from flask.sessions import SessionMixin

KEPT = "tickets"
MAX_KEPT = 20
"""Tickets that a browser keeps, the newest; a cookie has four kilobytes, and a secret takes 40."""


def kept_tickets(found: SessionMixin = session) -> list[str]:
    """Return the secrets of the tickets that this browser booked, the newest first."""
    kept: list[str] = found.get(KEPT, [])
    return kept


def keep_ticket(secret: str, found: SessionMixin = session) -> None:
    others = [kept for kept in kept_tickets(found) if kept != secret]
    found[KEPT] = [secret, *others][:MAX_KEPT]
    found.permanent = True


def forget_tickets() -> None:
    session.pop(KEPT, None)
