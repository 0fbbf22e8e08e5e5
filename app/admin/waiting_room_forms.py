"""Forms of the waiting room's page."""

from typing import Any, Self

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from app.edge.forms import Form, WholeNumberField
from app.models import RoomMode, WaitingRoom
from app.models.waiting_room import (
    MAX_INSIDE,
    MAX_PASS_MINUTES,
    MAX_PER_MINUTE,
    MAX_PROOF_SECONDS,
    MIN_PASS_MINUTES,
)

MEASURED, SET = "measured", "set"
BUSY_AFTER = (0.5, 1.0, 2.0, 3.0, 5.0)
"""Seconds that are offered; the API takes others."""


class PaceForm(Form):
    """The buttons of the console."""


class RoomForm(Form):
    mode = RadioField(
        _("Whether people wait for their turn to book"),
        choices=[
            SelectChoice(RoomMode.OFF.value, _("No")),
            SelectChoice(RoomMode.ON.value, _("Yes")),
            SelectChoice(RoomMode.AUTO.value, _("By itself, while booking takes too long")),
        ],
    )
    busy_after = SelectField(
        _("Seconds that orders may take until then"),
        coerce=float,
        description=_("It ends when nobody has waited for three minutes."),
    )
    pace = RadioField(
        _("Pace"),
        choices=[
            SelectChoice(MEASURED, _("Measured: as many as the site can serve")),
            SelectChoice(SET, _("As set here")),
        ],
    )
    per_minute = WholeNumberField(
        _("People who get their turn in a minute"),
        validators=[
            InputRequired(_("Say how many, as a whole number.")),
            NumberRange(1, MAX_PER_MINUTE, _("Choose from 1 to 60,000.")),
        ],
        description=_("Two cores let in some 3,500, with all the pages that they load."),
    )
    most_inside = WholeNumberField(
        _("The most who book or pay at one time"),
        validators=[
            Optional(),
            NumberRange(1, MAX_INSIDE, _("Choose from 1 to 1,000,000, or leave it empty.")),
        ],
        description=_("Empty for any number. Whoever comes to their turn and stays away counts."),
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
    open_without_redis = BooleanField(
        _("While Redis is away, let everybody book"),
        description=_("Else nobody joins meanwhile, and those who wait get their turn as before."),
    )

    @classmethod
    def of(cls, room: WaitingRoom, *, sent: bool = False) -> Self:
        """The form with the room's settings, or with what was sent."""
        facts = {
            "mode": room.mode,
            "busy_after": room.busy_after,
            "pace": MEASURED if room.measured else SET,
            "per_minute": room.per_minute,
            "most_inside": room.most_inside,
            "pass_minutes": room.pass_minutes,
            "proof_seconds": room.proof_seconds,
            "open_without_redis": room.open_without_redis,
        }
        form = cls(**facts) if sent else cls(formdata=None, **facts)
        offered = sorted({*BUSY_AFTER, room.busy_after})
        form.busy_after.choices = [SelectChoice(seconds, f"{seconds:g}") for seconds in offered]
        return form

    def changes(self) -> dict[str, Any]:
        """What `change_room` is to change."""
        return {
            "mode": self.mode.data,
            "busy_after": self.busy_after.data,
            "measured": self.pace.data == MEASURED,
            "per_minute": self.per_minute.data,
            "most_inside": self.most_inside.data,
            "pass_minutes": self.pass_minutes.data,
            "proof_seconds": self.proof_seconds.data or 0,
            "open_without_redis": self.open_without_redis.data,
        }
