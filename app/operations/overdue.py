"""Reservations that were not paid in time, and that nobody has ended."""

from sqlalchemy import func, select

from app.db import db
from app.models import Event
from app.models.columns import now


def overdue_for() -> float:
    """Seconds since the first reservation's end that nobody has put on sale again; 0 if none."""
    first = select(func.min(Event.next_expiry_at)).where(Event.deleted_at.is_(None))
    ends_at = db.session.scalar(first)
    return max((now() - ends_at).total_seconds(), 0.0) if ends_at else 0.0
