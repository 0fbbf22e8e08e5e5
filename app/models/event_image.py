"""An event's own picture, as it is shown: never the file that was uploaded."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model
from app.models.columns import CreatedAt


class EventImage(Model):
    __tablename__ = "event_images"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of `card`: the same picture has the same name, and may be kept for ever."""
    card: Mapped[bytes] = mapped_column(LargeBinary)
    """800 by 500, WebP."""
    wide: Mapped[bytes] = mapped_column(LargeBinary)
    """1200 by 630, JPEG: what messengers show of a link."""
    created_at: Mapped[CreatedAt]
