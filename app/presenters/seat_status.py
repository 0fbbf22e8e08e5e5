"""How an event's seats are shown to people: text, shape and colour for each state."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from app.models import Event, SaleState
from app.models.booking import MAX_SEATS

LAST = 3
FEW = 10
FEW_SHARE = 0.05
FIXED = {
    SaleState.SOLD_OUT: ("gone", lazy_gettext("Sold out")),
    SaleState.NOT_OPEN: ("soon", lazy_gettext("On sale soon")),
    SaleState.PAUSED: ("soon", lazy_gettext("Sales paused")),
    SaleState.CLOSED: ("ended", lazy_gettext("Sales closed")),
    SaleState.ENDED: ("ended", lazy_gettext("Past event")),
    SaleState.CANCELLED: ("cancelled", lazy_gettext("Cancelled")),
    SaleState.DRAFT: ("ended", lazy_gettext("Draft")),
}
"""Tone and text of the states that hold whatever is left."""


@dataclass(frozen=True)
class SeatStatus:
    """`tone` is ok, few, last, gone, soon, ended or cancelled; style sheets and tests use it."""

    tone: str
    text: str


def seat_status(
    event: Event, at: datetime | None = None, *, left_text: str | None = None
) -> SeatStatus:
    """Return the status of the event's seats at a time, now by default.

    `left_text` is how the number of seats left is written, if not as usual.
    """
    state, left = event.sale_state(at), event.seats_available
    if state == SaleState.SOLD_OUT and event.seats_held:
        # Held-back seats may still come on sale, so this isn't plainly "sold out".
        return SeatStatus("gone", _("Sold out for now"))
    if state in FIXED:
        tone, text = FIXED[state]
        return SeatStatus(tone, str(text))
    if left <= LAST:
        return SeatStatus("last", ngettext("Last seat", "Last %(num)d seats", left))
    text = f"{left:,}" if left_text is None else left_text
    if _are_few(event, left):
        return SeatStatus("few", _("Only %(left)s left", left=text))
    return SeatStatus("ok", _("%(left)s seats", left=text))


def few_left(left: int, quota: int | None) -> str:
    """Say how few seats of a ticket type are left, as of an event; empty if there are many."""
    if left <= LAST:
        return ngettext("Last seat", "Last %(num)d seats", left) if left > 0 else ""
    if left <= FEW or (quota is not None and left <= quota * FEW_SHARE):
        return str(_("Only %(left)s left", left=f"{left:,}"))
    return ""


def is_exact(event: Event, left: int) -> bool:
    """Whether the words about the event's seats depend on the very number of those left."""
    return left <= max(LAST, event.max_per_person or 0)


def seat_words(event: Event, left: int) -> Hashable:
    """Return a key of the words about the event's seats: with an equal one, only numbers differ."""
    return left if is_exact(event, left) else (_are_few(event, left), left <= MAX_SEATS)


def _are_few(event: Event, left: int) -> bool:
    return left <= FEW or left <= event.capacity * FEW_SHARE
