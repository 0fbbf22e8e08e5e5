"""How guests arrive: when, through which door, and who has not come."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.errors import EventNotFound
from app.models.columns import now
from app.models.staff_scope import UNLIMITED, StaffScope, act_within
from app.services import arrivals, check_ins
from app.services.admissions import Arrivals
from app.services.check_ins import Scan

pytestmark = pytest.mark.usefixtures("clean", "asha")
START = (now() - timedelta(days=10)).replace(hour=18, minute=0, second=20, microsecond=0)


@pytest.fixture
def event(make_event):
    return make_event(capacity=100)


@pytest.fixture
def come(event, make_booking):
    """Let somebody in, so many minutes after the doors opened."""

    def come(minutes=0, door="East", seats=1):
        booking = make_booking(event, seats=seats)
        at = START + timedelta(minutes=minutes)
        scan = Scan(uuid4(), booking.reference, seats=seats, door=door, at=at)
        return check_ins.check_in(event.id, scan)

    return come


def spans_of(found):
    return [
        (round((span.begins - START.replace(second=0)).total_seconds() / 60), span.seats_in)
        for span in found.spans
    ]


def test_before_anybody_has_come_there_is_nothing_to_draw(event, make_booking):
    make_booking(event, seats=3)
    found = arrivals.figures_of(event.id)
    assert (found.arrivals, found.to_come) == (Arrivals(0, 3), 1)
    assert (found.doors, found.spans, found.latest) == ([], [], [])


def test_seats_are_counted_by_minute_and_by_door(event, come, make_booking):
    come(0, "East", seats=2)
    come(0, "West")
    come(3, "East")
    come(3, "")
    make_booking(event)
    found = arrivals.figures_of(event.id)
    assert (found.arrivals, found.to_come) == (Arrivals(5, 6), 1)
    assert found.doors == [("East", 3), ("", 1), ("West", 1)]
    assert (found.minutes, spans_of(found)) == (1, [(0, 3), (1, 0), (2, 0), (3, 2)])
    assert len(found.latest) == 4


@pytest.mark.parametrize(
    ("last", "minutes", "spans"),
    [(59, 1, 60), (60, 5, 13), (299, 5, 60), (300, 15, 21), (3600, 360, 11)],
)
def test_a_long_evening_is_drawn_in_longer_spans(event, come, last, minutes, spans):
    come(0)
    come(last)
    found = arrivals.figures_of(event.id)
    assert (found.minutes, len(found.spans)) == (minutes, spans)
    assert sum(span.seats_in for span in found.spans) == 2
    assert found.spans[0].seats_in >= 1
    assert found.spans[-1].seats_in >= 1


def test_a_fair_of_months_is_still_drawn(event, come):
    come(0)
    come(-60 * 24 * 100)
    found = arrivals.figures_of(event.id)
    assert sum(span.seats_in for span in found.spans) == 2
    assert len(found.spans) == arrivals.MOST_SPANS + 1


def test_what_was_undone_is_not_counted(event, come):
    told = come(0)
    check_ins.undo(event.id, told.check_in.id, undo_id=uuid4())
    found = arrivals.figures_of(event.id)
    assert (found.arrivals.seats_in, found.to_come, found.spans) == (0, 1, [])


def test_a_key_sees_the_arrivals_of_its_events_alone(event, make_event):
    act_within(StaffScope(frozenset({make_event().id})))
    try:
        with pytest.raises(EventNotFound):
            arrivals.figures_of(event.id)
    finally:
        act_within(UNLIMITED)
