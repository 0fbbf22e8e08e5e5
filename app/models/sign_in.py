"""A sign-in: the session with which a browser acts as a user or an organiser until it expires."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model
from app.models.columns import CreatedAt, Key, Timestamp
from app.models.user import User


class SignIn(Model):
    """A session, stored on the server so that signing out also invalidates copied cookies."""

    __tablename__ = "sign_ins"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (admin_key_digest IS NULL)", "user_or_organiser"),
        Index("uq_sign_ins_token_digest", "token_digest", unique=True),
        Index("ix_sign_ins_user_id", "user_id"),
        Index("ix_sign_ins_expires_at", "expires_at"),
    )

    id: Mapped[Key]
    token_digest: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    admin_key_digest: Mapped[str | None] = mapped_column(String(64))
    """The admin key that opened it; the sign-in ends when that key is withdrawn."""
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp]

    user: Mapped[User | None] = relationship(lazy="joined")
