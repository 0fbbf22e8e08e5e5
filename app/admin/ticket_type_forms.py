"""The form for a ticket type of an event."""

from types import SimpleNamespace
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.admin.event_form import in_utc, time_field, to_local
from app.admin.money_fields import PriceField
from app.admin.shown_facts import ShownFacts
from app.edge.forms import Form, WholeNumberField, strip
from app.lib.money import minor_to_text
from app.models import Event, TicketType
from app.models.booking import MAX_SEATS
from app.models.event import MAX_CAPACITY
from app.models.ticket_type import MAX_DESCRIPTION, MAX_NAME
from app.presenters.prices import amount_examples
from app.services.ticket_types import DEFAULT_NAME

_SEATS = _("Choose from 1 to %(max)d seats.", max=MAX_SEATS)


def _name_field(label: str, **more: Any) -> StringField:
    named = DataRequired(_("Name the ticket type."))
    return StringField(label, filters=[strip], validators=[named, Length(max=MAX_NAME)], **more)


class TicketTypeForm(ShownFacts):
    """The facts of a type, its moments by the clocks of the event."""

    TIMES = ("sales_open_at", "sales_close_at")
    NAMES = (
        *("name", "description", "price_minor", "hidden"),
        *("quota", "min_per_order", "max_per_order", *TIMES),
    )
    name = _name_field(_("Name"), description=_("As in VIP, Student or Early bird."))
    description = StringField(
        _("What it includes"),
        filters=[strip],
        validators=[Length(max=MAX_DESCRIPTION)],
        description=_("One line beneath its name, if it needs one."),
    )
    price = PriceField(
        _("Price of a seat"), validators=[InputRequired(_("Say what a seat costs; 0 is free."))]
    )
    quota = WholeNumberField(
        _("How many there are"),
        validators=[Optional(), NumberRange(1, MAX_CAPACITY, _("From 1 to 10,000,000 seats."))],
        description=_("Leave empty: as many as the event has seats."),
    )
    sales_open_at = time_field(
        _("Sales open"), description=_("Leave empty: when those of the event do.")
    )
    sales_close_at = time_field(
        _("Sales close"), description=_("Leave empty: when those of the event do.")
    )
    min_per_order = WholeNumberField(
        _("Seats per order at least"), validators=[Optional(), NumberRange(1, MAX_SEATS, _SEATS)]
    )
    max_per_order = WholeNumberField(
        _("Seats per order at most"),
        validators=[Optional(), NumberRange(1, MAX_SEATS, _SEATS)],
        description=_("Leave empty for no limit."),
    )
    hidden = BooleanField(_("Hidden: not offered on the page, only issued by staff"))

    def __init__(self, event: Event, **facts: Any) -> None:
        self.zone = event.zone
        self.currency = SimpleNamespace(data=event.currency)
        super().__init__(**facts)
        examples = {"currency": event.currency, "examples": amount_examples(event.currency)}
        self.price.description = _("In %(currency)s, as in %(examples)s; 0 is free.", **examples)

    @classmethod
    def of(cls, event: Event, kind: TicketType) -> "TicketTypeForm":
        """The form filled with the type's facts."""
        facts = cls.facts_of(kind)
        return cls(
            event,
            formdata=None,
            **facts | {name: to_local(facts[name], event.zone) for name in cls.TIMES},
            price=minor_to_text(kind.price_minor, event.currency),
            shown=cls.written(facts),
        )

    def facts(self) -> dict[str, Any]:
        """What was typed, as facts of a type; call it only on a valid form."""
        return {
            "name": self.name.data,
            "description": self.description.data or "",
            "price_minor": self.price.minor(self.currency.data),
            "quota": self.quota.data,
            "min_per_order": self.min_per_order.data or 1,
            "max_per_order": self.max_per_order.data,
            "hidden": self.hidden.data,
            **{name: in_utc(self[name].data, self.zone) for name in self.TIMES},
        }


class FirstTypeForm(TicketTypeForm):
    """Also names what the event sold until it has types."""

    present_name = _name_field(
        _("Name of the tickets that are sold now"),
        default=DEFAULT_NAME,
        description=_("They become the first ticket type, with all that was booked so far."),
    )


class MoveForm(Form):
    """The place on the page that the type shall have, so that sending it twice moves it once."""

    place = WholeNumberField(
        widget=HiddenInput(), validators=[InputRequired(), NumberRange(0, 1_000)]
    )
