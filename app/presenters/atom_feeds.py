"""Atom feeds (RFC 4287) that a validator and a reader are content with."""

import re
from collections.abc import Iterable
from typing import Any

from feedgenerator import Atom1Feed
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.models import Event, SaleState
from app.presenters.event_times import moment, under_way, when, zone_name
from app.presenters.markdown import rendered
from app.presenters.prices import price_of
from app.presenters.seat_status import seat_status

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TOLD = {"gone", "soon", "ended", "cancelled"}
"""States that are told; how many seats are left is old before a reader shows it."""


class EventFeed(Atom1Feed):  # type: ignore[misc]
    """Links in a description are relative to the page of their event."""

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return {"xml:base": item["link"]}


def title_of(event: Event) -> str:
    """The title: text, not HTML; a cancelled event's says so first."""
    cancelled = event.sale_state() == SaleState.CANCELLED
    name = _("Cancelled: %(name)s", name=event.name) if cancelled else event.name
    return in_xml(name)


def summary_of(event: Event) -> str:
    """The summary as HTML, which is what the feed says that it is."""
    where = (f"{when(event)} {zone_name(event)}", event.place, price_of(event))
    facts = filter(None, (*_state(event), *where))
    paragraph = Markup("<p>{}</p>").format(Markup(" · ").join(map(escape, facts)))
    return in_xml(str(paragraph + rendered(event.description)))


def in_xml(text: str) -> str:
    """Leave out the characters that XML 1.0 can't hold."""
    return NOT_IN_XML.sub("", text)


def _state(event: Event) -> Iterable[str]:
    status = seat_status(event)
    if event.sale_state() == SaleState.NOT_OPEN and event.sales_open_at:
        at = moment(event.sales_open_at, event.zone, "EEE d MMM, HH:mm")
        at = f"{at} {zone_name(event, event.sales_open_at)}"
        yield _("On sale from %(moment)s", moment=at)
    elif status.tone in TOLD:
        yield status.text
    yield under_way(event)
