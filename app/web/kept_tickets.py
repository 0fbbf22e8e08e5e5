"""What tells a browser to keep a ticket's page, to show it without a network (ADR 94)."""

from datetime import timedelta

from flask import Response, make_response

from app.edge.session import browser_person
from app.models import Booking, BookingState
from app.models.columns import now

AFTERWARDS = timedelta(days=2)
"""How long a copy is shown after the event's end."""


def kept_in_browser(page: str, booking: Booking) -> Response:
    """Return the page, with the headers that `static/js/tickets-worker.js` reads: until when it may
    be kept, and whose it is. One without them takes the place of a copy: it lets nobody in."""
    response = make_response(page)
    until = booking.event.ends_at + AFTERWARDS
    if booking.takes_seats and booking.state == BookingState.CONFIRMED and now() < until:
        response.headers["X-Keep-Until"] = until.isoformat(timespec="seconds")
        response.headers["X-Keep-For"] = browser_person()
    return response
