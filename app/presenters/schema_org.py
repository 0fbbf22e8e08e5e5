"""Schema.org data of an event on its page, for search engines and maps."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

from flask import url_for

from app.lib.money import to_amount
from app.models import Event, EventStatus, SaleState, TicketType, TypeState
from app.models.columns import now
from app.presenters.markdown import plain
from app.presenters.urls import event_url, preview_url

AVAILABILITY = {
    SaleState.OPEN: "InStock",
    SaleState.SOLD_OUT: "SoldOut",
    SaleState.NOT_OPEN: "PreOrder",
}
AVAILABILITY_OF_TYPE = {
    TypeState.OPEN: "InStock",
    TypeState.SOLD_OUT: "SoldOut",
    TypeState.NOT_OPEN: "PreOrder",
    TypeState.CLOSED: "OutOfStock",
}
"""Of the types that are offered, while their event is on sale."""


def event_facts(
    event: Event,
    organiser: str = "",
    contact_email: str = "",
    types: Sequence[TicketType] = (),
) -> dict[str, Any]:
    """Return the event as a Schema.org `Event` in JSON-LD, without what is not known.

    Of its ticket `types`, each that is offered is an offer of its own.
    """
    cancelled = event.status == EventStatus.CANCELLED
    facts = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.name,
        "url": event_url(event, _external=True),
        "image": preview_url(event),
        "description": plain(event.description),
        "startDate": event.start_at.astimezone(event.zone).isoformat(),
        **({"endDate": event.end_at.astimezone(event.zone).isoformat()} if event.end_at else {}),
        "eventStatus": "https://schema.org/Event" + ("Cancelled" if cancelled else "Scheduled"),
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": {
            "@type": "Place",
            "name": event.venue or event.city,
            "address": {
                "@type": "PostalAddress",
                "streetAddress": event.address,
                "addressLocality": event.city,
            },
        },
        "organizer": _organizer(organiser, contact_email),
        "offers": _offers(event, types) if event.has_types else _offer(event),
    }
    return _known(facts)


def _organizer(name: str, email: str) -> dict[str, Any] | None:
    """The site's organiser; an organisation needs a name."""
    if not name:
        return None
    url = url_for("site_pages.organiser", _external=True)
    return {"@type": "Organization", "name": name, "url": url, "email": email}


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty: texts, and things of which only the type is known."""
    nested = {
        name: _known(fact) if isinstance(fact, dict) else fact for name, fact in facts.items()
    }
    return {
        name: fact
        for name, fact in nested.items()
        if fact not in (None, "") and not (isinstance(fact, dict) and fact.keys() <= {"@type"})
    }


def map_url(event: Event) -> str:
    """Return the URL of an OpenStreetMap search for the venue."""
    place = ", ".join(filter(None, (event.venue, event.address, event.city)))
    return f"https://www.openstreetmap.org/search?query={quote_plus(place)}"


def _offers(event: Event, types: Sequence[TicketType]) -> list[dict[str, Any]]:
    at, found = now(), []
    on_sale = event.sale_state(at) in {SaleState.OPEN, SaleState.SOLD_OUT}
    for kind in types:
        state = kind.state(event.seats_available, at)
        if state not in AVAILABILITY_OF_TYPE:
            continue
        offer = _offer(event) | {
            "name": kind.name,
            "price": str(to_amount(event.cost_of(kind.price_minor).price_minor, event.currency)),
        }
        if on_sale:
            offer["availability"] = f"https://schema.org/{AVAILABILITY_OF_TYPE[state]}"
        if kind.sales_open_at:
            opens = max(kind.sales_open_at, event.sales_open_at or kind.sales_open_at)
            offer["validFrom"] = opens.isoformat()
        found.append(offer)
    return found


def _offer(event: Event) -> dict[str, Any]:
    available = AVAILABILITY.get(event.sale_state(), "OutOfStock")
    return {
        "@type": "Offer",
        "url": event_url(event, _external=True),
        "price": str(to_amount(event.total_minor, event.currency)),
        "priceCurrency": event.currency,
        "availability": f"https://schema.org/{available}",
        "validFrom": (event.sales_open_at or event.created_at).isoformat(),
    }
