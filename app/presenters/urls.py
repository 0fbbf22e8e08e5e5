"""URLs that are built in several places."""

from flask import url_for

from app.models import Event


def poster_url(event: Event) -> str:
    """Return the URL of the event's picture, or of a poster drawn from its id (8:5)."""
    if event.image_digest:
        return url_for("images.card", digest=event.image_digest)
    return url_for("art.poster", event_id=event.id)


def preview_url(event: Event) -> str:
    """Return the URL of the picture that messengers show with a link to the event."""
    if event.image_digest:
        return url_for("images.wide", digest=event.image_digest, _external=True)
    return url_for("art.preview", event_id=event.id, _external=True)


def event_url(event: Event, **values: object) -> str:
    """Return the URL of an event's page, with its slug."""
    return url_for("events.show", event_id=event.id, slug=event.slug, **values)  # type: ignore[arg-type]
