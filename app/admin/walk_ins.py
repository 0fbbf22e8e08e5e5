"""Walk-ins: a seat sold or given at the door in two taps, how many and which way."""

from uuid import UUID, uuid4

from flask import Response, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.admin.door import DOOR
from app.admin.door_forms import IDENT, UndoForm
from app.admin.guard import staff_pages
from app.booking.walk_ins import WalkIn
from app.edge.current import desk
from app.edge.forms import Form, WholeNumberField, strip
from app.edge.htmx import Answer, is_htmx, page_or_fragment
from app.errors import InvalidField, Refused, TicketTypeNotFound
from app.models import Event
from app.models.booking import MAX_SEATS
from app.presenters.problems import problem_of
from app.services import admissions, events, walk_ins

blueprint = staff_pages("walk_ins", __name__)
_SEATS = lazy_gettext("Choose from 1 to %(max)d seats.", max=MAX_SEATS)


MAX_ID = 10**18 - 1
"""As addresses take them."""


class SeatsForm(Form):
    seats = WholeNumberField(
        validators=[InputRequired(_SEATS), NumberRange(1, MAX_SEATS, message=_SEATS)]
    )


class WalkInForm(SeatsForm):
    id = HiddenField(validators=[IDENT])
    name = StringField(filters=[strip], validators=[Length(max=100)])
    free = BooleanField()
    ticket_type_id = WholeNumberField(validators=[Optional(), NumberRange(1, MAX_ID)])
    """Of the button that sells seats of a type; that which gives them free says `free_type`."""
    free_type = WholeNumberField(validators=[Optional(), NumberRange(1, MAX_ID)])

    def wanted(self, door: str) -> WalkIn:
        return WalkIn(
            UUID(self.id.data),
            self.seats.data,
            self.name.data or "",
            self.free.data or self.free_type.data is not None,
            door,
            self.free_type.data or self.ticket_type_id.data,
        )


@blueprint.get("/<id:event_id>/walk-ins")
def ask(event_id: int) -> Answer:
    """The second tap: what is to be collected for so many seats; without seats, the first."""
    # A GET request changes nothing, and has no CSRF token.
    form = SeatsForm(formdata=request.args, meta={"csrf": False})
    event = events.get_event(event_id, drafts=True)
    if "seats" not in request.args:
        return _page(event)
    if not form.validate():
        return _page(event, error=str(form.seats.errors[0]), status=422)
    return _asked(event, form.seats.data)


@blueprint.post("/<id:event_id>/walk-ins")
def create(event_id: int) -> Answer:
    form = WalkInForm()
    event = events.get_event(event_id, drafts=True)
    if not form.validate():
        return _page(event, error=next(iter(form.errors.values()))[0], status=422)
    try:
        booking = walk_ins.admit(desk(), event_id, form.wanted(session.get(DOOR, "")))
    except (InvalidField, TicketTypeNotFound):
        return _out_of_date(event)
    except Refused as error:
        return _refused(event, error)
    return _page(event, booking=booking, id=form.id.data)


@blueprint.post("/<id:event_id>/walk-ins/<uuid:check_in_id>/undo")
def undo(event_id: int, check_in_id: UUID) -> Answer:
    form = UndoForm()
    event = events.get_event(event_id, drafts=True)
    if not form.validate():
        return _page(event, error=next(iter(form.errors.values()))[0], status=422)
    try:
        booking = walk_ins.undo(
            *(desk(), event_id, check_in_id),
            undo_id=UUID(form.id.data),
            door=session.get(DOOR, ""),
        )
    except InvalidField:
        return _out_of_date(event)
    return _page(event, booking=booking)


def _asked(event: Event, seats: int) -> Response:
    try:
        offer = walk_ins.offer(event.id)
    except Refused as error:
        return _refused(event, error)
    return _page(event, seats=seats, left=offer.left, types=offer.types)


def _out_of_date(event: Event) -> Response:
    return _page(event, error=_("This page is out of date. Please load it again."), status=422)


def _refused(event: Event, error: Refused) -> Response:
    problem = problem_of(error)
    return _page(event, error=problem.detail, status=problem.status)


def _page(event: Event, *, status: int = 200, **walk_in: object) -> Response:
    return page_or_fragment(
        "pages/admin/door_walk_in.html",
        "fragments/door_walk_in.html",
        status,
        event=event,
        walk_in=walk_in,
        arrivals=admissions.arrivals(event.id),
        new_id=uuid4,
        swapped=is_htmx(),
    )
