"""How a booking's state is shown: its words, and the tone of its mark."""

from flask_babel import gettext as _

from app.models import BookingState, GiftState


def state_label(state: str, *, organiser: bool = False) -> str:
    """Return the state's words, for the guest or for an organiser."""
    labels: dict[str, str] = {
        BookingState.RESERVED: _("Reserved"),
        BookingState.CONFIRMED: _("Going") if organiser else _("Booked"),
        BookingState.EXPIRED: _("Not paid in time"),
        BookingState.EVENT_CANCELLED: _("Event cancelled"),
        BookingState.CANCELLED: _("Cancelled"),
        BookingState.GIVEN_BACK: _("Given back"),
        BookingState.GIVEN_AWAY: _("Given away"),
    }
    return labels[state]


def gift_label(state: str) -> str:
    """Return the words for the state of a seat that was given to a friend."""
    labels: dict[str, str] = {
        GiftState.WAITING: _("waits for a name"),
        GiftState.ACCEPTED: _("accepted"),
        GiftState.TAKEN_BACK: _("taken back"),
        GiftState.GIVEN_BACK: _("given back"),
    }
    return labels[state]


def state_tone(state: str) -> str:
    """Return the `data-state` that colours a booking's mark."""
    if state == BookingState.RESERVED:
        return "waiting"
    return "ok" if state == BookingState.CONFIRMED else "cancelled"
