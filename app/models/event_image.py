"""An event's own picture in its display sizes; the uploaded file is not stored."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt


class EventImage(Model):
    __tablename__ = "event_images"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of `card`: a URL with it always shows the same picture, so caches may keep it."""
    card: Mapped[bytes] = mapped_column(LargeBinary)
    """800 by 500, WebP."""
    wide: Mapped[bytes] = mapped_column(LargeBinary)
    """1200 by 630, JPEG, for link previews."""
    created_at: Mapped[CreatedAt]
