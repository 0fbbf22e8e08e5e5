"""Addresses of a ticket's pages: for its account, or for whoever has its secret."""

from typing import NamedTuple

from flask import url_for

from app.models import Booking
from app.presenters.ticket_addresses import ticket_secret


class TicketLinks(NamedTuple):
    """The templates of tickets get `of_account` or `by_secret` as `links`."""

    booking: Booking
    secret: str | None = None

    def to(self, page: str, **values: object) -> str:
        """Return the address of a page: "show", "calendar", "pdf", "cancel" and its like."""
        if self.secret is None:
            return url_for(f"my_bookings.{page}", booking_id=self.booking.id, **values)  # type: ignore[arg-type]
        return url_for(f"tickets.{page}", secret=self.secret, **values)  # type: ignore[arg-type]

    @property
    def all(self) -> str:
        """The list that the ticket is in."""
        return url_for("my_bookings.index" if self.secret is None else "tickets.index")


def of_account(booking: Booking) -> TicketLinks:
    return TicketLinks(booking)


def by_secret(booking: Booking) -> TicketLinks:
    return TicketLinks(booking, ticket_secret(booking))
