"""Addresses that are written in several places."""

from flask import url_for

from app.models import Event


def event_url(event: Event, **values: object) -> str:
    """The address of an event that people share."""
    return url_for("events.show", event_id=event.id, slug=event.slug, **values)  # type: ignore[arg-type]
