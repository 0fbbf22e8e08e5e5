"""Pictures that organisers upload for their events."""

import hashlib

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.booking.desk import BookingDesk
from app.db import db, transaction
from app.errors import Busy, ImageNotFound, InvalidField
from app.lib import images
from app.lib.threadpool import NotStarted
from app.models import Event, EventImage
from app.services import events


def set_image(event_id: int, file: bytes, desk: BookingDesk) -> Event:
    """Show this picture instead of the event's generated poster.

    Raises `EventNotFound`, `InvalidField` for a bad file, and `Busy` when too many pictures are
    waiting to be processed.
    """
    before = events.get_event(event_id, drafts=True).image_digest
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
        session.execute(made.on_conflict_do_nothing())
    event = events.update_event(event_id, {"image_digest": digest}, desk)
    _delete_unused(before)
    return event


def remove_image(event_id: int, desk: BookingDesk) -> Event:
    """Show the generated poster again. Raises `EventNotFound`."""
    before = events.get_event(event_id, drafts=True).image_digest
    event = events.update_event(event_id, {"image_digest": None}, desk)
    _delete_unused(before)
    return event


def get_image(digest: str) -> EventImage:
    """Return the picture with this digest; raises `ImageNotFound`."""
    image = db.session.get(EventImage, digest)
    if image is None:
        raise ImageNotFound(digest)
    return image


def _delete_unused(digest: str | None) -> None:
    if digest is None:
        return
    used = select(Event.id).where(Event.image_digest == digest)
    with transaction() as session:
        session.execute(
            delete(EventImage)
            .where(EventImage.digest == digest, ~used.exists())
            .execution_options(synchronize_session=False)
        )
