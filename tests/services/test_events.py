"""The organiser's changes to events, and what stays true through each of them."""

from datetime import timedelta

import pytest

from app.errors import (
    CapacityBelowSold,
    EventHasBookings,
    EventNotFound,
    InvalidField,
    NotEnoughSeats,
    VersionConflict,
)
from app.models.columns import now
from app.services import bookings, events
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")
HOUR = timedelta(hours=1)
START = now() + timedelta(days=30)
PLAIN = {"name": "Kolam Morning", "start_at": START, "capacity": 40}


def test_a_new_event_has_all_its_seats(desk, sql):
    event = events.create_event(PLAIN, desk)
    assert sql("SELECT capacity, seats_available, version FROM events") == [(40, 40, 1)]
    assert events.get_event(event.id).name == "Kolam Morning"


def test_a_new_event_says_its_seats_to_redis(desk, redis):
    event = events.create_event(PLAIN, desk)
    assert redis.get(f"event:{event.id}:tokens") == "40"


def test_every_change_makes_the_event_one_version_newer(desk, make_event, sql):
    event = make_event()
    for wish in ({"venue": "Nishagandhi"}, {"capacity": 9}, {}):
        before = sql("SELECT version FROM events")[0][0]
        events.update_event(event.id, wish, desk)
        assert sql("SELECT version FROM events") == [(before + 1,)]


def test_a_capacity_below_the_seats_sold_is_refused_with_their_number(
    desk, make_event, make_booking, sql
):
    event = make_event(capacity=10)
    make_booking(event, seats=7)
    with pytest.raises(CapacityBelowSold) as refusal:
        events.update_event(event.id, {"capacity": 6}, desk)
    assert (refusal.value.asked, refusal.value.sold) == (6, 7)
    assert sql("SELECT capacity, seats_available FROM events") == [(10, 3)]


def test_the_capacity_may_shrink_to_the_seats_sold(desk, make_event, make_booking, sql):
    event = make_event(capacity=10)
    make_booking(event, seats=7)
    events.update_event(event.id, {"capacity": 7}, desk)
    assert seats_left(sql, event) == 0


def test_a_raised_capacity_sells_again_at_once(desk, make_event, make_user):
    user, event = make_user(), make_event(capacity=1)
    bookings.book(desk, user_id=user.id, event_id=event.id, seats=1)
    with pytest.raises(NotEnoughSeats):
        bookings.book(desk, user_id=user.id, event_id=event.id, seats=1)
    events.update_event(event.id, {"capacity": 2}, desk)
    bookings.book(desk, user_id=user.id, event_id=event.id, seats=1)


def test_a_change_leaves_what_it_does_not_name(desk, make_event):
    event = make_event(venue="Here", price_minor=100)
    changed = events.update_event(event.id, {"venue": "There"}, desk)
    assert (changed.venue, changed.price_minor, changed.capacity) == ("There", 100, 5)


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("name", {"name": "  "}),
        ("time_zone", {"time_zone": "Asia/Atlantis"}),
        ("currency", {"currency": "XXQ"}),
        ("end_at", {"end_at": START}),
        ("sales_open_at", {"sales_open_at": START}),
        ("sales_close_at", {"sales_close_at": START + 4 * HOUR}),
        ("sales_close_at", {"end_at": START + HOUR, "sales_close_at": START + 2 * HOUR}),
        ("sales_close_at", {"sales_open_at": START - HOUR, "sales_close_at": START - HOUR}),
        ("cancel_until", {"cancel_until": START + 4 * HOUR}),
        ("cancel_until", {"end_at": START + HOUR, "cancel_until": START + 2 * HOUR}),
    ],
)
def test_facts_that_contradict_each_other_name_the_field_to_change(desk, sql, field, facts):
    with pytest.raises(InvalidField) as refusal:
        events.create_event({**PLAIN, **facts}, desk)
    assert refusal.value.field == field
    event = events.create_event(PLAIN, desk)
    with pytest.raises(InvalidField) as refusal:
        events.update_event(event.id, facts, desk)
    assert refusal.value.field == field
    assert sql("SELECT name, version FROM events") == [("Kolam Morning", 1)]


def test_a_start_moved_before_the_end_of_sales_is_refused(desk, make_event):
    event = make_event(start_at=START, sales_close_at=START)
    with pytest.raises(InvalidField):
        events.update_event(event.id, {"start_at": START - 4 * HOUR}, desk)


def test_seats_are_sold_at_the_door_when_the_organiser_says_so(desk):
    times = {"sales_open_at": START, "sales_close_at": START + HOUR}
    assert events.create_event({**PLAIN, **times}, desk).sales_close_at == START + HOUR


def test_of_two_editors_the_second_hears_of_the_first(desk, make_event, sql):
    event = make_event()
    seen = events.get_event(event.id).updated_at
    events.update_event(event.id, {"venue": "First"}, desk, seen=seen)
    with pytest.raises(VersionConflict):
        events.update_event(event.id, {"venue": "Second"}, desk, seen=seen)
    assert sql("SELECT venue FROM events") == [("First",)]


def test_a_sale_meanwhile_is_no_conflict_for_an_editor(desk, make_event, make_user):
    event = make_event()
    seen = events.get_event(event.id).updated_at
    bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=1)
    assert events.update_event(event.id, {"venue": "There"}, desk, seen=seen).venue == "There"


def test_a_change_counts_the_seats_sold_since_its_editor_read_the_event(
    desk, make_event, make_booking, sql
):
    # As the editing page does: what was read stays in the session, and grows stale there.
    read = events.get_event(make_event(capacity=10).id)
    make_booking(read, seats=7)
    with pytest.raises(CapacityBelowSold):
        events.update_event(read.id, {"capacity": 6}, desk)
    events.update_event(read.id, {"capacity": 8}, desk)
    assert sql("SELECT capacity, seats_available FROM events") == [(8, 1)]


def test_an_event_without_bookings_is_deleted(desk, make_event, sql):
    event = make_event()
    assert events.delete_event(event.id, desk) == 0
    with pytest.raises(EventNotFound):
        events.get_event(event.id)
    assert sql("SELECT count(*) FROM events WHERE deleted_at IS NOT NULL") == [(1,)]


def test_an_event_with_bookings_needs_force_and_their_record_stays(
    desk, make_event, make_booking, sql
):
    event = make_event()
    booking = make_booking(event, seats=2)
    with pytest.raises(EventHasBookings) as refusal:
        events.delete_event(event.id, desk)
    assert refusal.value.bookings == 1
    assert events.get_event(event.id).id == event.id
    assert events.delete_event(event.id, desk, force=True) == 1
    assert bookings.get_booking(booking.id).status == "CANCELLED"
    assert bookings.get_booking(booking.id).event.name == event.name


def test_an_event_whose_bookings_are_all_cancelled_needs_no_force(desk, make_event, make_booking):
    event = make_event()
    bookings.cancel(desk, make_booking(event).id)
    assert events.delete_event(event.id, desk) == 0


def test_a_deleted_event_says_to_redis_that_nothing_is_left(desk, make_event, redis):
    event = make_event()
    events.delete_event(event.id, desk)
    assert redis.get(f"event:{event.id}:tokens") == "0"


def test_a_deleted_event_is_changed_no_more(desk, make_event):
    event = make_event()
    events.delete_event(event.id, desk)
    with pytest.raises(EventNotFound):
        events.update_event(event.id, {"capacity": 9}, desk)
    with pytest.raises(EventNotFound):
        events.delete_event(event.id, desk)


def test_a_draft_is_shown_to_organisers_only(make_event):
    event = make_event(status="draft")
    assert events.get_event(event.id, drafts=True).id == event.id
    with pytest.raises(EventNotFound):
        events.get_event(event.id)
