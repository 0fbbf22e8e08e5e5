"""Forms of the staff pages."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from app.edge.forms import Form, WholeNumberField, strip
from app.lib.datetimes import to_utc
from app.models import Event, Role
from app.models.event import MAX_CAPACITY


class LoginForm(Form):
    key = PasswordField(_("Admin key"), validators=[InputRequired(_("Enter the admin key."))])
    next = HiddenField()


class StaffKeyForm(Form):
    name = StringField(
        _("Whose key it is"),
        filters=[strip],
        validators=[DataRequired(_("Name the key's owner.")), Length(max=60)],
        description=_("What they change is written down under this name."),
    )
    role = SelectField(
        _("What they may do"),
        choices=[
            SelectChoice(
                Role.DOOR.value, _("Door: check guests in, sell seats there, see nothing else")
            ),
            SelectChoice(Role.VIEWER.value, _("Viewer: look at everything, change nothing")),
            SelectChoice(Role.ORGANISER.value, _("Organiser: run events and bookings")),
            SelectChoice(Role.OWNER.value, _("Owner: everything, staff keys too")),
        ],
        default=Role.VIEWER.value,
    )
    sees_emails = BooleanField(_("A viewer sees guests' emails, on pages and in files"))
    event_ids = SelectMultipleField(
        _("Only these events"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_("Tick none for all events, those made later too."),
    )
    last_day = DateField(
        _("Last day"),
        validators=[Optional()],
        description=_("The key opens nothing after it. Leave empty: until it is revoked."),
    )

    def __init__(self, events: Sequence[Event], **facts: Any) -> None:
        super().__init__(**facts)
        self.event_ids.choices = [(event.id, event.name) for event in events]

    def limits(self, zone: ZoneInfo) -> dict[str, Any]:
        """The limits as `create_key` takes them."""
        last = self.last_day.data
        return {
            "sees_emails": self.sees_emails.data,
            "event_ids": self.event_ids.data or None,
            "expires_at": last and to_utc(datetime.combine(last, time(), zone) + timedelta(days=1)),
        }


class StaffSignOutsForm(Form):
    end_key = BooleanField(_("Also end my key: nobody gets in with it, nor do I"))


class HoldForm(Form):
    """How many more seats to hold back, and how many the organiser saw held (`seen`)."""

    seats = WholeNumberField(
        _("How many more"),
        validators=[
            InputRequired(_("Say how many seats, as a whole number.")),
            NumberRange(1, MAX_CAPACITY, _("Choose at least one seat.")),
        ],
    )
    seen = WholeNumberField(widget=HiddenInput(), validators=[InputRequired()])

    @property
    def held(self) -> int:
        """The new total of seats held back."""
        held: int = self.seen.data + self.seats.data
        return held


class ReleaseForm(HoldForm):
    """How many of the seats held back to release."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(prefix="release-", **facts)
        self.seats.label.text = _("How many of them")

    def validate_seats(self, field: WholeNumberField) -> None:
        held = self.seen.data or 0
        if field.data and field.data > held:
            raise ValidationError(
                ngettext(
                    "Only %(num)d seat is held back.", "Only %(num)d seats are held back.", held
                )
                if held
                else _("No seats are held back.")
            )

    @property
    def held(self) -> int:
        held: int = self.seen.data - self.seats.data
        return held
