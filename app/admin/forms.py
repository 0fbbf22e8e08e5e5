"""Forms of the staff pages."""

from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import (
    DataRequired,
    Email,
    InputRequired,
    Length,
    NumberRange,
    ValidationError,
)
from wtforms.widgets import HiddenInput

from app.edge.forms import Form, WholeNumberField, strip
from app.models import Role
from app.models.booking import MAX_SEATS
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
            SelectChoice(Role.VIEWER.value, _("Viewer: look at everything, change nothing")),
            SelectChoice(Role.ORGANISER.value, _("Organiser: run events and bookings")),
            SelectChoice(Role.OWNER.value, _("Owner: everything, staff keys too")),
        ],
        default=Role.VIEWER.value,
    )


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


class BookForForm(Form):
    email = EmailField(
        _("Guest's email"),
        filters=[strip],
        validators=[
            DataRequired(_("Enter the guest's email.")),
            Email(_("Enter an email address, as in name@example.com.")),
            Length(max=254),
        ],
    )
    name = StringField(
        _("Guest's name"),
        filters=[strip],
        validators=[Length(max=100)],
        description=_("For somebody who has no account yet."),
    )
    seats = WholeNumberField(
        _("Seats"),
        validators=[
            InputRequired(_("Say how many seats, as a whole number.")),
            NumberRange(1, MAX_SEATS, _("Choose from 1 to %(max)d seats.", max=MAX_SEATS)),
        ],
    )
    key = HiddenField(validators=[InputRequired(), Length(8, 100)])
