"""Base form, fields and helpers shared by all forms."""

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, IntegerField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import HiddenInput

from app.lib.money import MAX_DIGITS
from app.lib.names import is_visible, tidy_line
from app.models import Booking
from app.models.booking import MAX_SEATS
from app.services.accounts import MAX_PASSWORD, MIN_PASSWORD


class Form(FlaskForm):  # type: ignore[misc]
    """Base form: errors are whole sentences, and the first field with an error is known."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        locales = ("en",)

    def validate(self, **extra: Any) -> bool:
        """Also refuse what was typed when nothing of it can be seen."""
        is_valid = bool(super().validate(**extra))
        unseen = [field for field in self if _shows_nothing(field) and not field.errors]
        for field in unseen:
            field.errors = [_("Enter something that can be seen.")]
        return is_valid and not unseen

    @property
    def first_error(self) -> str | None:
        return next((field.id for field in self if field.errors), None)

    def refuse(self, name: str, message: str) -> None:
        """Show a service's error at the field it names, or at the first field."""
        field: Field = self[name] if name in self else next(iter(self))
        field.errors = [*field.errors, message]


class WholeNumberField(IntegerField):  # type: ignore[misc]
    """A whole number, with an error message for anything else."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a whole number, as in 12.")) from None


def sentence(message: str) -> str:
    """Turn a service's error message into a sentence for people."""
    return message[:1].upper() + message[1:] + "."


def strip(value: Any) -> Any:
    """Tidy text and join its lines, as the API does: a line break could forge a row in a list."""
    return tidy_line(" ".join(value.splitlines())) if isinstance(value, str) else value


def _shows_nothing(field: Field) -> bool:
    typed = isinstance(field, StringField) and not isinstance(field, PasswordField | HiddenField)
    return typed and bool((field.data or "").strip()) and not is_visible(field.data)


def new_password_field(label: str, name: str = "password") -> PasswordField:
    """Return a required field for a new password, with the length limits of accounts."""
    return PasswordField(
        label,
        name=name,
        validators=[
            InputRequired(_("Choose a password.")),
            Length(
                MIN_PASSWORD,
                MAX_PASSWORD,
                message=_("Use at least %(min)d characters.", min=MIN_PASSWORD),
            ),
        ],
        description=_("At least %(min)d characters.", min=MIN_PASSWORD),
    )


class CancellationForm(Form):
    """Cancels some or all seats of a booking.

    It sends the seats booked and the seats to give back, from which the seats to keep follow; so
    submitting the same form twice gives them back once.
    """

    had = HiddenField()
    give = StringField(_("Seats to give back"))
    shown_refund = HiddenField()
    """What its guest was told that comes back of one seat, in the currency's smallest unit."""
    nothing_back = BooleanField()
    """Whether they know that nothing comes back."""

    def validate_give(self, field: StringField) -> None:
        had, give = (_whole(field.data) for field in (self.had, self.give))
        if (self.had.data or self.give.data is not None) and not 1 <= give <= had <= MAX_SEATS:
            raise ValidationError(_("Choose from 1 to %(max)d seats.", max=max(had, 1)))

    def validate_nothing_back(self, field: BooleanField) -> None:
        if self.shown_refund.data == "0" and not field.data:
            raise ValidationError(_("Tick that you know that nothing comes back."))

    def seen_refund(self, booking: Booking) -> int:
        """What its guest was told that comes back of one seat: all of it, where they were told of
        nothing less."""
        shown = self.shown_refund.data or ""
        is_told = shown.isascii() and shown.isdigit() and len(shown) < MAX_DIGITS
        return int(shown) if is_told else booking.price_minor

    @property
    def keep(self) -> int:
        """Seats to keep; 0 (cancel all) for a form without numbers."""
        return _whole(self.had.data) - _whole(self.give.data)


class GiftForm(Form):
    """Gives a seat to a friend: that with this number, so that sending it twice gives one seat."""

    seat = WholeNumberField(widget=HiddenInput())

    def validate_seat(self, field: WholeNumberField) -> None:
        if field.data is None or not 1 <= field.data <= MAX_SEATS:
            raise ValidationError(_("Please try again."))


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 5 else 0
