"""A sign-in link: what proves, by a letter or by staff, that an email address is somebody's."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.db import Model
from app.lib.emails import one_spelling
from app.models.columns import CreatedAt, Key, Timestamp
from app.models.user import User


class LinkPurpose(StrEnum):
    SIGN_IN = "sign_in"
    SIGN_UP = "sign_up"
    """Makes the account, of an email that had none."""
    PASSWORD = "password"  # noqa: S105 - no secret
    """Signs in and sets a password: the first, or one that was forgotten."""
    EMAIL = "email"
    """Changes the user's email to the link's."""


class SignInLink(Model):
    """Opens once, until it expires; only digests of what opens it are stored."""

    __tablename__ = "sign_in_links"
    __table_args__ = (
        CheckConstraint("purpose IN ('sign_in', 'sign_up', 'password', 'email')", "purpose_known"),
        CheckConstraint("(user_id IS NULL) = (purpose = 'sign_up')", "user_unless_signing_up"),
        Index("uq_sign_in_links_digest", "digest", unique=True),
        Index("ix_sign_in_links_browser_digest", "browser_digest"),
        Index("ix_sign_in_links_user_id", "user_id"),
        Index("ix_sign_in_links_expires_at", "expires_at"),
    )

    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(String(64))
    browser_digest: Mapped[str | None] = mapped_column(String(64))
    """Of the browser that asked, in which alone the letter's code is good; None from staff."""
    tries: Mapped[int] = mapped_column(server_default="0")
    """Codes that were tried."""
    purpose: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    """The address that the link proves."""
    name: Mapped[str] = mapped_column(String(100), server_default="")
    """As typed by somebody who signs up."""
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp]
    used_at: Mapped[Timestamp | None]

    user: Mapped[User | None] = relationship(lazy="joined")

    @validates("email")
    def _keep_email(self, _field: str, email: str) -> str:
        return one_spelling(email)
