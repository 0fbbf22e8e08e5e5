"""The waiting room of an event: joining it, and the page on which one waits."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.edge.current import catalogue, waiting_rooms
from app.edge.htmx import Answer, go_to, is_htmx
from app.edge.room_tickets import join_as_visitor, standing_of_visitor
from app.errors import ProofRefused, TooManyJoin, UtsavamError
from app.models import Event, SaleState
from app.presenters.problems import problem_of
from app.presenters.room_words import (
    before_words,
    outlook_words,
    script_words,
    stands_words,
    unknown_words,
    wait_words,
)
from app.presenters.urls import event_url
from app.services.waiting_rooms import RoomPhase, Standing, event_of
from app.waiting_room.estimates import HICCUP, SPREAD, SURE
from app.web.booking_card import booking_card, room_words

blueprint = Blueprint("waiting_rooms", __name__)

TRIED = "utsavam.tried_to_join"
"""The request's entry for why the fast path let nobody join, if that is to be told here."""
NO_MORE = {SaleState.CLOSED, SaleState.ENDED, SaleState.CANCELLED}
"""Nothing will be sold any more: the event's page says so."""
SOONEST, LATEST = 3, 60
"""Seconds between two looks of a page without its script: the nearer the turn, the sooner."""


@dataclass(frozen=True)
class RoomPage:
    """What the page of somebody who waits tells."""

    event: Event
    standing: Standing
    was: str = ""
    """The phase that the page before told."""
    has_script: bool = False
    """Whether the page's script runs, which asks by itself when there is something new."""

    @property
    def phase(self) -> str:
        return self.standing.phase.value

    @property
    def has_turned(self) -> bool:
        """Whether it is to be told to who listens to the page."""
        return bool(self.was) and self.was != self.phase

    @property
    def look_again(self) -> int:
        """Seconds until the page asks again."""
        if self.standing.phase == RoomPhase.ADMITTED:
            return LATEST
        soon = self.standing.wait[0] / 4 if self.standing.wait else LATEST / 6
        return int(min(max(soon, SOONEST), LATEST))

    @property
    def before_words(self) -> str:
        return before_words(self.standing.before or 0)

    @property
    def wait_words(self) -> str:
        if self.standing.wait:
            return wait_words(self.standing.wait)
        if self.standing.paused or self.standing.halted:
            return stands_words(halted=self.standing.halted)
        return unknown_words()

    @property
    def outlook(self) -> str | None:
        if self.standing.seats == 0:
            return "gone"
        return self.standing.outlook.value if self.standing.outlook else None

    @property
    def outlook_words(self) -> str:
        return outlook_words(self.outlook) if self.outlook else ""

    @property
    def newcomer_words(self) -> list[str]:
        """What whoever joins again can expect."""
        return room_words(self.standing)

    @property
    def is_sold_out(self) -> bool:
        return self.event.sale_state() == SaleState.SOLD_OUT

    @property
    def sales_are_paused(self) -> bool:
        return self.event.sale_state() == SaleState.PAUSED

    @property
    def script_words(self) -> dict[str, Any]:
        """What the page's script says, and the figures that it works with."""
        figures = {"hiccup": HICCUP, "doubt": SPREAD * SURE}
        return script_words(self.event.name) | figures


@blueprint.get("/events/<id:event_id>/waiting-room")
def show(event_id: int) -> Answer:
    # The script has just read the status. At the opening, thousands ask within a minute.
    has_script = "script" in request.args
    event = event_of(waiting_rooms(), catalogue(), event_id, fresh=not has_script)
    standing = standing_of_visitor(event_id)
    if standing is None or standing.phase == RoomPhase.NOT_JOINED:
        return go_to(event_url(event))
    if event.sale_state() in NO_MORE:
        return go_to(event_url(event))
    page = RoomPage(event, standing, request.args.get("was", ""), has_script)
    template = "fragments/waiting_room.html" if is_htmx() else "pages/waiting_room.html"
    response = make_response(render_template(template, page=page, event=event, htmx=is_htmx()))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/events/<id:event_id>/waiting-room")
def join(event_id: int) -> Response:
    catalogue().event(event_id)
    try:
        if tried := request.environ.get(TRIED):
            raise tried
        join_as_visitor(event_id, request.form.get("proof"))
    except (ProofRefused, TooManyJoin) as error:
        return _not_joined(event_id, error)
    return go_to(url_for("waiting_rooms.show", event_id=event_id))


def _not_joined(event_id: int, error: UtsavamError) -> Response:
    """Tell why at the button that joins, and what else can be done."""
    snapshot, problem = catalogue().event(event_id), problem_of(error)
    event = snapshot.events[0]
    card = booking_card(event, types=snapshot.types.get(event_id, ()))
    facts = {"event": event, "card": card, "join_error": problem.detail}
    response = make_response(render_template("pages/event.html", **facts), problem.status)
    response.headers["Cache-Control"] = "no-store"
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def room_variant(standing: Standing | None) -> Hashable:
    """What an event's page tells of a waiting room."""
    if standing is None:
        return None
    ends = int(standing.pass_.ends) if standing.pass_ and standing.is_admitted else None
    return standing.phase.value, ends, standing.proof_seconds > 0, *room_words(standing)
