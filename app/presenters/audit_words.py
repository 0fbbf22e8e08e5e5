"""What staff changed, in words: `price ₹599 → ₹549`, with times in the site's time zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask_babel import get_locale
from flask_babel import gettext as _

from app.lib.money import percent_to_text
from app.lib.refund_steps import steps_of
from app.models import AuditEntry, Event
from app.models.defaults import default_currency
from app.presenters.prices import price

NOTHING = "–"
LONG_TEXT = 80
_NONE: tuple[Any, ...] = (None, "", [])
_UNSAID = (*_NONE, False)
"""What a new thing was not given needs no words."""


class Change(NamedTuple):
    """A fact's name with what it was and what it became; None where there was or is none."""

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        values = [value for value in (self.before, self.after) if value is not None]
        return f"{self.name} {' → '.join(values)}"


def audit_words(entry: AuditEntry, zone: ZoneInfo, event: Event | None = None) -> list[Change]:
    """Return the entry's changes; `event` is the one it is about, whose currency prices are in."""
    before, after = entry.before or {}, entry.after or {}
    # A price is recorded with its currency; entries from before that are in the event's.
    usual = event.currency if event else default_currency()
    known = {"currency": usual, **after, **before}["currency"]
    words = _Words(zone, str(known), entry.at.astimezone(zone).year)
    names = [name for name in {**before, **after} if before or after[name] not in _UNSAID]
    if before.get("currency", "") == after.get("currency"):
        names.remove("currency")
    return [words.change(name, before, after) for name in names]


@dataclass(frozen=True)
class _Words:
    zone: ZoneInfo
    currency: str
    year: int
    """Of the entry: days of this year are told without it."""

    def change(self, name: str, before: dict[str, Any], after: dict[str, Any]) -> Change:
        was = self._value(name, before) if name in before else None
        becomes = self._value(name, after) if name in after else None
        left, right = _moment(before.get(name)), _moment(after.get(name))
        if left and right and self._day(left) == self._day(right):
            becomes = self._clock(right)
        return Change(_label(name), was, becomes)

    def _value(self, name: str, facts: dict[str, Any]) -> str:
        value = facts[name]
        if name == "refund_rule":
            return _rule(value)
        if value in _NONE:
            return NOTHING
        if name == "fee_basis_points":
            return f"{percent_to_text(value)}\N{NO-BREAK SPACE}%"
        if name in {"price_minor", "fee_minor", "amount_minor", "owed_minor", "kept_minor"}:
            return price(value, str(facts.get("currency", self.currency)))
        if at := _moment(value):
            return f"{self._day(at)} {self._clock(at)}"
        return _plain(name, value)

    def _day(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        pattern = "EEE d MMM" if local.year == self.year else "EEE d MMM y"
        return str(format_datetime(local, pattern, locale=_locale()))

    def _clock(self, at: datetime) -> str:
        return str(format_datetime(at.astimezone(self.zone), "HH:mm", locale=_locale()))


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, int):
        return f"{value:,}"
    text = str(_("a picture")) if name == "image_digest" else str(value)
    if isinstance(value, list):
        text = ", ".join(map(str, value))
    return text if len(text) <= LONG_TEXT else text[: LONG_TEXT - 1] + "…"


def _rule(kept: list[dict[str, Any]] | None) -> str:
    """A refund rule, short: `100 % to 168 h before, then 50 %`."""
    *early, last = steps_of(kept)
    words = {"percent": last.percent}
    steps = [
        _("%(percent)d %% to %(hours)d h before", percent=step.percent, hours=step.hours_before)
        for step in early
    ]
    steps.append(_("then %(percent)d %%", **words) if early else _("%(percent)d %%", **words))
    return ", ".join(map(str, steps))


def _moment(value: Any) -> datetime | None:
    """The moment that a fact tells as ISO 8601 text, or None for anything else."""
    if not isinstance(value, str) or len(value) < len("2031-01-01T00:00:00"):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _locale() -> str:
    return str(get_locale() or "en_IN")


def _label(name: str) -> str:
    labels = {
        "price_minor": _("price"),
        "fee_minor": _("fee"),
        "fee_basis_points": _("fee in per cent"),
        "fee_included": _("fee is included"),
        "amount_minor": _("amount"),
        "owed_minor": _("owed back"),
        "kept_minor": _("kept"),
        "refund_rule": _("money back on cancelling"),
        "payment_note": _("how it is paid"),
        "payment_minutes": _("minutes that seats wait for the payment"),
        "tax_bp": _("tax in hundredths of a per cent"),
        "tax_place": _("state of the tax"),
        "start_at": _("start"),
        "end_at": _("end"),
        "sales_open_at": _("sales open"),
        "sales_close_at": _("sales close"),
        "cancel_until": _("cancel until"),
        "max_per_person": _("seats per person"),
        "seats_held": _("seats held back"),
        "issued_for": _("issued for"),
        "from_held": _("of seats held back"),
        "free": _("free of charge"),
        "past_limit": _("past the limit"),
        "reminds_guests": _("reminder the day before"),
        "sales_paused": _("sales paused"),
        "image_digest": _("picture"),
        "time_zone": _("time zone"),
        "ticket_type": _("ticket type"),
        "min_per_order": _("seats per order at least"),
        "max_per_order": _("seats per order at most"),
        "confirmed_bookings": _("confirmed bookings"),
        "sees_emails": _("sees emails"),
        "event_ids": _("only events"),
        "expires_at": _("expires"),
    }
    return str(labels.get(name, name.replace("_", " ")))
