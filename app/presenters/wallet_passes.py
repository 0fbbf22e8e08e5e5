"""Tickets as passes: what Apple's `pass.json` and Google's event ticket class and object say.

A pass shows the event as it was when the pass was made: nobody tells the phone of a change.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import resvg_py
from flask_babel import get_locale
from flask_babel import gettext as _

from app.config import Settings
from app.lib import kolam
from app.models import Booking, Event
from app.presenters.event_times import when, zone_name
from app.presenters.prices import how_to_pay_booking, price_of_booking
from app.presenters.ticket_codes import scanned_text
from app.presenters.urls import event_url

ICON, LOGO = 29, 50
"""Points across of an icon on the lock screen, and of the logo on a pass."""


def apple_pass(booking: Booking, number: int, settings: Settings) -> dict[str, Any]:
    """Return `pass.json` of a seat, by Apple's "Pass" and "PassFields.EventTicket"."""
    event, ink = booking.event, kolam.ink_of(booking.event_id)
    organiser = settings.organiser_name or "Utsavam"
    code = f"{booking.spoken_reference}-{number}"
    begins, ends = _local(event, event.start_at), _local(event, event.ends_at)
    return {
        "formatVersion": 1,
        "passTypeIdentifier": settings.apple_pass_type_id,
        "teamIdentifier": settings.apple_team_id,
        "serialNumber": f"{booking.reference}-{number}",
        "groupingIdentifier": _event_name(event),
        "organizationName": organiser,
        "description": _("Ticket: %(name)s", name=event.name),
        "logoText": organiser,
        "backgroundColor": _rgb(ink.ground),
        "foregroundColor": _rgb(ink.line),
        "labelColor": _rgb(ink.line),
        # The first for phones before iOS 18.
        "relevantDate": begins,
        "relevantDates": [{"startDate": begins, "endDate": ends}],
        "expirationDate": ends,
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": scanned_text(booking, number),
                "messageEncoding": "iso-8859-1",
                "altText": code,
            }
        ],
        "eventTicket": {
            "headerFields": [_field("seat", _("Seat"), _seat(booking, number))],
            "primaryFields": [_field("event", _("Event"), event.name)],
            "secondaryFields": [_field("when", _("When"), f"{when(event)} {zone_name(event)}")],
            "auxiliaryFields": _given(
                ("where", _("Where"), event.place),
                ("type", _("Ticket type"), booking.ticket_type_name),
                ("name", _("Name"), booking.holder_name),
            ),
            "backFields": list(_back(booking, settings)),
        },
    }


@cache
def apple_pictures() -> dict[str, bytes]:
    """Return the pictures of a pass: our mark, as an icon and as the logo, for three densities."""
    return {
        f"{name}{suffix}.png": bytes(
            resvg_py.svg_to_bytes(svg_string=kolam.mark(size * times), width=size * times)
        )
        for name, size in (("icon", ICON), ("logo", LOGO))
        for suffix, times in (("", 1), ("@2x", 2), ("@3x", 3))
    }


def google_pass(
    booking: Booking, number: int, settings: Settings, longest: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the class and the object of a seat; texts are cut off after `longest` bytes."""
    event, issuer = booking.event, settings.google_wallet_issuer_id

    def said(text: str) -> dict[str, Any]:
        return {"defaultValue": {"language": _language(), "value": shortened(text, longest)}}

    # Google keeps what it knows by an id, so that a changed event needs another.
    version = f"{event.calendar_sequence}"
    ticket_class = {
        "id": f"{issuer}.{_event_name(event)}-{version}",
        "issuerName": shortened(settings.organiser_name or "Utsavam", longest),
        "reviewStatus": "UNDER_REVIEW",
        "eventName": said(event.name),
        "dateTime": {
            "start": _local(event, event.start_at),
            "end": _local(event, event.ends_at),
        },
        "hexBackgroundColor": kolam.ink_of(event.id).ground.lower(),
    }
    if event.place:
        address = event.address or event.city or event.place
        ticket_class["venue"] = {"name": said(event.place), "address": said(address)}
    ticket_object = {
        "id": f"{issuer}.{booking.reference}-{number}-{version}",
        "classId": ticket_class["id"],
        "state": "ACTIVE",
        "ticketNumber": f"{booking.spoken_reference}-{number}",
        "seatInfo": {"seat": said(_seat(booking, number))},
        "barcode": {"type": "QR_CODE", "value": scanned_text(booking, number)},
    }
    if booking.ticket_type_name:
        ticket_object["ticketType"] = said(booking.ticket_type_name)
    if booking.holder_name:
        ticket_object["ticketHolderName"] = shortened(booking.holder_name, longest)
    return {"eventTicketClasses": [ticket_class], "eventTicketObjects": [ticket_object]}


def shortened(text: str, longest: int) -> str:
    """Cut a text off after so many bytes of UTF-8, whole letters."""
    spelt = text.encode()
    if len(spelt) <= longest:
        return text
    return spelt[: longest - 3].decode(errors="ignore").rstrip() + "…"


def _back(booking: Booking, settings: Settings) -> Iterator[dict[str, str]]:
    """What is on a pass's other side."""
    event = booking.event
    cost = price_of_booking(booking)
    yield from _given(
        ("reference", _("Reference"), booking.spoken_reference),
        ("address", _("Address"), event.address),
        ("price", _("Price"), "\n".join(filter(None, (cost, how_to_pay_booking(booking))))),
        ("page", _("The event"), event_url(event, _external=True)),
        ("organiser", _("Organiser"), settings.organiser_name),
        ("contact", _("Email"), settings.contact_email),
    )


def _given(*fields: tuple[str, str, str | None]) -> list[dict[str, str]]:
    return [_field(key, label, value) for key, label, value in fields if value]


def _field(key: str, label: str, value: str) -> dict[str, str]:
    return {"key": key, "label": label, "value": value}


def _seat(booking: Booking, number: int) -> str:
    return str(_("%(number)d of %(all)d", number=number, all=booking.seats))


def _event_name(event: Event) -> str:
    """Names the event also after a restore, when another may have its id."""
    return f"event-{event.id}-{event.incarnation:x}"


def _local(event: Event, at: datetime) -> str:
    """The moment by the event's own clock, as in 2031-05-04T19:00:00+05:30."""
    return at.astimezone(event.zone).isoformat(timespec="seconds")


def _language() -> str:
    return str(get_locale() or "en_IN").replace("_", "-")


def _rgb(colour: str) -> str:
    """`#a61c28` as Apple writes it: `rgb(166, 28, 40)`."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"rgb({red}, {green}, {blue})"
