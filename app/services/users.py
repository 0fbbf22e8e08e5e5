"""The organiser's list of users."""

from sqlalchemy import ColumnElement, and_, select

from app.db import db
from app.models import User
from app.models.staff_scope import scope
from app.models.user import NAMES_ALONE, named_like
from app.services.paging import Page, cut, decode_id_cursor, encode_cursor


def list_users(*, q: str = "", limit: int = 50, after: str | None = None) -> Page[User]:
    """Users by id, oldest first; raises `InvalidField` for a bad cursor."""
    query = select(User).where(User.deleted_at.is_(None)).order_by(User.id)
    words = q.split()
    exact = query.where(*(names_match(word) for word in words))
    if words and db.session.scalars(exact.limit(1)).first() is None:
        query = query.where(*(names_match(word, forgiving=True) for word in words))
    else:
        query = exact
    if after:
        query = query.where(User.id > decode_id_cursor(after))
    items, more = cut(db.session.scalars(query.limit(limit + 1)).all(), limit)
    return Page(items, encode_cursor(items[-1].id) if more else None)


def names_match(word: str, *, forgiving: bool = False) -> ColumnElement[bool]:
    """Match a word of a user's name or email; of the name alone where emails are not shown."""
    found = named_like(word, forgiving=forgiving)
    if scope().emails:
        return found
    return and_(found, named_like(word, NAMES_ALONE, forgiving=forgiving))
