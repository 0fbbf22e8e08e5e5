"""The waiting room of an event: turning it on, pausing it, and its pace."""

from flask import flash, make_response, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField
from wtforms.validators import InputRequired, NumberRange, Optional

from app.admin.guard import staff_pages
from app.edge.current import waiting_rooms
from app.edge.forms import Form, WholeNumberField
from app.edge.htmx import Answer, go_to
from app.models import RoomMode
from app.models.waiting_room import (
    MAX_PASS_MINUTES,
    MAX_PER_MINUTE,
    MAX_PROOF_SECONDS,
    MIN_PASS_MINUTES,
)
from app.services import events, room_settings

blueprint = staff_pages("admin_waiting_rooms", __name__)


class RoomForm(Form):
    on = BooleanField(_("People wait for their turn to book"))
    per_minute = WholeNumberField(
        _("People who get their turn in a minute"),
        validators=[
            InputRequired(_("Say how many, as a whole number.")),
            NumberRange(1, MAX_PER_MINUTE, _("Choose from 1 to 60,000.")),
        ],
        description=_("On two cores the site books about 1,500 people a second from browsers."),
    )
    pass_minutes = WholeNumberField(
        _("Minutes to book in, once it is one's turn"),
        validators=[
            InputRequired(_("Say how many, as a whole number.")),
            NumberRange(MIN_PASS_MINUTES, MAX_PASS_MINUTES, _("Choose from 2 to 60 minutes.")),
        ],
    )
    proof_seconds = WholeNumberField(
        _("Seconds that a slow phone computes before it may join; 0: none does"),
        validators=[
            Optional(),
            NumberRange(0, MAX_PROOF_SECONDS, _("Choose from 0 to 30 seconds.")),
        ],
        description=_(
            "Makes many places dear for a program. Asked of browsers without an account; who has no"
            " JavaScript needs one to join."
        ),
    )
    paused = BooleanField(
        _("Paused: nobody's turn begins"),
        description=_("Whoever's turn has come may book; all others keep their place."),
    )
    open_without_redis = BooleanField(
        _("While Redis is away, let everybody book"),
        description=_("Else nobody joins meanwhile, and those who wait get their turn as before."),
    )


@blueprint.get("/events/<id:event_id>/waiting-room")
def edit(event_id: int) -> Answer:
    room = room_settings.get_room(event_id)
    form = RoomForm(
        formdata=None,
        on=room.mode == RoomMode.ON,
        per_minute=room.per_minute,
        pass_minutes=room.pass_minutes,
        proof_seconds=room.proof_seconds,
        paused=room.paused,
        open_without_redis=room.open_without_redis,
    )
    return _page(event_id, form)


@blueprint.post("/events/<id:event_id>/waiting-room")
def update(event_id: int) -> Answer:
    form = RoomForm()
    if not form.validate():
        return _page(event_id, form, 422)
    changes = {
        "mode": (RoomMode.ON if form.on.data else RoomMode.OFF).value,
        "per_minute": form.per_minute.data,
        "pass_minutes": form.pass_minutes.data,
        "proof_seconds": form.proof_seconds.data or 0,
        "paused": form.paused.data,
        "open_without_redis": form.open_without_redis.data,
    }
    room_settings.change_room(waiting_rooms(), event_id, changes)
    flash(gettext("The waiting room is saved."), "done")
    return go_to(url_for("admin_waiting_rooms.edit", event_id=event_id))


def _page(event_id: int, form: RoomForm, status: int = 200) -> Answer:
    event = events.get_event(event_id, drafts=True)
    seen = room_settings.overview(waiting_rooms(), event_id)
    page = render_template("pages/admin/waiting_room.html", event=event, room_form=form, seen=seen)
    return make_response(page, status)
