"""Upcoming events for calendars (iCalendar) and feed readers (Atom)."""

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _

from app.edge.calendar_files import calendar_file
from app.edge.current import catalogue, settings
from app.edge.response_cache import cached
from app.models import Event
from app.presenters.atom_feeds import EventFeed, in_xml, summary_of, title_of
from app.presenters.icalendars import calendar_of
from app.presenters.urls import event_url
from app.services.event_search import EventQuery

blueprint = Blueprint("feeds", __name__)
MAX_EVENTS = 200
"""Maximum number of events in a feed, soonest first."""


@blueprint.get("/events.ics")
def calendar() -> Response:
    snapshot = catalogue().listing(EventQuery(limit=MAX_EVENTS))
    return cached(snapshot, lambda: calendar_file("utsavam.ics", calendar_of(snapshot.events)))


@blueprint.get("/events.atom")
def atom() -> Response:
    snapshot = catalogue().listing(EventQuery(limit=MAX_EVENTS))
    return cached(snapshot, lambda: _atom(snapshot.events))


def _atom(events: list[Event]) -> Response:
    about = settings()
    page = url_for("events.index", _external=True)
    feed = EventFeed(
        title=_("Utsavam: upcoming events"),
        link=page,
        description="",
        feed_url=url_for("feeds.atom", _external=True),
        language="en-IN",
        # RFC 4287 asks for an author, of each entry or of the feed.
        author_name=in_xml(about.organiser_name) or "Utsavam",
        author_email=about.contact_email or None,
        author_link=page,
    )
    for event in events:
        feed.add_item(
            title=title_of(event),
            link=event_url(event, _external=True),
            unique_id=f"urn:utsavam:event:{event.id}:{event.incarnation:x}",
            description=summary_of(event),
            pubdate=event.created_at,
            updateddate=event.updated_at,
            categories=[in_xml(event.category)] if event.category else [],
        )
    return Response(feed.writeString("utf-8"), mimetype="application/atom+xml")
