"""Tickets that a browser booked without an account: a list of their secrets in its session.

It is never an account: each secret opens one booking, and ends when staff replaces it.
"""

from flask import session

KEPT = "tickets"
MAX_KEPT = 20
"""Tickets that a browser keeps, the newest; a cookie has four kilobytes, and a secret takes 40."""


def kept_tickets() -> list[str]:
    """Return the secrets of the tickets that this browser booked, the newest first."""
    kept: list[str] = session.get(KEPT, [])
    return kept


def keep_ticket(secret: str) -> None:
    others = [kept for kept in kept_tickets() if kept != secret]
    session[KEPT] = [secret, *others][:MAX_KEPT]
    session.permanent = True


def forget_tickets() -> None:
    session.pop(KEPT, None)
