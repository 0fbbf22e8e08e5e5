"""A staff key: a named organiser's credential, with a role."""

from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Model
from app.models.columns import CreatedAt, Key, Timestamp, kept_text
from app.models.staff_scope import StaffScope


class Permission(StrEnum):
    """What staff may do; `app/edge/access.py` says which of them each address requires."""

    SEE = "see"
    """Look at events, bookings, sales and the audit log."""
    MANAGE = "manage"
    """Change events and bookings, write to guests."""
    KEYS = "keys"
    """Make and revoke staff keys."""
    CHECK_IN = "check_in"
    """Admit guests at the door, which shows their names and seats, and sell seats there."""


class Role(StrEnum):
    """What a staff key is for: a set of permissions."""

    DOOR = "door"
    VIEWER = "viewer"
    ORGANISER = "organiser"
    OWNER = "owner"

    def may(self, permission: Permission) -> bool:
        return permission in _PERMISSIONS[self]


_PERMISSIONS = {
    Role.DOOR: {Permission.CHECK_IN},
    Role.VIEWER: {Permission.SEE},
    Role.ORGANISER: {Permission.SEE, Permission.MANAGE, Permission.CHECK_IN},
    Role.OWNER: set(Permission),
}


class StaffKey(Model):
    __tablename__ = "staff_keys"
    __table_args__ = (
        CheckConstraint("role IN ('door', 'viewer', 'organiser', 'owner')", "role_known"),
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
    """SHA-256 of 256 random bits; such a secret needs no salt or slow hash."""
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[Timestamp | None]
    revoked_at: Mapped[Timestamp | None]
    expires_at: Mapped[Timestamp | None]
    sees_emails: Mapped[bool] = mapped_column(server_default=false())
    """Whether a viewer sees guests' emails; organisers and owners always do."""
    event_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    """The only events that the key opens; None for all."""

    @validates("name")
    def _keep_name(self, field: str, name: str | None) -> str | None:
        return kept_text(field, name)

    @property
    def scope(self) -> StaffScope:
        events = None if self.event_ids is None else frozenset(self.event_ids)
        return StaffScope(events, self.sees_emails or Role(self.role).may(Permission.MANAGE))
