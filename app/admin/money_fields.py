"""The event form's fields for money: the price of a seat, its fee, and their currency."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from app.lib.money import (
    NotAnAmount,
    TooFine,
    current_currencies,
    minor_to_text,
    parse_money,
    parse_percent,
)
from app.models import Event
from app.models.event import MAX_FEE_BASIS_POINTS, MAX_PRICE_MINOR
from app.presenters.prices import amount_refused, price
from app.services.events import has_bookings

ADDED, INCLUDED = "added", "included"
MONEY = ("price", "fee", "currency")


class CurrencyField(SelectField):  # type: ignore[misc]
    """A currency that is used today, or the one that the event has."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, **kwargs)

    def fix(self, why: str) -> None:
        """Offer nothing but what the event has, and say why."""
        self.data = self.object_data
        self.choices = [(self.data, _named(self.data))]
        self.description = why

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        codes = dict.fromkeys([*current_currencies(), self.object_data])
        self.choices = [(code, _named(code)) for code in codes if code]

    def pre_validate(self, form: Any) -> None:
        if self.data not in dict(self.choices):
            raise ValidationError(_("Choose a currency from the list."))

    def _value(self) -> str:
        return self.data or ""


class PriceField(StringField):  # type: ignore[misc]
    """An amount in the currency that the form's `currency` says."""

    def minor(self, currency: str) -> int:
        """The amount in the currency's smallest unit. Raises `NotAnAmount`."""
        return parse_money(self.data or "", currency)

    def pre_validate(self, form: Any) -> None:
        currency = form.currency.data
        try:
            if self.minor(currency) > MAX_PRICE_MINOR:
                most = price(MAX_PRICE_MINOR, currency)
                raise ValidationError(_("A seat costs at most %(price)s.", price=most))
        except NotAnAmount as error:
            raise ValidationError(amount_refused(error, currency)) from None


class PercentField(StringField):  # type: ignore[misc]
    """A share in per cent, with two decimals at most."""

    def basis_points(self) -> int:
        """Raises `NotAnAmount`."""
        return parse_percent(self.data or "")

    def pre_validate(self, form: Any) -> None:
        try:
            if self.basis_points() > MAX_FEE_BASIS_POINTS:
                raise ValidationError(_("At most 100 per cent."))
        except TooFine:
            raise ValidationError(_("Two decimals at most, as in 2.25.")) from None
        except NotAnAmount:
            raise ValidationError(_("Enter per cent, as in 2.5.")) from None


class FeeKindField(SelectField):  # type: ignore[misc]
    """Whether a fee is added to the price or included in it."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        choices = [
            SelectChoice(ADDED, _("Added: buyers pay it on top")),
            SelectChoice(INCLUDED, _("Included: it is a part of the price")),
        ]
        super().__init__(label, choices=choices, default=ADDED, **kwargs)

    def _value(self) -> str:
        return self.data or ADDED


def both_priced(
    mine: Mapping[str, str], theirs: Mapping[str, str], shown: Mapping[str, str]
) -> list[str]:
    """Price, fee and currency as far as they differ, if both editors changed something of what both
    were shown: an amount means nothing in the other's currency, nor a fee with another price."""
    if not all(any(texts[name] != shown.get(name) for name in MONEY) for texts in (mine, theirs)):
        return []
    return [name for name in MONEY if mine[name] != theirs[name]]


def keep_price(form: Any, event: Event | None) -> None:
    """Leave an event with ticket types its price, the lowest of theirs: its form asks for none."""
    if event and event.has_types:
        form.price.data = minor_to_text(event.price_minor, event.currency)


def fix_if_booked(form: Any, event: Event) -> None:
    """Let nothing but the event's currency be chosen, once anything was booked in it, or its ticket
    types have prices in it."""
    if event.has_types:
        form.currency.fix(_("The prices of its ticket types are in it, so it can't change."))
    elif has_bookings(event.id):
        form.currency.fix(_("Seats were booked in it, so it can't change any more."))


def _named(code: str) -> str:
    name = current_currencies().get(code)
    return f"{code} – {name}" if name else code
