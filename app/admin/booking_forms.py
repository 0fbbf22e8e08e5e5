"""The forms that change a booking: its seats, its guest, or the email of its account."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, HiddenField, StringField
from wtforms.validators import DataRequired, Email, Length

from app.edge.forms import CancellationForm, Form, strip
from app.services.booking_guests import GuestChange


class StaffCancellationForm(CancellationForm):
    admitted_too = BooleanField(_("Give back what was admitted too"))


def guest_email_field(label: Any = None) -> EmailField:
    """Return a required field for the email of a booking's guest."""
    return EmailField(
        label or _("Guest's email"),
        filters=[strip],
        validators=[
            DataRequired(_("Enter the guest's email.")),
            Email(_("Enter an email address, as in name@example.com.")),
            Length(max=254),
        ],
    )


def guest_name_field(help_text: str) -> StringField:
    """Return a field for the name of a booking's guest."""
    return StringField(
        _("Guest's name"), filters=[strip], validators=[Length(max=100)], description=help_text
    )


class GuestForm(Form):
    """A guest's email and name, and those that the member of staff saw."""

    email = guest_email_field()
    name = guest_name_field(_("As the ticket shows it."))
    seen_email = HiddenField()
    seen_name = HiddenField()

    @property
    def change(self) -> GuestChange:
        """What the form asks for; call it only on a valid form."""
        return GuestChange(
            email=self.email.data,
            name=self.name.data or "",
            seen_email=self.seen_email.data,
            seen_name=self.seen_name.data,
        )


class AccountEmailForm(Form):
    """The new email of an account, and the one that the member of staff saw."""

    email = guest_email_field(_("New email"))
    seen_email = HiddenField()
