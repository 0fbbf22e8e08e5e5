"""An API token, with which a program acts as one user."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.models.columns import CreatedAt, Key, Timestamp, kept_text
from app.models.user import User


class ApiToken(Model):
    __tablename__ = "api_tokens"
    __table_args__ = (
        Index("uq_api_tokens_token_digest", "token_digest", unique=True),
        Index("ix_api_tokens_user_id", "user_id"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    token_digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of 256 random bits; such a secret needs no salt or slow hash."""
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[Timestamp | None]
    revoked_at: Mapped[Timestamp | None]

    @validates("name")
    def _keep_name(self, field: str, name: str | None) -> str | None:
        return kept_text(field, name)
