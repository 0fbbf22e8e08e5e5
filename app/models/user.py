"""A user, who books seats."""

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt, Key, Timestamp

# Its index, ix_users_names, is only in the migrations: Alembic can't compare such expressions.
SEARCHED_NAMES: ColumnElement[str] = literal_column("(users.name || ' ' || users.email)", String)
"""Text for trigram searches for users."""


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

    @property
    def has_password(self) -> bool:
        return self.password_hash is not None

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]
