"""Public events: no key is needed."""

import hashlib

from flask import Response, request

from app.api.body import api_blueprint
from app.api.event_schemas import EventOut, EventsOut, EventsQuery
from app.api.present import events_out, json_response, page_response
from app.api.spec import answers, valid
from app.edge.current import catalogue
from app.edge.response_cache import cached
from app.edge.search_meanings import meanings_here
from app.services.catalogue import CatalogueSnapshot
from app.services.event_search import EventQuery

blueprint = api_blueprint("events", __name__)


@blueprint.get("/events")
@valid(answers(HTTP_200=EventsOut), query=EventsQuery, tags=["Events"], operation_id="listEvents")
def list_events(query: EventsQuery) -> Response:
    """List events, the soonest first"""
    snapshot = catalogue().listing(
        EventQuery(
            q=query.q,
            meanings=meanings_here(query.q),
            upcoming_only=query.upcoming_only,
            limit=query.limit,
            after=query.after,
        )
    )
    return cached(snapshot, lambda: _events(snapshot))


@blueprint.get("/events/<id:event_id>")
@valid(answers(404, HTTP_200=EventOut), tags=["Events"], operation_id="getEvent")
def get_event(event_id: int) -> Response:
    """Get one event"""
    snapshot = catalogue().event(event_id)
    response = cached(snapshot, lambda: _event(snapshot))
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response


def _events(snapshot: CatalogueSnapshot) -> Response:
    page = snapshot.page
    response = page_response(events_out(page.items, snapshot.types), page)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _event(snapshot: CatalogueSnapshot) -> Response:
    response = json_response(events_out(snapshot.events, snapshot.types).root[0])
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:20])
    response.headers["Cache-Control"] = "no-cache"
    return response
