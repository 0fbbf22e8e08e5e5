"""The organisers' forms."""

from flask_babel import lazy_gettext as _
from wtforms import (
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    SubmitField,
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
        default=Role.ORGANISER.value,
    )


class HoldForm(Form):
    """Hold seats back, or release some: by how many, from how many the organiser saw held."""

    seats = WholeNumberField(
        _("Seats"),
        validators=[
            InputRequired(_("Say how many seats, as a whole number.")),
            NumberRange(1, MAX_CAPACITY, _("Choose at least one seat.")),
        ],
    )
    seen = WholeNumberField(widget=HiddenInput(), validators=[InputRequired()])
    hold = SubmitField(_("Hold back"))
    release = SubmitField(_("Release"))

    def validate_seats(self, field: WholeNumberField) -> None:
        if self.release.data and field.data and field.data > (self.seen.data or 0):
            raise ValidationError(_("So many seats are not held back."))

    @classmethod
    def seeing(cls, held: int) -> "HoldForm":
        return cls(formdata=None, seen=held)

    @property
    def held(self) -> int:
        """How many are to be held back in all."""
        seats = -self.seats.data if self.release.data else self.seats.data
        held: int = self.seen.data + seats
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
