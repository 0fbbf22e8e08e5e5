"""The organiser's figures: every event appears, and each figure is what its name says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.models.columns import now
from app.services import bookings, events
from app.services.analytics import DayFigures, analyse

UTC_ZONE = ZoneInfo("UTC")


def figures_of(event, found):
    return next(figures for figures in found.events if figures.event_id == event.id)


def test_without_events_there_are_no_figures():
    assert analyse(UTC_ZONE).events == []


def test_every_event_appears_with_or_without_bookings(desk, make_event, make_booking):
    sold, cancelled, untouched = make_event(), make_event(), make_event(status="draft")
    make_booking(sold, seats=2)
    bookings.cancel(desk, make_booking(cancelled).id)
    found = analyse(UTC_ZONE)
    assert {figures.event_id for figures in found.events} == {sold.id, cancelled.id, untouched.id}
    assert figures_of(cancelled, found).cancellations == 1
    assert figures_of(untouched, found).confirmed_bookings == 0


def test_a_deleted_event_appears_when_it_has_bookings(desk, make_event, make_booking):
    with_booking, without = make_event(), make_event()
    make_booking(with_booking)
    events.delete_event(with_booking.id, desk, force=True)
    events.delete_event(without.id, desk)
    assert [figures.event_id for figures in analyse(UTC_ZONE).events] == [with_booking.id]
    assert figures_of(with_booking, analyse(UTC_ZONE)).cancellations == 1


def test_the_figures_of_an_event_are_counted_from_its_bookings(desk, make_event, make_booking):
    event = make_event(capacity=8)
    make_booking(event, seats=2)
    make_booking(event, seats=1)
    bookings.cancel(desk, make_booking(event, seats=3).id)
    figures = figures_of(event, analyse(UTC_ZONE))
    assert (figures.confirmed_bookings, figures.seats_sold, figures.cancellations) == (2, 3, 1)
    assert (figures.capacity, figures.seats_available, figures.utilisation) == (8, 5, 37.5)


def test_the_totals_are_the_sums_of_the_events(make_event, make_booking):
    for capacity, seats in ((5, 2), (10, 3)):
        make_booking(make_event(capacity=capacity), seats=seats)
    found = analyse(UTC_ZONE)
    assert (found.confirmed_bookings, found.seats_sold, found.cancellations) == (2, 5, 0)
    assert (found.capacity, found.seats_available) == (15, 10)


def test_a_day_counts_what_was_booked_on_it(desk, make_event, make_booking):
    event = make_event(capacity=20)
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    make_booking(event, seats=2, created_at=at)
    bookings.cancel(desk, make_booking(event, seats=3, created_at=at).id)
    make_booking(event, seats=4, created_at=at + timedelta(days=2))
    assert analyse(UTC_ZONE).days == [
        DayFigures(date(2026, 3, 1), bookings=2, seats=2, cancellations=1),
        DayFigures(date(2026, 3, 3), bookings=1, seats=4, cancellations=0),
    ]


def test_some_seats_given_back_are_no_cancelled_booking(desk, make_event, make_booking):
    event = make_event(capacity=20)
    bookings.cancel(desk, make_booking(event, seats=3).id, keep=2)
    found = analyse(UTC_ZONE)
    assert [(day.bookings, day.seats, day.cancellations) for day in found.days] == [(1, 2, 0)]
    assert figures_of(event, found).cancellations == found.cancellations == 0


def test_a_span_of_days_has_both_its_ends_and_nothing_beyond(make_event, make_booking):
    event = make_event(capacity=20)
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(days=2)):
        make_booking(event, created_at=at)
    make_booking(event, created_at=midnight + timedelta(days=1, hours=23, minutes=59))
    first, last = date(2026, 3, 1), date(2026, 3, 2)
    assert analyse(UTC_ZONE, first, last).seats_sold == 2
    assert [figures.day for figures in analyse(UTC_ZONE, first, last).days] == [first, last]
    assert analyse(UTC_ZONE, first=first).seats_sold == 3
    assert analyse(UTC_ZONE, last=last).seats_sold == 3


def test_an_event_appears_though_all_its_bookings_are_outside_the_span(make_event, make_booking):
    event = make_event()
    make_booking(event, seats=2)
    found = analyse(UTC_ZONE, last=(now() - timedelta(days=1)).date())
    assert figures_of(event, found).seats_sold == 0
    assert figures_of(event, found).utilisation == 40.0
    assert found.days == []


def test_a_day_is_the_one_of_the_sites_clock(make_event, make_booking):
    """20:00 UTC is 01:30 of the next day in Kolkata, and 15:00 in New York."""
    make_booking(make_event(), created_at=datetime(2026, 3, 1, 20, tzinfo=UTC))
    for zone, day in (("Asia/Kolkata", 2), ("America/New_York", 1)):
        there = ZoneInfo(zone)
        assert [figures.day for figures in analyse(there).days] == [date(2026, 3, day)]
        assert analyse(there, date(2026, 3, day), date(2026, 3, day)).seats_sold == 1
        assert analyse(there, date(2026, 3, day + 1)).seats_sold == 0
