"""Users that stand for all whom nobody can write to: as if deleted, so that nobody signs in as
them, no letter is sent to them, and no list of users has them."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models import User
from app.models.columns import now


def nobody(session: Session, known_as: str, name: str) -> int:
    """The id of the user with this word instead of an email, who is recorded when first needed."""
    wanted = select(User.id).where(func.lower(User.email) == known_as)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        facts = {"email": known_as, "name": name, "deleted_at": now()}
        session.execute(insert(User).values(facts).on_conflict_do_nothing())
        found = session.scalars(wanted).one()
    return found
