"""Seats sold and given at the door: who gets one, what it costs, and what is kept of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from app.booking.walk_ins import WalkIn
from app.db import db
from app.errors import CheckInNotFound, EventNotFound, InvalidField, NotEnoughSeats, SalesClosed
from app.models import BookingState, EventStatus, Mail
from app.models.columns import now
from app.models.staff_scope import UNLIMITED, StaffScope, act_within
from app.models.user import WALK_INS
from app.services import admissions, bookings, check_ins, doors, mail_relay, walk_ins
from app.services.admissions import Arrivals
from app.services.check_ins import Scan
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants", "clean", "asha")


@pytest.fixture
def event(make_event):
    """Under way for an hour: nobody else may book."""
    start = now() - timedelta(hours=1)
    return make_event(start_at=start, end_at=start + timedelta(hours=3), price_minor=25000)


@pytest.fixture
def walk_in(desk, event):
    def walk_in(event_id=None, **facts):
        return walk_ins.admit(desk, event_id or event.id, WalkIn(**{"id": uuid4(), **facts}))

    return walk_in


@pytest.fixture
def undo(desk, event):
    def undo(ident, event_id=None, **facts):
        facts = {"undo_id": uuid4(), **facts}
        return walk_ins.undo(desk, event_id or event.id, ident, **facts)

    return undo


def test_who_walks_in_while_the_event_is_under_way_is_booked_and_in(walk_in, event, sql):
    booking = walk_in(seats=2, name="Meena", door="East")
    assert (booking.holder_name, booking.total_minor, booking.state) == (
        *("Meena", 50000),
        BookingState.CONFIRMED,
    )
    assert admissions.arrivals(event.id) == Arrivals(2, 2)
    assert seats_left(sql, event) == 3
    assert sql("SELECT answer, seats, door, actor FROM check_ins") == [
        ("admitted", [1, 2], "East", "Asha")
    ]
    assert sql("SELECT action, actor, after FROM audit_entries") == [
        ("booking.walked_in", "Asha", {"seats": 2, "free": False, "door": "East"})
    ]


def test_a_name_is_optional_and_a_seat_may_be_given(walk_in):
    booking = walk_in(free=True)
    assert (booking.guest_name, booking.user.name, booking.total_minor) == (None, "Walk-in", 0)


def test_the_same_walk_in_again_is_one_booking(walk_in, sql, event):
    ident = uuid4()
    assert len({walk_in(id=ident, seats=2).id for _ in range(3)}) == 1
    assert seats_left(sql, event) == 3
    assert sql("SELECT count(*) FROM admissions") == [(2,)]


def test_an_id_that_something_else_had_is_refused(walk_in, make_event, make_booking, event):
    known, scanned = uuid4(), uuid4()
    walk_in(id=known)
    check_ins.check_in(event.id, Scan(scanned, make_booking(event).reference))
    for facts in (
        {"id": known, "seats": 2},
        {"id": known, "event_id": make_event().id},
        {"id": scanned},
    ):
        with pytest.raises(InvalidField, match="was another"):
            walk_in(**facts)


def test_no_more_walk_in_than_there_are_seats(walk_in, event, sql):
    walk_in(seats=4)
    with pytest.raises(NotEnoughSeats) as refused:
        walk_in(seats=2)
    assert refused.value.left == 1
    walk_in()
    with pytest.raises(NotEnoughSeats):
        walk_in()
    assert seats_left(sql, event) == 0


def test_the_limit_per_person_counts_for_nobody_at_the_door(walk_in, make_event):
    event = make_event(max_per_person=1)
    assert [walk_in(event.id, seats=2).seats for _ in range(2)] == [2, 2]


def test_seats_held_for_the_door_are_sold_first_and_others_held_never(
    walk_in, make_event, make_hold, sql
):
    event = make_event(capacity=10)
    make_hold(event, "Door", seats=3)
    make_hold(event, "Sponsor", seats=4)
    assert walk_ins.offer(event.id).left == 6
    held = "SELECT seats_left FROM holds ORDER BY name"
    walk_in(event.id, seats=2)
    assert (sql(held), seats_left(sql, event)) == ([(1,), (4,)], 3)
    walk_in(event.id, seats=3)
    assert (sql(held), seats_left(sql, event)) == ([(0,), (4,)], 1)
    with pytest.raises(NotEnoughSeats) as refused:
        walk_in(event.id, seats=2)
    assert refused.value.left == 1


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"status": EventStatus.DRAFT.value}, "draft"),
        ({"status": EventStatus.CANCELLED.value}, "cancelled"),
        ({"sales_paused": True}, "paused"),
        ({"sales_open_at": now() + timedelta(days=1)}, "not_open"),
        ({"start_at": now() - doors.AFTERWARDS - timedelta(hours=4)}, "ended"),
    ],
)
def test_the_door_sells_nothing_when_the_event_does_not(walk_in, make_event, facts, state):
    event = make_event(**facts)
    for ask in (lambda: walk_in(event.id), lambda: walk_ins.offer(event.id)):
        with pytest.raises(SalesClosed) as refused:
            ask()
        assert refused.value.state == state


def test_the_door_sells_until_it_is_listed_no_more(walk_in, make_event):
    ended = now() - doors.AFTERWARDS + timedelta(minutes=5)
    assert walk_in(make_event(start_at=ended - timedelta(hours=2), end_at=ended).id).takes_seats


def test_an_undo_gives_the_seats_back_once_and_the_walk_in_stays_undone(
    walk_in, undo, event, sql, desk
):
    ident = uuid4()
    walk_in(id=ident, seats=2)
    assert [undo(ident, door="West").takes_seats for _ in range(2)] == [False, False]
    assert (seats_left(sql, event), admissions.arrivals(event.id)) == (5, Arrivals(0, 0))
    assert not walk_in(id=ident, seats=2).takes_seats
    history = sql("SELECT answer, seats, door FROM check_ins ORDER BY received_at")
    assert history == [("admitted", [1, 2], ""), ("undone", [1, 2], "West")]


def test_only_a_walk_in_of_this_event_is_undone(
    walk_in, undo, make_booking, make_event, event, sql
):
    ident, scanned = uuid4(), uuid4()
    walk_in(id=ident)
    check_ins.check_in(event.id, Scan(scanned, make_booking(event).reference))
    for facts in ({"ident": scanned}, {"ident": uuid4()}):
        with pytest.raises(CheckInNotFound):
            undo(**facts)
    with pytest.raises(CheckInNotFound):
        undo(ident, make_event().id)
    with pytest.raises(InvalidField, match="another scan"):
        undo(ident, undo_id=scanned)
    assert admissions.arrivals(event.id) == Arrivals(2, 2)


def test_a_key_sells_at_the_doors_of_its_events_alone(walk_in, undo, make_event, event):
    ident = uuid4()
    walk_in(id=ident)
    act_within(StaffScope(frozenset({make_event().id}), emails=False))
    try:
        for ask in (walk_in, lambda: undo(ident), lambda: walk_ins.offer(event.id)):
            with pytest.raises(EventNotFound):
                ask()
    finally:
        act_within(UNLIMITED)


def test_nobody_is_written_to_and_nobody_signs_in_as_a_walk_in(
    walk_in, undo, make_app, sql, make_user
):
    ident = uuid4()
    with make_app(mail_url="smtp://localhost:1025").app_context():
        walk_in(id=ident)
        undo(ident)
        mail_relay.relay()
    assert db.session.query(Mail).count() == 0
    make_user("walk-ins@example.com")
    assert sql("SELECT email, deleted_at IS NULL FROM users WHERE name = 'Walk-in'") == [
        (WALK_INS, False)
    ]
    assert bookings.get_booking(walk_in().id).user.email == WALK_INS


@pytest.mark.parametrize("seats", [0, 1001])
def test_a_number_of_seats_that_can_not_be_is_named(walk_in, seats):
    with pytest.raises(InvalidField, match="must be from 1"):
        walk_in(seats=seats)


def test_another_name_is_another_walk_in(walk_in, desk, event):
    wanted = WalkIn(uuid4(), name="Meena")
    walk_ins.admit(desk, event.id, wanted)
    with pytest.raises(InvalidField):
        walk_ins.admit(desk, event.id, replace(wanted, name="Ravi"))
