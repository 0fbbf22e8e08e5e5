"""The forms that make vouchers, one with a code of the organiser's or many with random ones, and
that change one."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from wtforms import EmailField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional

from app.admin.event_form import in_utc, time_field, to_local
from app.admin.shown_facts import ShownFacts
from app.edge.forms import Form, WholeNumberField, strip
from app.lib.emails import one_spelling
from app.lib.money import NotAnAmount, minor_to_text, parse_money
from app.models import Event, PriceEffect, TicketType, Voucher
from app.models.event import MAX_PRICE_MINOR
from app.models.staff_scope import scope
from app.models.voucher import MAX_AT_ONCE, MAX_CODE, MAX_NOTE, MAX_USES
from app.presenters.prices import amount_examples, amount_refused, price, price_or_free
from app.services.holds import HeldSeats


class PricedForm(Form):
    """A form that says what vouchers do to the price, in the currency of the `event`."""

    event: Event

    def validate(self, **extra: Any) -> bool:
        is_valid = super().validate(**extra)
        if not self.price_effect.errors and (wrong := self._wrong_value()):
            self.refuse("value", wrong)
            is_valid = False
        return is_valid

    def describe_value(self) -> None:
        self.value.description = gettext(
            "In per cent, or in %(currency)s as in %(examples)s.",
            currency=self.event.currency,
            examples=amount_examples(self.event.currency),
        )

    def price_facts(self) -> dict[str, Any]:
        """What was typed of the price, as facts of a voucher; call it only on a valid form."""
        effect = self.price_effect.data or None
        return {"price_effect": effect, "price_value": self._value() if effect else None}

    def _value(self) -> int:
        text = self.value.data or ""
        if self.price_effect.data == PriceEffect.PERCENT_OFF:
            return int(text)
        return parse_money(text, self.event.currency)

    def _wrong_value(self) -> str:
        currency, effect = self.event.currency, self.price_effect.data
        text = self.value.data or ""
        if not effect:
            return str(gettext("Say what it does to the price.")) if text else ""
        if effect == PriceEffect.PERCENT_OFF:
            is_share = text.isascii() and text.isdigit() and 1 <= int(text) <= 100
            return "" if is_share else str(gettext("From 1 to 100 per cent, as a whole number."))
        try:
            if self._value() > MAX_PRICE_MINOR:
                most = price(MAX_PRICE_MINOR, currency)
                return str(gettext("A seat costs at most %(price)s.", price=most))
        except NotAnAmount as error:
            return str(amount_refused(error, currency))
        return ""


class VoucherForm(PricedForm):
    """The facts of new vouchers, their moment by the clocks of the event."""

    code = StringField(
        _("Code"),
        filters=[strip],
        validators=[Optional(), Length(max=MAX_CODE)],
        description=_("4 to 30 letters and digits, as in CHOIR-20. Leave empty for a random one."),
    )
    count = WholeNumberField(
        _("How many codes"),
        default=1,
        validators=[
            InputRequired(_("Say how many codes.")),
            NumberRange(1, MAX_AT_ONCE, _("From 1 to %(max)d at once.", max=MAX_AT_ONCE)),
        ],
    )
    max_uses = WholeNumberField(
        _("Orders with one code, at most"),
        default=1,
        validators=[
            InputRequired(_("Say how many orders may use it.")),
            NumberRange(1, MAX_USES, _("From 1 to 1,000,000 orders.")),
        ],
        description=_("Each for as many seats as an order may have."),
    )
    price_effect = SelectField(
        _("What it does to the price"),
        default="",
        choices=[
            SelectChoice("", _("Nothing")),
            SelectChoice(PriceEffect.PERCENT_OFF.value, _("Per cent off each seat")),
            SelectChoice(PriceEffect.AMOUNT_OFF.value, _("An amount off each seat")),
            SelectChoice(PriceEffect.FIXED_PRICE.value, _("A seat costs")),
        ],
    )
    value = StringField(_("How much"), filters=[strip], validators=[Length(max=30)])
    ticket_type_id = SelectField(_("Ticket type"), default="")
    hold_id = SelectField(_("Its seats"), default="")
    email = EmailField(
        _("Email of the one person whom it is for"),
        filters=[strip],
        validators=[
            Optional(),
            Email(_("Enter an email address, as in name@example.com.")),
            Length(max=254),
        ],
        description=_("Leave empty: it is good for anybody."),
    )
    valid_until = time_field(_("Good until"), description=_("Leave empty for no end."))
    note = StringField(
        _("What it is for"),
        filters=[strip],
        validators=[Length(max=MAX_NOTE)],
        description=_("Guests never see it."),
    )

    idempotency_key = HiddenField(validators=[Optional(), Length(8, 100)])

    def __init__(self, held: HeldSeats, types: Sequence[TicketType], **formdata: Any) -> None:
        self.event, self.zone = held.event, held.event.zone
        super().__init__(**formdata)
        self.describe_value()
        self.hold_id.choices = list(_sources(held))
        if types:
            self.ticket_type_id.choices = list(_types(types, self.event))
        else:
            del self.ticket_type_id

    def validate(self, **extra: Any) -> bool:
        is_valid = super().validate(**extra)
        if self.code.data and self.count.data != 1:
            self.refuse("count", gettext("Several codes are random ones: leave the code empty."))
            is_valid = False
        return is_valid

    def facts(self) -> dict[str, Any]:
        """What was typed, as facts of a voucher; call it only on a valid form."""
        kind = self.ticket_type_id.data if "ticket_type_id" in self else ""
        return {
            "max_uses": self.max_uses.data,
            **self.price_facts(),
            "ticket_type_id": int(kind) if kind else None,
            "hold_id": int(self.hold_id.data) if self.hold_id.data else None,
            "email": self.email.data or None,
            "valid_until": in_utc(self.valid_until.data, self.event.zone),
            "note": self.note.data or "",
        }


class VoucherChangeForm(PricedForm, ShownFacts):
    """What of a voucher may become another for orders to come. Whoever may not see emails leaves
    whom it is for as it is."""

    TIMES = ("valid_until",)
    NAMES = ("max_uses", "price_effect", "price_value", "email", "valid_until", "note")

    max_uses = VoucherForm.max_uses
    price_effect = VoucherForm.price_effect
    value = VoucherForm.value
    email = VoucherForm.email
    valid_until = VoucherForm.valid_until
    note = VoucherForm.note

    def __init__(self, event: Event, **formdata: Any) -> None:
        self.event, self.zone = event, event.zone
        super().__init__(**formdata)
        self.describe_value()
        if not scope().emails:
            del self.email

    @classmethod
    def of(cls, event: Event, voucher: Voucher) -> "VoucherChangeForm":
        """The form filled with the voucher's facts."""
        facts = cls.facts_of(voucher)
        return cls(
            event,
            formdata=None,
            **facts | {"valid_until": to_local(voucher.valid_until, event.zone)},
            value=typed_value(voucher, event.currency),
            shown=cls.written(facts),
        )

    @classmethod
    def facts_of(cls, thing: Any) -> dict[str, Any]:
        facts = super().facts_of(thing)
        return facts if scope().emails else {n: v for n, v in facts.items() if n != "email"}

    def facts(self) -> dict[str, Any]:
        facts = {
            "max_uses": self.max_uses.data,
            **self.price_facts(),
            "valid_until": in_utc(self.valid_until.data, self.zone),
            "note": self.note.data or "",
        }
        if "email" in self:
            facts["email"] = one_spelling(self.email.data) if self.email.data else None
        return facts

    def changes(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """An amount means nothing without what it does: one of the two is both."""
        seen, facts = super().changes()
        price = self.price_facts()
        if facts.keys() & price.keys():
            facts |= price
            seen |= {name: was for name, was in self._shown().items() if name in price}
        return seen, facts


def typed_value(voucher: Voucher, currency: str) -> str:
    """The value of its effect, as one types it."""
    if voucher.price_value is None:
        return ""
    if voucher.price_effect == PriceEffect.PERCENT_OFF:
        return str(voucher.price_value)
    return minor_to_text(voucher.price_value, currency)


def _types(types: Sequence[TicketType], event: Event) -> Any:
    yield SelectChoice("", _("Any that is offered"))
    for kind in types:
        cost = price_or_free(kind.price_minor, event.currency)
        hidden = gettext(" (hidden)") if kind.hidden else ""
        yield SelectChoice(str(kind.id), f"{kind.name}, {cost}{hidden}")


def _sources(held: HeldSeats) -> Any:
    yield SelectChoice("", _("Of those on sale"))
    for hold in held.holds:
        label = ngettext(
            "Of the hold %(name)s: %(num)d seat",
            "Of the hold %(name)s: %(num)d seats",
            hold.seats_left,
            name=hold.name,
        )
        yield SelectChoice(str(hold.id), label)
