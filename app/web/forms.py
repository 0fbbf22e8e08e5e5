"""Forms of the visitors' pages."""

import re
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    StringField,
)
from wtforms.validators import (
    DataRequired,
    Email,
    InputRequired,
    Length,
    NumberRange,
    Optional,
)

from app.booking.orders import CostLimit, Item
from app.edge.forms import Form, new_password_field, strip
from app.models import LinkPurpose
from app.models.booking import MAX_SEATS


def _email_field(label: Any, missing: Any) -> EmailField:
    return EmailField(
        label,
        filters=[strip],
        validators=[
            DataRequired(missing),
            Email(_("Enter an email address, as in name@example.com.")),
            Length(max=254),
        ],
    )


def _name_field(label: Any, description: Any = "") -> StringField:
    return StringField(
        label,
        filters=[strip],
        validators=[DataRequired(_("Enter your name.")), Length(max=100)],
        description=description,
    )


MAX_LENGTH = 10
"""Digits of a number: as many as the dearest seat's price has."""
ITEM = re.compile(r"items-([1-9][0-9]{0,17})", re.ASCII)
SHOWN = re.compile(r"shown(?:-([1-9][0-9]{0,17}))?", re.ASCII)


class BookingForm(Form):
    """Asks for seats; of an event with ticket types, for some of each in a field `items-<id>`.

    Then `seats` is their sum. What a seat costs was shown beside each: it comes back in `shown`, or
    in `shown-<id>` of a ticket type.
    """

    typed: dict[int, str]
    """What was typed for each ticket type; empty of an event without types."""
    item_errors: dict[int, str]
    """What is wrong with that, by type."""
    shown: dict[int | None, int]
    """What a seat was shown to cost, by type; of an event without types, under None."""

    seats = IntegerField(
        _("Seats"),
        default=1,
        validators=[
            InputRequired(_("Say how many seats, as a whole number.")),
            NumberRange(1, MAX_SEATS, _("Choose from 1 to %(max)d seats.", max=MAX_SEATS)),
        ],
    )
    code = StringField(_("Code"), filters=[strip], validators=[Optional(), Length(max=60)])
    """A voucher's; most have none."""
    idempotency_key = HiddenField(validators=[InputRequired(), Length(8, 100)])
    currency = HiddenField()
    """That of the prices which were shown."""

    def process(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        sent = self.meta.wrap_formdata(self, formdata)
        found = [(ITEM.fullmatch(name), name) for name in sent or ()]
        self.typed = {int(match[1]): sent[name].strip() for match, name in found if match}
        self.item_errors = {
            id: gettext("Say how many seats, as a whole number.")
            for id, text in self.typed.items()
            if not _is_number(text)
        }
        self.shown = {
            int(match[1]) if match[1] else None: int(sent[match[0]])
            for match in map(SHOWN.fullmatch, sent or ())
            if match and _is_number(sent[match[0]]) and sent[match[0]]
        }
        if self.typed:
            self.seats.data = sum(item.seats for item in self.items)
            self.seats.raw_data, self.seats.process_errors = [str(self.seats.data)], []

    @property
    def items(self) -> tuple[Item, ...]:
        """What is asked for of each ticket type, in the order of the form."""
        numbers = {id: int(text or 0) for id, text in self.typed.items() if _is_number(text)}
        return tuple(Item(id, seats) for id, seats in numbers.items() if seats)

    @property
    def limit(self) -> CostLimit | None:
        """What the order was shown to cost; None if that did not come back."""
        wanted = [(item.ticket_type_id, item.seats) for item in self.items]
        wanted = wanted or [(None, self.seats.data)]
        if any(type_id not in self.shown for type_id, _seats in wanted):
            return None
        total = sum(self.shown[type_id] * seats for type_id, seats in wanted)
        return CostLimit(total, self.currency.data or None)

    def validate(self, **extra: Any) -> bool:
        is_valid = super().validate(**extra) and not self.item_errors
        if self.typed and not self.seats.data:
            self.seats.errors = [gettext("Choose at least one seat.")]
        return is_valid


class GuestBookingForm(BookingForm):
    """For who is not signed in; the session's token is no part of it (see `FormGuard`)."""

    name = _name_field(_("Your name"))
    email = _email_field(_("Email"), _("Enter your email."))


def _is_number(text: str) -> bool:
    """Whether it is a number that a field for seats may hold; nothing is none of them."""
    return not text or (text.isascii() and text.isdigit() and len(text) <= MAX_LENGTH)


class AcceptForm(Form):
    """Accepts a seat that a friend gives; without an email, whoever does gets no letters."""

    name = _name_field(_("Your name"), description=_("As it should stand on the ticket."))
    email = EmailField(
        _("Email, if you like"),
        filters=[strip],
        validators=[
            Optional(),
            Email(_("Enter an email address, as in name@example.com.")),
            Length(max=254),
        ],
    )


class SignInForm(Form):
    email = EmailField(
        _("Email"), filters=[strip], validators=[DataRequired(_("Enter your email."))]
    )
    password = PasswordField(_("Password"), validators=[InputRequired(_("Enter your password."))])
    next = HiddenField()


class LetterForm(Form):
    """Asks for a letter with a link and a code."""

    email = _email_field(_("Email"), _("Enter your email."))
    purpose = HiddenField()
    next = HiddenField()

    @property
    def wanted(self) -> LinkPurpose:
        """What the letter is for: to sign in, unless it is for a password."""
        sets = self.purpose.data == LinkPurpose.PASSWORD
        return LinkPurpose.PASSWORD if sets else LinkPurpose.SIGN_IN


class CodeForm(Form):
    code = StringField(
        _("Code"), filters=[strip], validators=[DataRequired(_("Enter the code of the letter."))]
    )


class LinkForm(Form):
    """Opens a link: by a button, since programs that look for viruses open links, too."""


class NewPasswordForm(LinkForm):
    password = new_password_field(_("New password"))


class SignUpForm(Form):
    name = _name_field(_("Name"), description=_("As it should stand on your tickets."))
    email = _email_field(_("Email"), _("Enter your email."))
    password = new_password_field(_("Password"))
    next = HiddenField()


class NameForm(Form):
    name = _name_field(_("Name"), description=_("As it should stand on your tickets."))


class EmailForm(Form):
    email = _email_field(_("New email"), _("Enter your new email."))
    password = PasswordField(
        _("Your password"), validators=[InputRequired(_("Enter your password."))]
    )


class EndTokensField(BooleanField):  # type: ignore[misc]
    """Ticked by default, as a thief may have created a token."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_("Also end my API tokens"), default=True, **kwargs)


class PasswordForm(Form):
    current = PasswordField(
        _("Your password now"), validators=[InputRequired(_("Enter your password."))]
    )
    password = new_password_field(_("New password"))
    end_tokens = EndTokensField()


class SignOutsForm(Form):
    end_tokens = EndTokensField()


class LeaveForm(Form):
    shown_refund = HiddenField()
    """What the user was told that comes back, as in `INR 25000 JPY 33`."""
    password = PasswordField(
        _("Your password"), validators=[InputRequired(_("Enter your password."))]
    )

    @property
    def seen_refunds(self) -> dict[str, int]:
        """What the user was told that comes back, by currency."""
        told = re.findall(r"([A-Z]{3}) (\d{1,18})", self.shown_refund.data or "", re.ASCII)
        return {currency: int(minor) for currency, minor in told}


class ApiTokenForm(Form):
    name = StringField(
        _("Name of the new token"),
        filters=[strip],
        validators=[DataRequired(_("Name the token.")), Length(max=60)],
        description=_("What it is for, as in “box office laptop”."),
    )
    password = PasswordField(
        _("Your password"), validators=[InputRequired(_("Enter your password."))]
    )
