"""The organiser's form for an event, and merging of concurrent edits."""

import hashlib
import json
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import lazy_gettext as _
from wtforms import (
    DateTimeLocalField,
    Field,
    FileField,
    HiddenField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from app.admin.money_fields import (
    ADDED,
    INCLUDED,
    CurrencyField,
    FeeKindField,
    PercentField,
    PriceField,
    both_priced,
)
from app.admin.refund_fields import REFUND_FIELDS, RefundFields, refund_texts
from app.admin.tax_fields import RateField, StateField, rate_as_typed, tax_facts
from app.edge.forms import Form, WholeNumberField, sentence, strip
from app.errors import InvalidField
from app.lib.datetimes import FIRST_YEAR, LAST_YEAR, NoSuchHour, from_local
from app.lib.money import minor_to_text, percent_to_text
from app.lib.names import tidy_text
from app.models import Event
from app.models.booking import MAX_SEATS
from app.models.defaults import default_currency
from app.models.event import MAX_CAPACITY, MAX_PAYMENT_MINUTES, MAX_PAYMENT_NOTE
from app.services.event_rules import check_times

ZONES = frozenset(available_timezones())
TIME_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
TIMES = ("start_at", "end_at", "sales_open_at", "sales_close_at", "cancel_until")
MAX_PLAIN_LENGTH = 100
"""Texts shorter than this are kept in `shown` as they are, longer ones as a digest."""
FEES = ("fee", "fee_percent", "fee_included")
TYPED = (
    *("description", "capacity", "price", *FEES, "payment_minutes", "max_per_person"),
    *REFUND_FIELDS,
)
TAXES = ("tax_rate", "tax_place")
LINES = ("name", "venue", "address", "city", "category", "time_zone", "currency", "payment_note")


def check_moment(form: Any, field: DateTimeLocalField) -> None:
    """Refuse a moment that `form.zone` can't have."""
    zone = form.zone or ZoneInfo("UTC")
    try:
        in_utc(field.data, zone)
    except NoSuchHour as error:
        hours = {"hour": f"{error.local:%H:%M}", "instead": f"{error.instead:%H:%M}"}
        sentence = _(
            "There is no %(hour)s that night in %(zone)s: clocks go forward. %(instead)s exists.",
            zone=zone.key,
            **hours,
        )
        raise ValidationError(sentence) from None
    except ValueError:
        raise ValidationError(
            _("Enter a year from %(first)d to %(last)d.", first=FIRST_YEAR, last=LAST_YEAR)
        ) from None


def _line(label: str, max_length: int, **kwargs: Any) -> StringField:
    return StringField(label, filters=[strip], validators=[Length(max=max_length)], **kwargs)


def time_field(label: str, **kwargs: Any) -> DateTimeLocalField:
    return DateTimeLocalField(
        label,
        format=TIME_FORMATS,
        validators=[Optional(), check_moment],
        **kwargs,
    )


class EventForm(RefundFields, Form):
    name = StringField(
        _("Name"),
        filters=[strip],
        validators=[DataRequired(_("Name the event.")), Length(max=200)],
    )
    category = _line(_("Category"), 60, description=_("Music, Talk, Dance…"))
    description = TextAreaField(
        _("Description"),
        validators=[Length(max=20_000)],
        description=_("Markdown: **bold**, ## a heading, - a list, [a link](https://…)."),
    )
    venue = _line(_("Venue"), 200)
    address = _line(_("Address"), 300)
    city = _line(_("City"), 100)
    time_zone = _line(
        _("Time zone"), 64, default="Asia/Kolkata", description=_("All times below are in it.")
    )
    start_at = DateTimeLocalField(
        _("Starts"),
        format=TIME_FORMATS,
        validators=[InputRequired(_("Say when the event starts.")), check_moment],
    )
    end_at = time_field(_("Ends"), description=_("Until then it is shown as under way."))
    capacity = WholeNumberField(
        _("Capacity"),
        validators=[
            InputRequired(_("Say how many seats there are, as a whole number.")),
            NumberRange(1, MAX_CAPACITY, _("From 1 to 10,000,000 seats.")),
        ],
    )
    price = PriceField(
        _("Price of a seat"), default="0", description=_("As in 1250 or 12.50; 0 is free.")
    )
    currency = CurrencyField(_("Currency"), default=default_currency)
    fee = PriceField(
        _("Fee of a seat"),
        default="0",
        description=_("Of each seat that costs something; 0 is none. Buyers see it at the price."),
    )
    fee_percent = PercentField(
        _("Fee in per cent"),
        default="0",
        description=_("Of the ticket’s price, as in 2.5; with an amount, both together."),
    )
    fee_included = FeeKindField(
        _("The fee is"), description=_("It holds for bookings from now on.")
    )
    payment_note = _line(
        _("How it is paid"),
        MAX_PAYMENT_NOTE,
        description=_(
            "Nothing is charged here: say where guests pay, as in “At the door, in cash or by UPI”."
            " Left empty, a seat that costs something is paid at the door."
        ),
    )
    payment_minutes = WholeNumberField(
        _("Seats wait for the payment"),
        validators=[
            Optional(),
            NumberRange(1, MAX_PAYMENT_MINUTES, _("From 1 to 43,200 minutes, which is 30 days.")),
        ],
        description=_(
            "In minutes: until then, seats that cost something are reserved; not paid, they are on"
            " sale again. Leave empty to confirm them at once. It holds for bookings from now on."
        ),
    )
    tax_rate = RateField(
        _("Tax in the price, in per cent"),
        description=_("On receipts. Leave empty for the site’s rate; 0 is none."),
    )
    tax_place = StateField(
        _("State where it takes place"),
        description=_("Of GST, half is the state’s if it is the organiser’s own."),
    )
    max_per_person = WholeNumberField(
        _("Seats per person"),
        validators=[Optional(), NumberRange(1, MAX_SEATS)],
        description=_("At most; leave empty for no limit."),
    )
    sales_open_at = time_field(_("Sales open"), description=_("Leave empty to sell at once."))
    sales_close_at = time_field(
        _("Sales close"),
        description=_("Leave empty to sell until it starts; its end at most."),
    )
    cancel_until = time_field(
        _("Cancel until"),
        description=_("Leave empty: until it starts. At the latest, until it ends."),
    )
    image = FileField(
        _("A picture instead of the poster"),
        description=_(
            "JPEG, PNG or WebP, at most 5 MB and 12 megapixels (a phone’s JPEG 60, a WebP 6); "
            "shown 8 wide by 5 high, its middle."
        ),
    )
    picture = HiddenField()
    """The digest of a picture that was sent with a form that had errors."""
    draft = SubmitField(_("Save as a draft"))
    publish = SubmitField(_("Publish"))
    seen = HiddenField()
    shown = HiddenField()
    """The fields' values when the form was opened, as JSON: tells the changes of two editors
    apart."""

    def validate_time_zone(self, field: StringField) -> None:
        if self.zone is None:
            raise ValidationError(_("Enter a time zone, as in Asia/Kolkata."))

    def validate(self, **extra: Any) -> bool:
        """Also check the order of the times, once each of them is valid."""
        is_valid = bool(super().validate(**extra))
        is_valid = self.check_refund_rule() and is_valid
        if self.zone is None or any(self[name].errors for name in TIMES):
            return is_valid
        try:
            check_times(SimpleNamespace(**{n: in_utc(self[n].data, self.zone) for n in TIMES}))
        except InvalidField as error:
            self.refuse(error.field, sentence(error.message))
            return False
        return is_valid

    @classmethod
    def of(cls, event: Event) -> "EventForm":
        """The form filled with the event's facts, with times in the event's time zone."""
        facts: dict[str, Any] = {name: getattr(event, name) for name in LINES}
        facts |= {name: to_local(getattr(event, name), event.zone) for name in TIMES}
        form = cls(
            formdata=None,
            **facts,
            description=event.description,
            capacity=event.capacity,
            price=minor_to_text(event.price_minor, event.currency),
            fee=minor_to_text(event.fee.amount_minor, event.currency),
            fee_percent=percent_to_text(event.fee.basis_points),
            fee_included=INCLUDED if event.fee.included else ADDED,
            payment_minutes=event.payment_minutes,
            tax_rate=rate_as_typed(event.tax_bp),
            tax_place=event.tax_place or "",
            max_per_person=event.max_per_person,
            **refund_texts(event),
            seen=event.updated_at.isoformat(),
        )
        form.shown.data = json.dumps(
            {name: _fingerprint(text) for name, text in form.texts().items()}
        )
        return form

    def texts(self) -> dict[str, str]:
        """The fields' values as displayed."""
        return {name: _text(self[name]) for name in (*LINES, *TIMES, *TYPED, *TAXES)}

    def merge(self, theirs: "EventForm") -> list[str]:
        """Take over another editor's changes of the fields that this editor left unchanged.

        Returns the names of the fields that both have changed to different values.
        """
        try:
            shown = dict(json.loads(self.shown.data))
        except (TypeError, ValueError):
            shown = {}
        both = both_priced(self.texts(), theirs.texts(), shown)
        for name, text in theirs.texts().items():
            mine = _text(self[name])
            if name in both:
                continue
            if _fingerprint(mine) == shown.get(name) and mine != text:
                self[name].raw_data = [text]
                self[name].process_formdata([text])
            elif text != mine and _fingerprint(text) != shown.get(name):
                both.append(name)
        self.seen.data, self.shown.data = theirs.seen.data, theirs.shown.data
        return both

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone of all times in the form; None while the field is invalid."""
        return ZoneInfo(self.time_zone.data) if self.time_zone.data in ZONES else None

    def facts(self, shown: Event | None = None) -> dict[str, Any]:
        """The form's values as facts of an event; call it only on a valid form.

        `shown` is the event that the form was filled from: a time that was not edited keeps its
        exact value, as the form has neither seconds nor the fold of an hour that occurs twice.
        """
        facts: dict[str, Any] = {name: self[name].data or "" for name in LINES}
        facts |= {name: self._time(name, shown) for name in TIMES}
        return facts | {
            "description": tidy_text(self.description.data or ""),
            "capacity": self.capacity.data,
            "price_minor": self.price.minor(self.currency.data),
            "fee_minor": self.fee.minor(self.currency.data),
            "fee_basis_points": self.fee_percent.basis_points(),
            "fee_included": self.fee_included.data == INCLUDED,
            "payment_minutes": self.payment_minutes.data,
            "max_per_person": self.max_per_person.data,
            "refund_rule": self.refund_rule(),
            **tax_facts(self),
        }

    def _time(self, name: str, shown: Event | None) -> datetime | None:
        typed, zone = self[name].data, ZoneInfo(self.time_zone.data)
        if shown and shown.time_zone == zone.key:
            at: datetime | None = getattr(shown, name)
            if typed == to_the_minute(to_local(at, zone)):
                return at
        return in_utc(typed, zone)

    def seen_at(self) -> datetime | None:
        """The `updated_at` of the event that the form was filled from."""
        try:
            return datetime.fromisoformat(self.seen.data)
        except (TypeError, ValueError):
            return None


def _fingerprint(text: str) -> str:
    """The text, or a digest of a long one, so that a description is not sent twice."""
    return text if len(text) < MAX_PLAIN_LENGTH else hashlib.sha256(text.encode()).hexdigest()


def _text(field: Field) -> str:
    return str(field._value()).replace("\r\n", "\n").strip()


def to_local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A moment as a form's field has it, by the clocks of the zone."""
    return at.astimezone(zone).replace(tzinfo=None) if at else None


def to_the_minute(local: datetime | None) -> datetime | None:
    """What of a local time can be typed."""
    return local.replace(second=0, microsecond=0, fold=0) if local else None


def in_utc(local: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The moment that was typed by the clocks of the zone. Raises `ValueError`."""
    return from_local(local, zone) if local else None
