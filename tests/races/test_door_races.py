"""Many doors at once, and guests who give their seats back meanwhile: no seat is in twice, and none
is in that was given back."""

import time
from collections import Counter
from random import Random
from uuid import uuid4

import pytest

from app.db import db, transaction
from app.errors import SeatsAreIn
from app.models import Admission, CheckIn, DoorAnswer
from app.models.columns import now
from app.services import account_deletion, audit, bookings, check_ins
from app.services.check_ins import Scan
from tests.races.people import PASSWORD
from tests.support.threads import at_once, in_app, until_both_win

PHONES, ROUNDS = 8, 6
WAITS = 0, 0, 0.01, 0.02, 0.03, 0.1
"""Seconds."""
IN_AND_GONE = """
    SELECT count(*) FROM admissions JOIN bookings ON bookings.id = booking_id
    WHERE status = 'CANCELLED' OR seat > seats
"""


@pytest.fixture
def scan(app):
    """Scan a code at the event's door, as a phone does that stands there; what it is told."""

    def scan(event_id, code, ident=None, seats=1):
        audit.act_as("Asha")
        told = check_ins.check_in(event_id, Scan(ident or uuid4(), code, seats=seats))
        return told.answer, tuple(told.check_in.seats)

    return scan


@pytest.fixture
def scan_later(scan):
    """As `scan`: a door has less to do than who gives back, and would come first each time."""

    def scan_later(event_id, code, wait):
        time.sleep(wait)
        return scan(event_id, code)

    return scan_later


def test_a_seat_that_all_phones_scan_is_admitted_by_one(app, scan, make_booking, make_event, sql):
    event = make_event(capacity=50)
    for _ in range(ROUNDS):
        booking = make_booking(event, seats=2)
        code = f"{booking.reference}-2"
        told = at_once(in_app(app, scan, event.id, code) for _ in range(PHONES))
        assert Counter(answer for answer, _ in told) == {
            DoorAnswer.ADMITTED: 1,
            DoorAnswer.ALREADY_USED: PHONES - 1,
        }
    assert sql("SELECT count(*) FROM admissions") == [(ROUNDS,)]
    assert sql("SELECT count(*) FROM check_ins") == [(ROUNDS * PHONES,)]


def test_a_scan_that_comes_many_times_at_once_admits_once_and_is_told_so_each_time(
    app, scan, make_booking, make_event, sql
):
    event = make_event(capacity=50)
    for _ in range(ROUNDS):
        booking, ident = make_booking(event, seats=3), uuid4()
        told = at_once(in_app(app, scan, event.id, booking.reference, ident) for _ in range(PHONES))
        assert set(told) == {(DoorAnswer.ADMITTED, (1,))}
    unknown = uuid4()
    told = at_once(in_app(app, scan, event.id, "nothing", unknown) for _ in range(PHONES))
    assert set(told) == {(DoorAnswer.NOT_VALID, ())}
    assert sql("SELECT count(*) FROM check_ins") == [(ROUNDS + 1,)]


def test_a_group_that_comes_through_all_doors_fills_its_seats_and_no_more(
    app, scan, make_booking, make_event
):
    booking = make_booking(make_event(capacity=50), seats=5)
    told = at_once(
        in_app(app, scan, booking.event_id, booking.reference, None, 2) for _ in range(PHONES)
    )
    admitted = [seat for _, seats in told for seat in seats]
    assert sorted(admitted) == [1, 2, 3, 4, 5]


def test_seats_are_in_or_given_back_and_never_both(
    app, scan_later, desk, make_booking, make_event, sql
):
    event, random = make_event(capacity=5000), Random(7)

    def give_back(booking, keep):
        try:
            bookings.cancel(desk, booking.id, by_user=booking.user_id, keep=keep)
        except SeatsAreIn:
            return False
        return True

    outcomes = Counter()
    for _ in until_both_win(outcomes, ROUNDS * 3):
        booking = make_booking(event, seats=4)
        works = [
            in_app(app, scan_later, event.id, f"{booking.reference}-{seat}", random.choice(WAITS))
            for seat in (2, 4)
        ]
        works.append(in_app(app, give_back, booking, random.choice((0, 1, 3))))
        random.shuffle(works)
        told = at_once(works)
        assert not [one for one in told if isinstance(one, Exception)]
        outcomes.update(one for one in told if isinstance(one, bool))
    assert sql(IN_AND_GONE) == [(0,)]
    assert len(outcomes) == 2, "neither side ever won; the test proves nothing"


@pytest.mark.usefixtures("cheap_hashes")
def test_a_seat_is_in_or_goes_with_its_account_and_never_both(
    app, scan_later, desk, make_booking, make_event, make_user, sql
):
    event, outcomes, random = make_event(capacity=500), Counter(), Random(7)
    for number in until_both_win(outcomes, ROUNDS * 5):
        user = make_user(f"guest{number}@example.com", password=PASSWORD)
        booking = make_booking(event, user=user)
        works = [
            in_app(app, scan_later, event.id, f"{booking.reference}-1", random.choice(WAITS)),
            in_app(app, account_deletion.delete_account, user.id, PASSWORD, desk),
        ]
        told = at_once(works)
        assert not [one for one in told if isinstance(one, Exception)]
        outcomes.update(one for one in told if isinstance(one, int))
    assert sql(IN_AND_GONE) == [(0,)]
    assert len(outcomes) == 2, "neither side ever won; the test proves nothing"


def test_doors_that_do_not_lock_admit_a_seat_twice(app, make_booking, make_event, sql):
    """The control: to look first and then to write lets in as many as look at once; it is the
    primary key that refuses the others then."""
    booking = make_booking(make_event(capacity=50))

    def look_and_write():
        with transaction() as session:
            if session.get(Admission, (booking.id, 1)):
                return "in already"
            entry = CheckIn(
                id=uuid4(),
                event_id=booking.event_id,
                booking_id=booking.id,
                code=booking.reference,
                seats=[1],
                answer=DoorAnswer.ADMITTED.value,
                actor="Asha",
                at=now(),
            )
            session.add(entry)
            session.flush()
            db.session.connection().exec_driver_sql("SELECT pg_sleep(0.2)")
        return "admitted"

    told = at_once(in_app(app, look_and_write) for _ in range(PHONES))
    assert told.count("admitted") > 1
    assert sql("SELECT count(*) FROM check_ins") == [(told.count("admitted"),)]
