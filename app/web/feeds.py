"""Upcoming events for calendars (iCalendar) and feed readers (Atom)."""

from feedgenerator import Atom1Feed
from flask import Blueprint, Response, url_for
from flask_babel import gettext as _

from app.edge.calendar_files import calendar_file
from app.edge.current import catalogue
from app.edge.response_cache import cached
from app.models import Event
from app.presenters.event_times import under_way, when, zone_name
from app.presenters.icalendars import calendar_of
from app.presenters.markdown import plain
from app.presenters.prices import price_or_free
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
    feed = Atom1Feed(
        title=_("Utsavam: upcoming events"),
        link=url_for("events.index", _external=True),
        description="",
        feed_url=url_for("feeds.atom", _external=True),
        language="en-IN",
    )
    for event in events:
        cost = price_or_free(event.price_minor, event.currency)
        words = (under_way(event), f"{when(event)} {zone_name(event)}", event.place, cost)
        facts = " · ".join(filter(None, words))
        feed.add_item(
            title=event.name,
            link=event_url(event, _external=True),
            unique_id=f"urn:utsavam:event:{event.id}:{event.incarnation:x}",
            description=f"{facts}\n\n{plain(event.description)}",
            pubdate=event.created_at,
            updateddate=event.updated_at,
            categories=[event.category] if event.category else [],
        )
    return Response(feed.writeString("utf-8"), mimetype="application/atom+xml")
