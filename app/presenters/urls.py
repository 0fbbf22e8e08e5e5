"""Addresses that are written in several places."""

from flask import url_for

from app.models import Event


def poster_url(event: Event) -> str:
    """Its own picture, or the poster drawn from its id; 8 to 5."""
    if event.image_digest:
        return url_for("images.card", digest=event.image_digest)
    return url_for("art.poster", event_id=event.id)


def preview_url(event: Event) -> str:
    """What messengers show of a link to it."""
    if event.image_digest:
        return url_for("images.wide", digest=event.image_digest, _external=True)
    return url_for("art.preview", event_id=event.id, _external=True)


def event_url(event: Event, **values: object) -> str:
    """The address of an event that people share."""
    return url_for("events.show", event_id=event.id, slug=event.slug, **values)  # type: ignore[arg-type]
