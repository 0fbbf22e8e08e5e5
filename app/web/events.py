"""Events: the list, and the page of each event."""

from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from app.edge.calendar_files import calendar_file
from app.edge.current import catalogue
from app.edge.htmx import Answer, is_htmx, page_or_fragment
from app.edge.page_marks import Mark, Pieces
from app.edge.personal_pieces import is_shared, shared_page
from app.edge.room_tickets import standing_of_visitor
from app.edge.seat_counts import seats_version
from app.models import Event
from app.presenters.icalendars import event_calendar
from app.presenters.urls import event_url
from app.services.catalogue import CatalogueSnapshot
from app.services.event_search import EventQuery
from app.web.booking_card import HeldTickets, booking_card, held_tickets, new_key
from app.web.event_filters import EventFilters
from app.web.waiting_rooms import room_variant

blueprint = Blueprint("events", __name__)
NEAREST = 3
PER_PAGE = 12
"""A multiple of one, two and three, the cards in a row."""
MOST_SHOWN = 10 * PER_PAGE
"""How many of the events loaded are there again after Back."""


@blueprint.get("/")
def index() -> Answer:
    filters = EventFilters.of(request.args)
    more = request.headers.get("HX-Target") == "more"
    after = request.args.get("after")
    query = filters.query(limit=PER_PAGE if after else _asked_for(), after=after)
    snapshot = catalogue().listing(query, counted=not more)
    return shared_page(snapshot, lambda: _listed(snapshot, filters, query, more), is_htmx(), more)


@blueprint.get("/events")
def list_events() -> Answer:
    return redirect(_with_query(url_for("events.index")), 302)


@blueprint.get("/events/<id:event_id>")
def find(event_id: int) -> Answer:
    return _moved(_event(event_id))


@blueprint.get("/events/<id:event_id>/<slug>")
def show(event_id: int, slug: str) -> Answer:
    snapshot = catalogue().event(event_id)
    held = held_tickets(event_id)
    if "code" in request.args:
        # Of this visitor alone: a code is good until it is used up, and guesses are counted.
        return _with_code(snapshot, slug, held)
    pieces: Pieces = {Mark.KEY: new_key, Mark.TICKET_URL: lambda: held.url if held else ""}
    variant = (held.variant if held else None, room_variant(standing_of_visitor(event_id)))
    return shared_page(snapshot, lambda: _shown(snapshot, slug, held), variant, pieces=pieces)


@blueprint.get("/events/<id:event_id>/calendar.ics")
def calendar(event_id: int) -> Response:
    event = _event(event_id)
    return calendar_file(f"{event.slug}.ics", event_calendar(event))


@blueprint.get("/events/<id:event_id>/seats")
def seats(event_id: int) -> Response:
    """The current seat counter; 204 if the page already shows it (version `v`).

    With a `code`, the form that may come along is that of who has it.
    """
    snapshot = catalogue().event(event_id)
    event = snapshot.events[0]
    seen = request.args.get("v", "")
    if seen == seats_version(event):
        return make_response("", 204)
    types = snapshot.types.get(event_id, ())
    card = plain = booking_card(event, types=types)
    if seen == plain.version:
        return make_response("", 204)
    if code := _code():
        card = booking_card(event, types=types, code=code)
    page = render_template(
        "fragments/seats_update.html",
        event=event,
        card=card,
        announce=plain.status.tone != seen.partition("-")[0],
        flipped=plain.flipped_since(seen),
        flipped_rows={row.id for row in plain.rows_flipped_since(seen)},
    )
    return _uncached(make_response(page)) if code else make_response(page)


@blueprint.get("/events/<id:event_id>/your-seats")
def your_seats(event_id: int) -> Answer:
    """What the visitor has booked: a page that is gone Back to was made before."""
    event = _event(event_id)
    card = booking_card(event, tickets=held_tickets(event_id))
    return render_template("fragments/your_seats.html", event=event, card=card)


def _event(event_id: int) -> Event:
    return catalogue().event(event_id).events[0]


def _moved(event: Event) -> Response:
    """Send to the event's one address, with the seats that were chosen."""
    return cast("Response", redirect(_with_query(event_url(event)), 301))


def _with_query(path: str) -> str:
    # Not with `url_for`, to which some query arguments (`_anchor`) have another meaning.
    query = urlencode(list(request.args.items(multi=True)))
    return f"{path}?{query}".rstrip("?")


def _asked_for() -> int:
    """How many events the list shows: those of `shown`, a whole number of loads."""
    shown = request.args.get("shown", PER_PAGE, type=int)
    return PER_PAGE * min(max(shown // PER_PAGE, 1), MOST_SHOWN // PER_PAGE)


def _listed(
    snapshot: CatalogueSnapshot, filters: EventFilters, query: EventQuery, more: bool
) -> Response:
    page = snapshot.page
    more_url = url_for("events.index", **filters.chosen, after=page.next_cursor)
    here = _asked_for()
    shown: dict[str, Any] = {
        "page": page,
        "more": more,
        "more_here_url": f"{more_url}&shown={here + PER_PAGE}",
        "query": query,
        "filters": filters,
        "more_url": more_url if page.next_cursor else None,
    }
    if more:
        answer = make_response(render_template("fragments/event_more.html", **shown))
        # Whoever comes back to this address finds the cards that were loaded.
        answer.headers["HX-Replace-Url"] = url_for("events.index", **filters.chosen, shown=here)
        return answer
    nearest = [] if page.items or not filters.q else _nearest(query)
    shown |= {"count": snapshot.count, "cities": snapshot.cities, "nearest": nearest}
    answer = page_or_fragment("pages/events.html", "fragments/event_results.html", **shown)
    if is_htmx():
        # The chosen filters only; the form itself would push every empty field.
        answer.headers["HX-Push-Url"] = url_for("events.index", **filters.chosen)
    return answer


def _with_code(snapshot: CatalogueSnapshot, slug: str, held: HeldTickets | None) -> Response:
    return _uncached(_shown(snapshot, slug, held, _code()))


def _code() -> str:
    return request.args.get("code", "").strip()[:60]


def _uncached(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _nearest(query: EventQuery) -> list[Event]:
    return catalogue().nearest(replace(query, limit=NEAREST, after=None)).events


def _shown(
    snapshot: CatalogueSnapshot, slug: str, held: HeldTickets | None, code: str | None = None
) -> Response:
    event = snapshot.events[0]
    if slug != event.slug:
        return _moved(event)
    key = Mark.KEY.value if is_shared() else None
    if held and is_shared():
        held = replace(held, url=Mark.TICKET_URL.value)
    seats = request.args.get("seats", type=int)
    types = snapshot.types.get(event.id, ())
    card = booking_card(event, types=types, seats=seats, key=key, tickets=held, code=code)
    return make_response(render_template("pages/event.html", event=event, card=card))
