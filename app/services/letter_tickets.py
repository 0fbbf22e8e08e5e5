"""The tickets that one letter tells of: a booking's, and of those that were booked together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.models import Booking, BookingState
from app.models.booking import GivenBack
from app.presenters.ticket_addresses import ticket_url
from app.presenters.ticket_codes import CodePicture, code_pictures
from app.services.bookings import given_back, of_same_order

MAX_CODES = 20
"""Codes in one letter; the tickets have them all. Mail programs cut off what is long."""


@dataclass
class LetterTicket:
    booking: Booking
    given_back: GivenBack
    url: str
    codes: Sequence[CodePicture] = field(default=())

    @property
    def has_more_codes(self) -> bool:
        return self.booking.seats > len(self.codes)


def ticket_of(booking: Booking) -> LetterTicket:
    return LetterTicket(booking, given_back(booking.id), ticket_url(booking))


def good_tickets(
    booking: Booking, state: BookingState = BookingState.CONFIRMED
) -> list[LetterTicket]:
    """The tickets that let somebody in, or are of another `state` in which they take seats, of the
    order that the booking belongs to.

    What else the order made is told of even where this booking was given back meanwhile; a seat
    that a friend has given is told of alone.
    """
    order = of_same_order(booking)
    is_alone = booking.state == state and booking.id not in {one.id for one in order}
    found = [booking] if is_alone else order
    return [ticket_of(one) for one in found if one.state == state]


def add_codes(tickets: Sequence[LetterTicket]) -> None:
    """Give each ticket the codes of its first seats, as pictures; `MAX_CODES` among them."""
    left = MAX_CODES
    for ticket in tickets:
        ticket.codes = code_pictures(ticket.booking, left)
        left -= len(ticket.codes)
