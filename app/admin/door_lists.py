"""Lists for the doors, to be printed: by name, split for several doors, or by code."""

from flask import Response, request
from wtforms import SelectField
from wtforms.validators import NumberRange, Optional

from app.admin.guard import staff_pages
from app.edge.forms import Form, WholeNumberField
from app.edge.htmx import Answer
from app.edge.long_pages import long_page
from app.models.columns import now
from app.presenters.guests import name_of
from app.services import audit, door_lists, events
from app.services.door_lists import MAX_PARTS, DoorList, Order

MAX_PRINTED = 10_000
"""Bookings of one page, some three hundred sheets."""
blueprint = staff_pages("admin_door_lists", __name__)
at_door = staff_pages("door_lists", __name__)


class ListForm(Form):
    order = SelectField(choices=list(Order), default=Order.NAMES.value)
    doors = WholeNumberField(default=1, validators=[Optional(), NumberRange(1, MAX_PARTS)])
    door = WholeNumberField(validators=[Optional(), NumberRange(1, MAX_PARTS)])


@blueprint.get("/events/<id:event_id>/door-list")
def show(event_id: int) -> Answer:
    return _page(event_id)


@at_door.get("/<id:event_id>/list")
def show_at_door(event_id: int) -> Answer:
    """The same for a key of the door."""
    return _page(event_id)


def _page(event_id: int) -> Response:
    event = events.get_event(event_id, drafts=True)
    form = ListForm(formdata=request.args, meta={"csrf": False})
    is_valid = form.validate()
    order = Order(form.order.data) if is_valid else Order.NAMES
    doors = (form.doors.data if is_valid else None) or 1
    lists = door_lists.list_for_doors(event_id, order, doors)
    if is_valid and form.door.data:
        lists = [one for one in lists if one.number == form.door.data]
    shown, more = _shown(lists)
    audit.note_export("print", sum(len(one.guests) for one in shown), event)
    return long_page(
        "pages/admin/door_list.html",
        200 if is_valid else 422,
        event=event,
        order=order.value,
        doors=doors,
        lists=shown,
        more=more,
        now=now(),
        named=lambda guest: name_of(guest.name, guest.email),
    )


def _shown(lists: list[DoorList]) -> tuple[list[DoorList], int]:
    """The lists as far as one page has them, and how many bookings more there are."""
    shown, room = [], MAX_PRINTED
    for one in lists:
        shown.append(one._replace(guests=one.guests[:room]))
        room -= len(shown[-1].guests)
    return shown, sum(len(one.guests) for one in lists) - (MAX_PRINTED - room)
