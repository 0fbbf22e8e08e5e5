"""Forms for named holds, and for booking on a guest's behalf, also from a hold."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange
from wtforms.widgets import HiddenInput

from app.admin.booking_forms import guest_email_field, guest_name_field
from app.booking.issues import Issue
from app.edge.forms import Form, WholeNumberField, strip
from app.models import Event, TicketType
from app.models.booking import MAX_ISSUED_FOR, MAX_SEATS
from app.models.event import MAX_CAPACITY
from app.presenters.prices import price_or_free
from app.services.holds import HeldSeats

ON_SALE, UNNAMED = "sale", "held"
_WHOLE = _("Say how many seats, as a whole number.")


class NamedHoldForm(Form):
    name = StringField(
        _("Who the seats are for"),
        filters=[strip],
        validators=[DataRequired(_("Name who the seats are for.")), Length(max=60)],
        description=_(
            "As in “Sponsor” or “Band”: guests never see it. Those of “Door” are sold at the door."
        ),
    )
    seats = WholeNumberField(
        _("Seats"),
        validators=[
            InputRequired(_WHOLE),
            NumberRange(1, MAX_CAPACITY, _("Choose at least one seat.")),
        ],
    )
    from_held = BooleanField(_("Of the seats that are held back without a name"))


class HoldChangeForm(Form):
    """A hold's name and seats, and the seats that the organiser saw (`seen`)."""

    name = NamedHoldForm.name
    seats = WholeNumberField(
        _("Seats"),
        validators=[
            InputRequired(_WHOLE),
            NumberRange(0, MAX_CAPACITY, _("Choose no less than 0 seats.")),
        ],
        description=_("More are taken from those on sale; fewer puts the others on sale."),
    )
    seen = WholeNumberField(widget=HiddenInput(), validators=[InputRequired()])


class ReleaseHoldForm(Form):
    seen = WholeNumberField(widget=HiddenInput(), validators=[InputRequired()])


class BookForForm(Form):
    email = guest_email_field()
    name = guest_name_field(_("For somebody who has no account yet."))
    seats = WholeNumberField(
        _("Seats"),
        validators=[
            InputRequired(_WHOLE),
            NumberRange(1, MAX_SEATS, _("Choose from 1 to %(max)d seats.", max=MAX_SEATS)),
        ],
    )
    source = SelectField(_("Of which seats"), default=ON_SALE)
    ticket_type_id = SelectField(_("Ticket type"))
    free = BooleanField(_("Free of charge"))
    past_limit = BooleanField(_("Also past the limit per person"))
    issued_for = StringField(
        _("Who the seats are for"),
        filters=[strip],
        validators=[Length(max=MAX_ISSUED_FOR)],
        description=_(
            "Needed for seats that are free of charge, held back or past the limit; without it, a"
            " hold's name. Guests never see it."
        ),
    )
    idempotency_key = HiddenField(validators=[InputRequired(), Length(8, 100)])

    def __init__(self, held: HeldSeats, types: Sequence[TicketType], **facts: Any) -> None:
        super().__init__(**facts)
        self.source.choices = list(_sources(held))
        if not types:
            del self.ticket_type_id
            return
        self.ticket_type_id.choices = [
            SelectChoice(str(kind.id), _type_label(kind, held.event)) for kind in types
        ]
        if not self.is_submitted():
            default = next((kind for kind in types if kind.is_default), types[0])
            self.ticket_type_id.data = str(default.id)

    @property
    def wanted(self) -> Issue:
        """What the form asks for; call it only on a valid form."""
        source = self.source.data
        return Issue(
            email=self.email.data,
            name=self.name.data or "",
            seats=self.seats.data,
            issued_for=self.issued_for.data or "",
            hold_id=int(source) if source.isdigit() else None,
            from_held=source == UNNAMED,
            free=self.free.data,
            past_limit=self.past_limit.data,
            ticket_type_id=int(self.ticket_type_id.data) if "ticket_type_id" in self else None,
            idempotency_key=self.idempotency_key.data,
        )


def _type_label(kind: TicketType, event: Event) -> str:
    cost, left = event.cost_of(kind.price_minor).price_minor, kind.left(event.seats_available)
    label = ngettext(
        "%(name)s, %(price)s: %(num)d seat",
        "%(name)s, %(price)s: %(num)d seats",
        left,
        name=kind.name,
        price=price_or_free(cost, event.currency),
    )
    return str(label)


def _sources(held: HeldSeats) -> Any:
    left = held.event.seats_available
    yield SelectChoice(ON_SALE, ngettext("On sale: %(num)d seat", "On sale: %(num)d seats", left))
    if left := held.unnamed:
        label = ngettext("Held back: %(num)d seat", "Held back: %(num)d seats", left)
        yield SelectChoice(UNNAMED, label)
    for hold in held.holds:
        label = ngettext(
            "%(name)s: %(num)d seat", "%(name)s: %(num)d seats", hold.seats_left, name=hold.name
        )
        yield SelectChoice(str(hold.id), label)
