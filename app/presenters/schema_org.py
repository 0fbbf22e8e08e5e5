"""Schema.org data of an event on its page, for search engines and maps."""

from typing import Any
from urllib.parse import quote_plus

from flask import url_for

from app.lib.money import to_amount
from app.models import Event, EventStatus, SaleState
from app.presenters.markdown import plain
from app.presenters.urls import event_url, preview_url

AVAILABILITY = {
    SaleState.OPEN: "InStock",
    SaleState.SOLD_OUT: "SoldOut",
    SaleState.NOT_OPEN: "PreOrder",
}


def event_facts(event: Event, organiser: str = "", contact_email: str = "") -> dict[str, Any]:
    """Return the event as a Schema.org `Event` in JSON-LD, without what is not known."""
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
        "offers": _offer(event),
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


def _offer(event: Event) -> dict[str, Any]:
    available = AVAILABILITY.get(event.sale_state(), "OutOfStock")
    return {
        "@type": "Offer",
        "url": event_url(event, _external=True),
        "price": str(to_amount(event.price_minor, event.currency)),
        "priceCurrency": event.currency,
        "availability": f"https://schema.org/{available}",
        "validFrom": (event.sales_open_at or event.created_at).isoformat(),
    }
