"""What a ticket says on paper: the facts of its page, for `templates/papers/ticket.typ`."""

import time
from collections.abc import Iterator
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from app.config import Settings
from app.models import Booking
from app.presenters.event_times import when, zone_name
from app.presenters.paper_words import labelled, words
from app.presenters.prices import how_to_pay_booking, price_of_booking
from app.presenters.ticket_codes import all_codes

SVG = '<svg xmlns="http://www.w3.org/2000/svg" '
"""How a drawing begins that stands by itself, and not within a page."""
AT_ONCE = 4
"""Codes drawn before others have their turn: one or two milliseconds."""
REST = 0.001
"""Seconds of each turn. By a sleep of none gevent asks for what came in after fifty of them only:
others then waited for 48 ms, and now for less than 6."""


def ticket_facts(booking: Booking, settings: Settings) -> dict[str, Any]:
    """Return all that the paper says but its codes; a value is what people typed or we say."""
    event, locale = booking.event, get_locale()
    organiser = [settings.organiser_name, settings.contact_email]
    return {
        "lang": locale.language if locale else "en",
        "region": (locale.territory if locale else None) or "IN",
        "title": _("Ticket: %(name)s", name=event.name),
        "author": settings.organiser_name or "Utsavam",
        "name": words(event.name),
        "reference": booking.spoken_reference,
        "facts": list(_lines(booking)),
        "foot": words(" · ".join(filter(None, organiser))),
    }


def ticket_code_facts(booking: Booking) -> list[dict[str, str]]:
    """Draw the code of each seat; others are served meanwhile (0.4 ms a code)."""
    drawn = []
    for code in all_codes(booking):
        numbers = {"number": code.number, "all": booking.seats}
        drawn.append(
            {
                "seat": _("Seat %(number)d of %(all)d", **numbers),
                "text": code.text,
                "alt": _("Code of seat %(number)d of %(all)d", **numbers),
                "drawing": str(code.drawing).replace("<svg ", SVG, 1),
            }
        )
        if code.number % AT_ONCE == 0 and code.number < booking.seats:
            time.sleep(REST)
    return drawn


def ticket_file_name(booking: Booking, ending: str) -> str:
    """Return a name for a file, by the event and its day: `kuchipudi-by-night-2031-05-04.pdf`."""
    event = booking.event
    return f"{event.slug}-{event.start_at.astimezone(event.zone).date().isoformat()}.{ending}"


def _lines(booking: Booking) -> Iterator[dict[str, Any]]:
    event = booking.event
    yield labelled(_("When"), f"{when(event)} {zone_name(event)}")
    if event.place:
        yield labelled(_("Where"), event.place, event.address)
    yield labelled(_("Seats"), str(booking.seats))
    if booking.ticket_type_name:
        yield labelled(_("Ticket type"), booking.ticket_type_name)
    if booking.holder_name:
        yield labelled(_("Name"), booking.holder_name)
    yield labelled(_("Price"), price_of_booking(booking), how_to_pay_booking(booking))
    yield labelled(_("Reference"), booking.spoken_reference)
