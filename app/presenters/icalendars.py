"""Events as iCalendar (RFC 5545), for people's calendar applications."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from icalendar import Calendar
from icalendar import Event as Entry

from app.models import Booking, BookingState, Event, EventStatus
from app.models.booking import GivenBack
from app.presenters.markdown import paragraphs
from app.presenters.payment_times import pay_until
from app.presenters.prices import how_to_pay_booking
from app.presenters.urls import event_url

ASK_AGAIN_AFTER = timedelta(hours=6)
_STATUSES = {BookingState.CONFIRMED: "CONFIRMED", BookingState.RESERVED: "TENTATIVE"}


def calendar_of(events: Iterable[Event]) -> bytes:
    """Return a calendar of all the events, for subscribing to."""
    calendar = _calendar()
    calendar.add("name", "Utsavam")
    calendar.add("x-wr-calname", "Utsavam")
    calendar.add("refresh-interval", ASK_AGAIN_AFTER, {"value": "DURATION"})
    for event in events:
        calendar.add_component(_entry(event))
    return _file_of(calendar)


def event_calendar(event: Event) -> bytes:
    """Return a calendar with this event alone."""
    calendar = _calendar()
    calendar.add_component(_entry(event))
    return _file_of(calendar)


def booking_calendar(booking: Booking, given_back: GivenBack, ticket: str) -> bytes:
    """Return the booked event for its guest, with the address of the ticket.

    It is cancelled when the booking or the event is, and tentative before it is paid. Its SEQUENCE
    grows with the event's, and each time that seats are given back.
    """
    event = booking.event
    changed_at = max(filter(None, (event.updated_at, booking.created_at, given_back.latest)))
    entry = Entry()
    entry.add("uid", f"booking-{booking.reference.lower()}@utsavam")
    _add_facts(entry, event, changed_at)
    entry.add("sequence", event.calendar_sequence + given_back.times)
    entry.add("url", ticket)
    seats = ngettext("%(num)d seat", "%(num)d seats", booking.seats)
    words = (
        " · ".join(filter(None, (seats, booking.ticket_type_name))),
        how_to_pay_booking(booking),
        _("To be paid by %(time)s.", time=pay_until(booking)) if booking.is_reserved else "",
        _("Booking reference: %(reference)s", reference=booking.spoken_reference),
        _("Your ticket: %(url)s", url=ticket),
        _("The event: %(url)s", url=event_url(event, _external=True)),
    )
    entry.add("description", "\n".join(filter(None, words)))
    entry.add("status", _STATUSES.get(booking.state, "CANCELLED"))
    calendar = _calendar()
    calendar.add_component(entry)
    return _file_of(calendar)


def _calendar() -> Calendar:
    """A calendar without METHOD: that would make it a message of RFC 5546, from an organiser."""
    calendar = Calendar()
    calendar.add("prodid", "-//Utsavam//Utsavam//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _entry(event: Event) -> Entry:
    entry = Entry()
    # After a database restore another event may get this id; the incarnation tells them apart.
    entry.add("uid", f"event-{event.id}-{event.incarnation:x}@utsavam")
    _add_facts(entry, event, event.updated_at)
    entry.add("sequence", event.calendar_sequence)
    url = event_url(event, _external=True)
    entry.add("url", url)
    entry.add("description", "\n\n".join(filter(None, (paragraphs(event.description), url))))
    entry.add("status", _status(_is_cancelled(event)))
    return entry


def _add_facts(entry: Entry, event: Event, changed_at: datetime) -> None:
    """Add what is the event's own. Without METHOD both stamps tell the last change (3.8.7.2)."""
    entry.add("dtstamp", changed_at)
    entry.add("last-modified", changed_at)
    entry.add("summary", event.name)
    entry.add("dtstart", event.start_at)
    entry.add("dtend", event.ends_at)
    where = ", ".join(filter(None, (event.venue, event.address, event.city)))
    if where:
        entry.add("location", where)


def _is_cancelled(event: Event) -> bool:
    return event.status == EventStatus.CANCELLED


def _status(cancelled: bool) -> str:
    return "CANCELLED" if cancelled else "CONFIRMED"


def _file_of(calendar: Calendar) -> bytes:
    content: bytes = calendar.to_ical()
    return content
