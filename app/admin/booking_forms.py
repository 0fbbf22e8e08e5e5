"""The forms that change a booking: its seats, its guest, or the email of its account."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Length, ValidationError

from app.edge.forms import CancellationForm, Form, strip
from app.lib.money import NotAnAmount, parse_money
from app.models import Booking
from app.presenters.prices import amount_refused
from app.services.booking_guests import GuestChange
from app.services.seat_refunds import RefundBy

AMOUNT = "amount"


class StaffCancellationForm(CancellationForm):
    """Cancels seats, also past the deadline, and says what comes back of what was paid here."""

    admitted_too = BooleanField(_("Give back what was admitted too"))
    refund = RadioField(
        _("What comes back"),
        choices=[
            SelectChoice(RefundBy.ALL.value, _("All that was paid for them")),
            SelectChoice(RefundBy.RULE.value, _("By the event's rule")),
            SelectChoice(AMOUNT, _("An amount")),
        ],
        default=RefundBy.ALL.value,
    )
    refund_amount = StringField(_("Amount that comes back"))
    _currency = ""

    def validate_for(self, booking: Booking) -> bool:
        """Validate, with an amount in the booking's currency."""
        self._currency = booking.currency
        return self.validate()

    def validate_refund_amount(self, field: StringField) -> None:
        if self.refund.data != AMOUNT or not self._currency:
            return
        try:
            if not (field.data or "").strip():
                raise NotAnAmount("nothing was typed")
            parse_money(field.data, self._currency)
        except NotAnAmount as error:
            raise ValidationError(amount_refused(error, self._currency)) from None

    @property
    def refund_by(self) -> RefundBy | int:
        """What comes back; call it only on a valid form."""
        if self.refund.data == AMOUNT:
            return parse_money(self.refund_amount.data or "", self._currency)
        return RefundBy(self.refund.data)


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
