"""Seats given to friends beside doors, cancellations and themselves: each is one person's, once."""

from collections import Counter
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import joinedload

from app.booking.connections import was_ended
from app.booking.desk import BookingDesk
from app.errors import BookingChanged, GiftClosed, InvalidField, NotGivable, SeatsAreIn
from app.models import Booking, DoorAnswer, Event, Gift
from app.services import audit, bookings, check_ins, gifts
from app.services.check_ins import Scan
from tests.support.threads import at_once, in_app, until_both_win

PEOPLE, ROUNDS = 6, 6
GAVE_UP = {"55P03", "57014"}
"""A lock that did not come, a statement that took too long. As a transaction that idled twice under
its locks, they are answered with 503, and nothing was changed."""
IN_AND_GONE = """
    SELECT count(*) FROM admissions a JOIN bookings b ON b.id = a.booking_id
    WHERE b.status <> 'CONFIRMED' OR a.seat > b.seats
"""
TWICE = """
    SELECT g.from_id, g.seat FROM gifts g JOIN bookings b ON b.id = g.from_id
    WHERE g.taken_back_at IS NULL AND b.status = 'CONFIRMED' AND g.seat <= b.seats
"""


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def event(make_event, invariants):
    return make_event(capacity=500)


@pytest.fixture
def each_desk(desk):
    """A desk as another process has it."""
    return lambda: BookingDesk(desk.gate)


def scan(event_id, code):
    audit.act_as("Asha")
    return check_ins.check_in(event_id, Scan(uuid4(), code)).answer


def waited(error):
    """Whether somebody gave up on a machine with too much to do; a deadlock is something else."""
    if not isinstance(error, DBAPIError):
        return False
    return was_ended(error) or getattr(error.orig, "sqlstate", None) in GAVE_UP


def kinds(answers):
    return Counter(type(answer) for answer in answers)


def test_one_seat_given_from_many_tabs_is_given_once(app, each_desk, event, make_booking, sql):
    for _ in range(ROUNDS):
        booking = make_booking(event, seats=3)
        told = at_once(
            in_app(app, gifts.give, each_desk(), booking.id, seat=3) for _ in range(PEOPLE)
        )
        assert len({gift.booking_id for gift in told}) == 1
        assert sql("SELECT seats FROM bookings WHERE id = %s", booking.id) == [(2,)]


def test_without_the_locks_the_database_has_to_refuse_the_others(
    monkeypatch, app, each_desk, event, make_booking
):
    """The control: all look first and then write, and the unique index has the last word."""
    monkeypatch.setattr("app.booking.ledger.lock_events", unlocked)
    monkeypatch.setattr("app.booking.gifts.locked", read)
    for _ in range(ROUNDS * 3):
        booking = make_booking(event, seats=3)
        told = at_once(
            in_app(app, gifts.give, each_desk(), booking.id, seat=3) for _ in range(PEOPLE)
        )
        if kinds(told)[IntegrityError]:
            return
    raise AssertionError("the race was never lost: it shows nothing")


def read(session, booking_id):
    return session.get_one(Booking, booking_id, options=[joinedload(Booking.event)])


def unlocked(session, event_ids):
    return {id: session.get_one(Event, id) for id in event_ids}


def test_a_seat_is_in_or_given_away_and_never_both(app, each_desk, event, make_booking, sql):
    outcomes = Counter()
    for _ in until_both_win(outcomes, ROUNDS * 3):
        booking = make_booking(event, seats=2)
        gave, *_ = told = at_once(
            [
                in_app(app, gifts.give, each_desk(), booking.id),
                in_app(app, scan, event.id, f"{booking.reference}-2"),
            ]
        )
        assert told[1] in {DoorAnswer.ADMITTED, DoorAnswer.NOT_VALID}
        assert isinstance(gave, Gift) == (told[1] == DoorAnswer.NOT_VALID)
        assert isinstance(gave, Gift | NotGivable)
        outcomes[told[1]] += 1
    assert sql(IN_AND_GONE) == [(0,)]
    assert len(outcomes) == 2, "neither side ever won; the test proves nothing"


def test_a_gift_is_accepted_by_one_friend_or_taken_back(app, each_desk, event, make_booking, sql):
    for number in range(ROUNDS):
        booking = make_booking(event, seats=2)
        gift = gifts.give(each_desk(), booking.id)
        works = [
            in_app(
                app,
                gifts.accept,
                each_desk(),
                gift.booking_id,
                name=f"Friend {friend}",
                email=f"friend{friend}@example.com" if friend % 2 else "",
            )
            for friend in range(PEOPLE)
        ]
        works.insert(number, in_app(app, gifts.take_back, each_desk(), booking.id, gift.booking_id))
        assert kinds(at_once(works)) == {Booking: 1, GiftClosed: PEOPLE}
    assert sql("SELECT accepted_at IS NULL, taken_back_at IS NULL FROM gifts GROUP BY 1, 2") != []
    assert sql(TWICE) == []


def test_all_at_once_every_seat_is_somebodys_once(app, each_desk, event, make_booking, sql):
    random = Random(7)

    def give_back(booking, keep):
        bookings.cancel(each_desk(), booking.id, keep=keep)

    for _ in range(ROUNDS * 2):
        booking = make_booking(event, seats=4)
        standing = [gifts.give(each_desk(), booking.id) for _ in range(2)]
        works = [
            *(in_app(app, gifts.give, each_desk(), booking.id) for _ in range(2)),
            in_app(app, give_back, booking, random.choice((0, 1))),
            *(
                in_app(app, gifts.take_back, each_desk(), booking.id, gift.booking_id)
                for gift in standing
            ),
            in_app(app, gifts.accept, each_desk(), standing[0].booking_id, name="Ravi"),
            in_app(app, bookings.cancel, each_desk(), standing[0].booking_id),
            *(in_app(app, scan, event.id, f"{booking.reference}-{seat}") for seat in (1, 2, 4)),
        ]
        random.shuffle(works)
        refused = (NotGivable, GiftClosed, SeatsAreIn, InvalidField, BookingChanged)
        told = [one for one in at_once(works) if isinstance(one, Exception)]
        unforeseen = [one for one in told if not isinstance(one, refused) and not waited(one)]
        assert not unforeseen, [str(one) for one in unforeseen]
        assert sql(IN_AND_GONE) == [(0,)]
        assert sql(TWICE) == []
        ((given, counted),) = sql(
            "SELECT seats_given_away, (SELECT count(*) FROM gifts"
            " WHERE from_id = %s AND taken_back_at IS NULL) FROM bookings WHERE id = %s",
            booking.id,
            booking.id,
        )
        assert given == counted
