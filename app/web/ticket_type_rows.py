"""The rows of a booking form that offers several ticket types: one for each type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _
from flask_babel import ngettext

from app.lib.fees import SeatCost
from app.models import Event, TicketType, TypeState
from app.models.booking import MAX_SEATS
from app.models.columns import now
from app.presenters.seat_status import few_left
from app.services.ticket_types import Offered, offered_of
from app.web.codes import NO_CODE, TypedCode
from app.web.forms import BookingForm


@dataclass(frozen=True)
class TypeRow:
    """A ticket type as the form offers it, and what was typed for it."""

    type: TicketType
    state: TypeState
    left: int
    most: int
    """So many of it one order may ask for now."""
    value: str
    error: str = ""
    cost: SeatCost = field(default_factory=lambda: SeatCost(0))
    """What a seat costs, with the code that was typed."""
    usual_minor: int = 0
    """What it costs without the code."""

    @property
    def id(self) -> str:
        """Names the row's field, and begins the ids of what belongs to it."""
        return f"items-{self.type.id}"

    @property
    def least(self) -> int:
        return self.type.min_per_order

    @property
    def can_be_booked(self) -> bool:
        return self.state == TypeState.OPEN and self.most >= self.least

    @property
    def letter(self) -> str:
        """Stands for its state in the version of a page's figures."""
        return self.state.value[0] if self.can_be_booked else self.state.value[0].upper()

    @property
    def few(self) -> str:
        """How many are left, when that is worth saying."""
        return few_left(self.left, self.type.quota)

    @property
    def bounds(self) -> str:
        """How many an order may have, where the organiser has set that."""
        least, most = self.least, self.type.max_per_order
        if least == most:
            return str(ngettext("%(num)d at a time.", "%(num)d at a time.", least))
        if least > 1 and most:
            return str(_("%(least)d to %(most)d at a time.", least=least, most=most))
        if least > 1:
            return str(_("At least %(least)d at a time.", least=least))
        return str(_("Up to %(most)d at a time.", most=most)) if most else ""

    @property
    def words(self) -> str:
        """What is to be known of it besides its price: how many are left, and may be booked."""
        return " · ".join(filter(None, (self.few, self.bounds)))


def type_rows(
    event: Event,
    types: Sequence[TicketType],
    form: BookingForm,
    most: int,
    left_now: Mapping[int, int],
    *,
    code: TypedCode = NO_CODE,
) -> list[TypeRow]:
    """Return the rows of the types that the event's page offers.

    `most` is what the visitor may book of all types together, and `left_now` what is known better
    than from the types as they were read, by type. A `code` that is for one type opens that alone.
    """
    if code.voucher and code.voucher.ticket_type_id is not None:
        offered: Sequence[Offered] = [_opened(t, event, code) for t in types if code.opens(t)]
    else:
        offered = offered_of(types, event.seats_available)
        if code.sells_early:
            offered = [_opened(one.type, event, code) for one in offered]
    alone = len(offered) == 1
    rows = [_row(one, form, most, left_now.get(one.type.id, one.left), alone) for one in offered]
    return [
        replace(
            row,
            cost=code.cost_of(event, row.type.price_minor),
            usual_minor=event.cost_of(row.type.price_minor).price_minor,
        )
        for row in rows
    ]


def _opened(kind: TicketType, event: Event, code: TypedCode) -> Offered:
    """The type as it stands for who has the code."""
    left = event.seats_available if code.hold_left is None else code.hold_left
    state = kind.state(left, now(), opened=code.opens(kind))
    if state == TypeState.NOT_OPEN and code.sells_early:
        state = TypeState.OPEN
    return Offered(kind, state, kind.left(left))


def _row(offered: Offered, form: BookingForm, most: int, left: int, alone: bool) -> TypeRow:
    kind, state = offered.type, offered.state
    if state == TypeState.OPEN and left <= 0:
        state = TypeState.SOLD_OUT
    most = min(kind.max_per_order or MAX_SEATS, MAX_SEATS, left, most)
    untouched = str(max(kind.min_per_order, form.seats.data or 1)) if alone else "0"
    value = form.typed.get(kind.id, "0") if form.typed else untouched
    error = form.item_errors.get(kind.id) or _out_of_bounds(kind, form)
    return TypeRow(kind, state, left, most, value, error)


def _out_of_bounds(kind: TicketType, form: BookingForm) -> str:
    """What is wrong with the number that was typed; empty if an order may ask for it."""
    seats = next((item.seats for item in form.items if item.ticket_type_id == kind.id), 0)
    if 0 < seats < kind.min_per_order:
        return str(_("Choose at least %(least)d, or none.", least=kind.min_per_order))
    if kind.max_per_order is not None and seats > kind.max_per_order:
        return str(_("Choose %(most)d at most.", most=kind.max_per_order))
    return ""
