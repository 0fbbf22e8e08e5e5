"""Pictures that organisers upload for their events."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.booking.desk import BookingDesk
from app.db import db, transaction
from app.errors import Busy, ImageNotFound, InvalidField
from app.lib import images
from app.lib.threadpool import NotStarted
from app.models import Event, EventImage
from app.models.columns import now
from app.services import events

KEPT_FOR = timedelta(days=1)
"""How long a picture waits for the form it was sent with to be saved without errors."""


def set_image(event_id: int, file: bytes, desk: BookingDesk) -> Event:
    """Show this picture instead of the event's generated poster.

    Raises `EventNotFound`, and what `keep_image` raises.
    """
    events.get_event(event_id, drafts=True)
    return update_event(event_id, {"image_digest": keep_image(file)}, desk)


def keep_image(file: bytes) -> str:
    """Keep the picture for an event that is yet to be saved with it; returns its digest.

    Raises `InvalidField` for a bad file, and `Busy` when too many pictures are waiting to be
    processed.
    """
    # Return the connection to the pool before waiting to process the picture.
    db.session.commit()
    try:
        card, wide = images.renditions(file)
    except images.NoPicture as error:
        raise InvalidField("image", str(error)) from None
    except NotStarted:
        raise Busy from None
    digest = hashlib.sha256(card).hexdigest()
    with transaction() as session:
        made = insert(EventImage).values(digest=digest, card=card, wide=wide)
        again = {"created_at": func.now()}
        session.execute(made.on_conflict_do_update(index_elements=[EventImage.digest], set_=again))
        # Those of forms that were never saved.
        _delete_unused(session, EventImage.created_at < now() - KEPT_FOR)
    return digest


def is_kept(digest: str) -> bool:
    """Whether the picture with this digest is there."""
    query = select(EventImage.digest).where(EventImage.digest == digest)
    return db.session.scalar(query) is not None


def update_event(
    event_id: int, changes: Mapping[str, Any], desk: BookingDesk, **seen: Any
) -> Event:
    """`events.update_event`, which also forgets the picture that the event showed before."""
    if "image_digest" not in changes:
        return events.update_event(event_id, changes, desk, **seen)
    before = events.get_event(event_id, drafts=True).image_digest
    event = events.update_event(event_id, changes, desk, **seen)
    if before not in (None, changes["image_digest"]):
        with transaction() as session:
            _delete_unused(session, EventImage.digest == before)
    return event


def remove_image(event_id: int, desk: BookingDesk) -> Event:
    """Show the generated poster again. Raises `EventNotFound`."""
    return update_event(event_id, {"image_digest": None}, desk)


def get_image(digest: str) -> EventImage:
    """Return the picture with this digest; raises `ImageNotFound`."""
    image = db.session.get(EventImage, digest)
    if image is None:
        raise ImageNotFound(digest)
    return image


def _delete_unused(session: Session, which: ColumnElement[bool]) -> None:
    used = select(Event.id).where(Event.image_digest == EventImage.digest)
    session.execute(
        delete(EventImage).where(which, ~used.exists()).execution_options(synchronize_session=False)
    )
