"""A user, who books seats."""

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.lib.emails import one_spelling
from app.models.columns import CreatedAt, Key, Timestamp, kept_text

# Its index, ix_users_names, is only in the migrations: Alembic can't compare such expressions.
SEARCHED_NAMES: ColumnElement[str] = literal_column("(users.name || ' ' || users.email)", String)
"""Text for trigram searches for users."""


def named_like(word: str) -> ColumnElement[bool]:
    """The condition that a part of a user's name or email is this word."""
    spelt = one_spelling(word) if "xn--" in word.lower() else word
    return SEARCHED_NAMES.icontains(spelt, autoescape=True)


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
