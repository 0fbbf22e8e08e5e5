"""How an event's seats are shown to people: text, shape and colour for each state."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from app.models import Event, SaleState

LAST = 3
FEW = 10
FEW_SHARE = 0.05


@dataclass(frozen=True)
class SeatStatus:
    """`tone` is ok, few, last, gone, soon, ended or cancelled; style sheets and tests use it."""

    tone: str
    text: str


def seat_status(event: Event, at: datetime | None = None) -> SeatStatus:
    """Return the status of the event's seats at a time, now by default."""
    state, left = event.sale_state(at), event.seats_available
    fixed = {
        # Held-back seats may still come on sale, so this isn't plainly "sold out".
        SaleState.SOLD_OUT: SeatStatus(
            "gone", _("Sold out for now") if event.seats_held else _("Sold out")
        ),
        SaleState.NOT_OPEN: SeatStatus("soon", _("On sale soon")),
        SaleState.PAUSED: SeatStatus("soon", _("Sales paused")),
        SaleState.CLOSED: SeatStatus("ended", _("Sales closed")),
        SaleState.ENDED: SeatStatus("ended", _("Past event")),
        SaleState.CANCELLED: SeatStatus("cancelled", _("Cancelled")),
        SaleState.DRAFT: SeatStatus("ended", _("Draft")),
    }
    if state in fixed:
        return fixed[state]
    if left <= LAST:
        return SeatStatus("last", ngettext("Last seat", "Last %(num)d seats", left))
    if left <= FEW or left <= event.capacity * FEW_SHARE:
        return SeatStatus("few", _("Only %(left)s left", left=f"{left:,}"))
    return SeatStatus("ok", _("%(left)s seats", left=f"{left:,}"))
