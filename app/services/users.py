"""The organiser's list of users."""

from sqlalchemy import select

from app.db import db
from app.models import User
from app.models.user import named_like
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor


def list_users(*, q: str = "", limit: int = 50, after: str | None = None) -> Page[User]:
    """Users by id, oldest first; raises `InvalidField` for a bad cursor."""
    query = select(User).where(User.deleted_at.is_(None)).order_by(User.id)
    for word in q.split():
        query = query.where(named_like(word))
    if after:
        query = query.where(User.id > decode_id_cursor(after))
    items, more = cut(db.session.scalars(query.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)
