"""Events: the list, and each event's page."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from app.edge.htmx import Answer, is_htmx
from app.edge.seat_status import seat_status
from app.edge.templating import event_url
from app.services import events
from app.services.events import EventQuery
from app.web.booking_card import booking_card, seats_version

blueprint = Blueprint("events", __name__)
PER_PAGE = 12
"""Fills rows of one, two and three cards alike."""


@blueprint.get("/")
def index() -> Answer:
    past = request.args.get("when") == "past"
    query = EventQuery(
        q=request.args.get("q", "").strip()[:100],
        past_only=past,
        limit=PER_PAGE,
        after=request.args.get("after"),
    )
    page = events.list_events(query)
    more_url = url_for("events.index", **_filters(query), after=page.next_cursor)
    shown = {"page": page, "query": query, "more_url": more_url if page.next_cursor else None}
    if request.headers.get("HX-Target") == "more":
        return render_template("fragments/event_more.html", **shown)
    shown["count"] = events.count_events(query)
    template = "fragments/event_results.html" if is_htmx() else "pages/events.html"
    return render_template(template, **shown)


@blueprint.get("/events")
def list_events() -> Answer:
    filters: dict[str, Any] = request.args.to_dict()
    return redirect(url_for("events.index", **filters), 302)


@blueprint.get("/events/<id:event_id>")
def find(event_id: int) -> Answer:
    return redirect(event_url(events.get_event(event_id)), 301)


@blueprint.get("/events/<id:event_id>/<slug>")
def show(event_id: int, slug: str) -> Answer:
    event = events.get_event(event_id)
    if slug != event.slug:
        return redirect(event_url(event), 301)
    card = booking_card(event, seats=request.args.get("seats", type=int))
    return render_template("pages/event.html", event=event, card=card)


@blueprint.get("/events/<id:event_id>/seats")
def seats(event_id: int) -> Response:
    """The counter as it is now; 204 while it is what the page shows already (`v`)."""
    event = events.get_event(event_id)
    seen = request.args.get("v", "")
    if seen == seats_version(event):
        return make_response("", 204)
    card = booking_card(event)
    seen_tone = seen.partition("-")[0]
    return make_response(
        render_template(
            "fragments/seats_update.html",
            event=event,
            card=card,
            announce=seat_status(event).tone != seen_tone,
            flipped=card.flipped_since(seen_tone),
        )
    )


def _filters(query: EventQuery) -> dict[str, Any]:
    return {
        name: value
        for name, value in (("q", query.q), ("when", "past" if query.past_only else ""))
        if value
    }
