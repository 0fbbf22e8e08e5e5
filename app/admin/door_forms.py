"""Forms of the door's page."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField
from wtforms.validators import UUID as IsUUID
from wtforms.validators import Length, NumberRange, Optional, ValidationError

from app.edge.forms import Form, WholeNumberField, strip
from app.lib.text import is_showable
from app.models.booking import MAX_SEATS
from app.models.check_in import MAX_DOOR
from app.models.references import read_code
from app.services.check_ins import Scan

LATEST = 10**14
"""In the year 5138: a clock may be wrong, but is a moment."""
IDENT = IsUUID(message=_("This page is out of date. Please load it again."))


class CheckInForm(Form):
    id = HiddenField(validators=[IDENT])
    booking = HiddenField()
    """The id of a booking that was found by its guest's name."""
    code = StringField(_("Code or name"), filters=[strip], validators=[Length(max=300)])
    seats = WholeNumberField(
        _("Seats"),
        default=1,
        validators=[
            Optional(),
            NumberRange(1, MAX_SEATS, message=_("Choose from 1 to %(max)d seats.", max=MAX_SEATS)),
        ],
    )
    door = StringField(
        _("This door"),
        filters=[strip],
        validators=[Length(max=MAX_DOOR)],
        description=_("Who is asked later where somebody came in sees this, as in East gate."),
    )

    def validate(self, **extra: object) -> bool:
        is_valid = super().validate(**extra)
        booking = self.booking.data or ""
        if is_valid and not self.code.data and not (booking.isascii() and booking.isdigit()):
            self.refuse("code", _("Scan a ticket, or type its code or a name."))
            return False
        return is_valid

    @property
    def looks_for_a_name(self) -> bool:
        """Whether what was typed is no ticket's code, but a guest's name."""
        typed = self.code.data or ""
        has_letters = any(c.isalpha() for c in typed)
        return has_letters and not read_code(typed) and not re.search(r"[\d/]", typed)

    def scan(self) -> Scan:
        code, booking = self.code.data or "", self.booking.data
        return Scan(
            UUID(self.id.data),
            code,
            None if code else int(booking or 0),
            self.seats.data or 1,
            self.door.data or "",
        )


class UndoForm(Form):
    id = HiddenField(validators=[IDENT])


class OfflineScanForm(CheckInForm):
    """A scan that a device decided by its own list, or its undo."""

    class Meta(CheckInForm.Meta):
        csrf = False
        """It came as JSON."""

    at = WholeNumberField(validators=[NumberRange(0, LATEST)])
    """Milliseconds since 1970, by the device's clock."""
    let_in = WholeNumberField(validators=[Optional(), NumberRange(0, MAX_SEATS)])
    undoes = HiddenField(validators=[Optional(), IDENT])

    def validate(self, **extra: object) -> bool:
        if self.undoes.data:
            # Names no ticket: its scan did.
            self.code.data = self.undoes.data
        return super().validate(**extra)

    def validate_code(self, field: StringField) -> None:
        # A page's form can't hold these: they are refused before it is read.
        if not is_showable(field.data or ""):
            raise ValidationError(_("This is no ticket's code."))

    def validate_door(self, field: StringField) -> None:
        self.validate_code(field)

    def scan(self) -> Scan:
        return replace(super().scan(), at=self.moment, let_in=self.let_in.data)

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp((self.at.data or 0) / 1_000, UTC)
