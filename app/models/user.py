"""A person who books."""

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt, Key, Moment

# The index of this, ix_users_names, is in the migrations alone: Alembic can't compare it.
SEARCHED_NAMES: ColumnElement[str] = literal_column("(users.name || ' ' || users.email)", String)
"""What a search for a person looks through, letter by letter."""


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
    """argon2id; none for a user made by an organiser, who sets a password later."""
    created_at: Mapped[CreatedAt]
    deleted_at: Mapped[Moment | None]
    """When they left: their bookings stay, and nobody's name on them."""

    @property
    def has_password(self) -> bool:
        return self.password_hash is not None

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]
