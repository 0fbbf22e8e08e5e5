"""The tickets that were booked together with one: an order has one for each ticket type."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from app.edge.guest_tickets import kept_tickets
from app.edge.session import current_user
from app.models import Booking
from app.services import bookings
from app.web.ticket_links import TicketLinks, of_account


class JointTicket(NamedTuple):
    name: str
    seats: int
    total_minor: int
    is_this: bool
    url: str | None
    """Where its ticket is; None for this one, and where the visitor may not open it."""


def joint_tickets(booking: Booking, links: Callable[[Any], TicketLinks]) -> Sequence[JointTicket]:
    """Return what was booked together with the booking, itself included; nothing if it is alone."""
    return [_joint(one, booking, links(one)) for one in bookings.booked_together(booking)]


def _joint(one: Booking, booking: Booking, here: TicketLinks) -> JointTicket:
    is_this = one.id == booking.id
    url = None if is_this else _url(one, here)
    return JointTicket(one.ticket_type_name, one.seats, one.total_minor, is_this, url)


def _url(one: Booking, here: TicketLinks) -> str | None:
    """A ticket's secret opens that ticket alone: it may have been sent to a friend, who is not to
    get at the others by it. Whoever booked has them in this browser, or in their account."""
    if here.secret is None or here.secret in kept_tickets():
        return here.to("show")
    user = current_user()
    return of_account(one).to("show") if user and user.id == one.user_id else None
