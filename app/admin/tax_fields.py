"""The event form's fields for the tax in its prices, where the site has one."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from app.edge.current import settings
from app.lib.taxes import STATES, is_indian, percent
from app.models.event import MAX_TAX_BP


class RateField(StringField):  # type: ignore[misc]
    """A share in per cent, with at most two decimals, or nothing."""

    @property
    def bp(self) -> int | None:
        """In hundredths of a per cent. Raises `ValueError`."""
        text = (self.data or "").replace("%", "").strip()
        if not text:
            return None
        try:
            found = Decimal(text) * 100
        except InvalidOperation as error:
            raise ValueError from error
        if not (found.is_finite() and found == int(found) and 0 <= found <= MAX_TAX_BP):
            raise ValueError
        return int(found)

    def pre_validate(self, form: Any) -> None:
        try:
            _bp = self.bp
        except ValueError:
            raise ValidationError(_("A rate in per cent, as in 18 or 2.5.")) from None


class StateField(SelectField):  # type: ignore[misc]
    """A state of India, or the organiser's own."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        states = sorted(STATES.items(), key=lambda one: one[1])
        choices = [SelectChoice("", _("The organiser’s own"))]
        choices += [SelectChoice(code, name) for code, name in states]
        super().__init__(label, choices=choices, default="", **kwargs)

    def _value(self) -> str:
        return self.data or ""


def rate_as_typed(bp: int | None) -> str:
    return "" if bp is None else percent(bp)


def tax_facts(form: Any) -> dict[str, Any]:
    """What the form says of the event's tax; nothing where it does not ask."""
    site = settings()
    if not site.tax_name:
        return {}
    facts: dict[str, Any] = {"tax_bp": form.tax_rate.bp}
    if is_indian(site.tax_name, site.tax_number):
        facts["tax_place"] = form.tax_place.data or None
    return facts
