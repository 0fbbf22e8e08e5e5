"""What a reservation waits for, as its ticket's page shows it, and the page's question for news."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flask import make_response, request

from app.edge.htmx import Answer, go_to
from app.models import Booking, BookingState
from app.web.joint_tickets import JointTicket
from app.web.ticket_links import TicketLinks

WAITS = (BookingState.RESERVED, BookingState.EXPIRED)
"""States in which a payment may still make a ticket of it."""


class PaymentDue(NamedTuple):
    seats: int
    """All that were ordered together."""
    is_late: bool
    """Whether its time is over: nobody has ended it yet, within a second."""


def payment_due(
    booking: Booking, together: Sequence[JointTicket], at: datetime
) -> PaymentDue | None:
    """What is to be paid for a booking that waits; None for any other."""
    if booking.state not in WAITS:
        return None
    until = booking.reserved_until
    is_late = not booking.is_reserved or until is None or until <= at
    return PaymentDue(sum(one.seats for one in together) or booking.seats, is_late)


def tell_payment(booking: Booking, here: TicketLinks) -> Answer:
    """Lead to the ticket once the booking is another than the page has `seen`; else say nothing.

    A page asks for it as it ticks, and leads there by itself.
    """
    if request.args.get("seen") == booking.state:
        return make_response("", 204)
    return go_to(here.to("show", new=1 if booking.state == BookingState.CONFIRMED else None))
