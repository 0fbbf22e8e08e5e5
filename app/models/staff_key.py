"""A staff key: an organiser's own way in, with a name and what its owner may do."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt, Key, Moment


class Role(StrEnum):
    """From the least to the most: each may do what those before it may."""

    VIEWER = "viewer"
    ORGANISER = "organiser"
    OWNER = "owner"

    def covers(self, needed: "Role") -> bool:
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


class StaffKey(Model):
    __tablename__ = "staff_keys"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'organiser', 'owner')", "role_known"),
        CheckConstraint("length(btrim(name)) > 0", "name_not_blank"),
        Index("uq_staff_keys_key_digest", "key_digest", unique=True),
        Index(
            "uq_staff_keys_name_in_force",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(10))
    key_digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of 256 random bits: no salt or slow hash is needed for such a secret."""
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]
