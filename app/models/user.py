"""A user, who books seats."""

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.lib.emails import one_spelling
from app.lib.folding import fold, folded_sql
from app.models.columns import CreatedAt, Key, Timestamp, kept_text

# Its index, ix_users_folded, is only in the migrations: Alembic can't compare such expressions.
_NAMES = folded_sql("users.name || ' ' || users.email")
SEARCHED_NAMES: ColumnElement[str] = literal_column(f"({_NAMES})", String)
"""Folded text for trigram searches for users."""
NAMES_ALONE: ColumnElement[str] = literal_column(f"({folded_sql('users.name')})", String)
MIN_FORGIVEN = 4
"""Letters of the shortest word that is matched by likeness."""
WALK_INS, WALK_IN_NAME = "walk-ins", "Walk-in"
"""Instead of an email, and the name: of the one user that seats sold at the door belong to."""
FRIENDS = "friends"
"""Instead of an email: of the one user whose seats are friends' who gave no email."""
NOBODIES = (WALK_INS, FRIENDS)


def named_like(
    word: str, searched: ColumnElement[str] = SEARCHED_NAMES, *, forgiving: bool = False
) -> ColumnElement[bool]:
    """The condition that a part of a user's name or email is this word, or resembles it."""
    part = fold(one_spelling(word) if "xn--" in word.lower() else word)
    if forgiving and len(part) >= MIN_FORGIVEN:
        return searched.op("%>", is_comparison=True)(part)
    return searched.contains(part, autoescape=True)


class User(Model):
    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email <> ''", "email_not_blank"),
        Index("uq_users_email", text("lower(email)"), unique=True),
    )

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(100), server_default="")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """argon2id; None for a user created by an organiser, until the user sets a password."""
    created_at: Mapped[CreatedAt]
    deleted_at: Mapped[Timestamp | None]
    """When the account was deleted; its bookings are kept, without personal data."""

    @validates("name")
    def _keep_name(self, field: str, name: str | None) -> str | None:
        return kept_text(field, name)

    @validates("email")
    def _keep_email(self, _field: str, email: str) -> str:
        return one_spelling(email)

    @property
    def has_password(self) -> bool:
        return self.password_hash is not None

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]
