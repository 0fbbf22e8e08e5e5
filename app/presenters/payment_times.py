"""How long seats wait for their payment, and until when, in words."""

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from app.models import Booking, Event
from app.presenters.event_times import moment, zone_name

HOUR, DAY = 60, 24 * 60
"""In minutes."""


def time_to_pay(event: Event) -> str:
    """How long an order of the event waits: `15 minutes`, `1 hour 30 minutes`, `3 days`."""
    days, rest = divmod(event.payment_minutes or 0, DAY)
    hours, minutes = divmod(rest, HOUR)
    words = (
        ngettext("%(num)d day", "%(num)d days", days) if days else "",
        ngettext("%(num)d hour", "%(num)d hours", hours) if hours else "",
        ngettext("%(num)d minute", "%(num)d minutes", minutes) if minutes else "",
    )
    return " ".join(filter(None, words))


def pay_until(booking: Booking) -> str:
    """Until when a reservation waits, by the event's clock, as `Sat 28 Nov 2026, 14:35 IST`.

    Empty for a booking that waits for nothing.
    """
    until = booking.reserved_until
    return moment_of(booking.event, until) if until else ""


def moment_of(event: Event, at: datetime) -> str:
    """Format a moment by the event's clock, with its zone."""
    return f"{moment(at, event.zone)} {zone_name(event, at)}"


def what_waits(event: Event) -> str:
    """What is said before the click of seats that are to be paid first; else nothing."""
    if event.payment_minutes is None or not (event.price_minor or event.highest_price_minor):
        return ""
    time = time_to_pay(event)
    return str(
        _("Your seats are reserved until they are paid: you have %(time)s to pay.", time=time)
    )
