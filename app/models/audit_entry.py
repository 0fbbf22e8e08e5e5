"""An entry of the staff's audit log. The database rejects changes to existing entries."""

from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt, Key


class AuditEntry(Model):
    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject_subject_id_id", "subject", "subject_id", "id"),
    )

    id: Mapped[Key]
    at: Mapped[CreatedAt]
    actor: Mapped[str] = mapped_column(String(60))
    """The staff key's name at that time."""
    action: Mapped[str] = mapped_column(String(40))
    """For example `event.updated`."""
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    subject_name: Mapped[str] = mapped_column(String(200), server_default="")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
