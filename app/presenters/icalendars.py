"""Events as iCalendar (RFC 5545), for people's calendar applications."""

from collections.abc import Iterable
from datetime import timedelta

from flask_babel import gettext as _
from icalendar import Calendar
from icalendar import Event as Entry

from app.models import Booking, BookingState, Event, EventStatus
from app.presenters.markdown import plain
from app.presenters.urls import event_url

ASK_AGAIN_AFTER = timedelta(hours=6)


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


def booking_calendar(booking: Booking) -> bytes:
    """Return the booked event for its guest, with the reference; cancelled when the booking is."""
    event = booking.event
    entry = _entry(event, f"booking-{booking.reference.lower()}@utsavam")
    seats = _("Seats: %(seats)d", seats=booking.seats)
    reference = _("Booking reference: %(reference)s", reference=booking.spoken_reference)
    entry["description"] = ""
    del entry["description"]
    entry.add("description", f"{reference}\n{seats}\n{event_url(event, _external=True)}")
    if booking.state != BookingState.CONFIRMED:
        entry["status"] = "CANCELLED"
    calendar = _calendar()
    calendar.add_component(entry)
    return _file_of(calendar)


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Utsavam//Utsavam//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    return calendar


def _entry(event: Event, uid: str | None = None) -> Entry:
    entry = Entry()
    # After a database restore another event may get this id; the incarnation tells them apart.
    entry.add("uid", uid or f"event-{event.id}-{event.incarnation:x}@utsavam")
    entry.add("dtstamp", event.updated_at)
    entry.add("last-modified", event.updated_at)
    entry.add("summary", event.name)
    entry.add("dtstart", event.start_at)
    if event.end_at:
        entry.add("dtend", event.end_at)
    where = ", ".join(filter(None, (event.venue, event.address, event.city)))
    if where:
        entry.add("location", where)
    url = event_url(event, _external=True)
    entry.add("url", url)
    entry.add("description", "\n\n".join(filter(None, (plain(event.description), url))))
    cancelled = event.status == EventStatus.CANCELLED
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return entry


def _file_of(calendar: Calendar) -> bytes:
    content: bytes = calendar.to_ical()
    return content
