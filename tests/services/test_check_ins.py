"""Who is admitted at the door, who is told no and why, and what is kept of it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.db import db, transaction
from app.errors import CheckInNotFound, EventNotFound, InvalidField, SeatsAreIn
from app.models import Booking, DoorAnswer, Event, EventStatus, NotValid
from app.models.columns import now
from app.models.staff_scope import UNLIMITED, StaffScope, act_within
from app.services import account_deletion, admissions, bookings, check_ins
from app.services.admissions import Arrivals
from app.services.check_ins import Scan

pytestmark = pytest.mark.usefixtures("invariants", "clean", "asha")
ADMITTED, USED, NOT_VALID = DoorAnswer.ADMITTED, DoorAnswer.ALREADY_USED, DoorAnswer.NOT_VALID


@pytest.fixture
def booking(make_booking, make_event):
    return make_booking(make_event(name="Onam", capacity=50), seats=5)


@pytest.fixture
def scan(booking):
    """Scan a seat of the booking, or something else, at its event's door."""

    def scan(code=1, event_id=None, **facts):
        if isinstance(code, int):
            code = f"{booking.reference}-{code}"
        facts = {"id": uuid4(), "code": code, "door": "East", **facts}
        return check_ins.check_in(event_id or booking.event_id, Scan(**facts))

    return scan


def test_a_seat_is_admitted_once_and_then_told_when_where_and_by_whom(scan):
    first, second = scan(2), scan(2, door="West")
    assert (first.answer, first.check_in.seats, first.seats_in) == (ADMITTED, [2], 1)
    assert (second.answer, second.check_in.seats, second.seats_in) == (USED, [], 1)
    (earlier,) = second.earlier
    assert (earlier.seat, earlier.door, earlier.actor) == (2, "East", "Asha")
    assert now() - earlier.at < timedelta(minutes=1)
    assert not first.earlier


def test_each_seat_of_a_booking_is_its_own(scan, booking):
    assert [scan(seat).answer for seat in range(1, 6)] == [ADMITTED] * 5
    assert admissions.arrivals(booking.event_id) == Arrivals(5, 5)
    assert admissions.seats_in([booking]) == {booking.id: 5}


@pytest.mark.parametrize("typed", ["lower", "spaces", "dots"])
def test_a_code_may_be_typed_as_people_do(scan, booking, typed):
    code = f"{booking.spoken_reference}-3"
    spelt = {"lower": code.lower(), "spaces": code.replace("-", " "), "dots": f"  {code}  "}
    assert scan(spelt[typed]).check_in.seats == [3]


def test_of_a_whole_booking_as_many_are_admitted_as_have_come(scan, booking):
    scan(2)
    three = scan(booking.reference, seats=3)
    assert (three.answer, three.check_in.seats, three.seats_in) == (ADMITTED, [1, 3, 4], 4)
    rest = scan("", booking_id=booking.id, seats=3)
    assert (rest.check_in.seats, rest.seats_in) == ([5], 5)
    none_left = scan(booking.reference)
    assert (none_left.answer, len(none_left.earlier)) == (USED, 5)


@pytest.mark.parametrize("code", ["HTTPS://EXAMPLE.COM/MENU", "ABCDEFGHJKLM-1", "x" * 300, "🎫"])
def test_what_is_no_ticket_of_ours_is_unknown_and_kept_in_short(scan, sql, code):
    told = scan(code)
    assert (told.answer, told.reason, told.booking) == (NOT_VALID, NotValid.UNKNOWN, None)
    assert sql("SELECT code, answer, reason FROM check_ins") == [
        (code[:60], "not_valid", "unknown")
    ]


@pytest.mark.parametrize("seat", [0, 6, 9999])
def test_a_seat_that_the_booking_never_had_is_unknown(scan, seat):
    assert scan(seat).reason == NotValid.UNKNOWN


def test_what_was_given_back_is_told_apart_from_what_was_cancelled(scan, desk, booking):
    bookings.cancel(desk, booking.id, keep=3)
    assert [scan(seat).reason for seat in (3, 4, 5, 6)] == [
        *(None, NotValid.GIVEN_BACK, NotValid.GIVEN_BACK),
        NotValid.UNKNOWN,
    ]
    part = db.session.query(Booking).filter_by(part_of=booking.id).one()
    assert scan(part.reference).reason == NotValid.GIVEN_BACK
    bookings.cancel(desk, booking.id, organiser=True, admitted_too=True)
    assert scan(1).reason == NotValid.CANCELLED


@pytest.mark.parametrize(
    ("name", "reason"), [("Onam", NotValid.OTHER_DAY), ("Diwali", NotValid.OTHER_EVENT)]
)
def test_a_ticket_for_something_else_says_so(scan, make_event, name, reason):
    other = make_event(name=name)
    told = scan(1, event_id=other.id)
    assert (told.answer, told.reason) == (NOT_VALID, reason)
    assert admissions.arrivals(other.id) == Arrivals(0, 0)


def test_nobody_is_admitted_to_what_was_cancelled(scan, booking):
    with transaction() as session:
        session.get_one(Event, booking.event_id).status = EventStatus.CANCELLED.value
    assert scan(1).reason == NotValid.EVENT_CANCELLED


def test_a_scan_that_is_sent_again_is_told_the_same(scan, sql):
    for code, answer in ((1, ADMITTED), (1, USED), ("nothing", NOT_VALID)):
        ident = uuid4()
        told = [scan(code, id=ident) for _ in range(3)]
        assert {one.answer for one in told} == {answer}
        assert len({(tuple(t.check_in.seats), t.reason, len(t.earlier)) for t in told}) == 1
    assert sql("SELECT count(*) FROM check_ins") == [(3,)]
    assert sql("SELECT count(*) FROM admissions") == [(1,)]


def test_an_id_that_another_scan_had_is_refused(scan, make_event):
    ident = uuid4()
    scan(1, id=ident)
    for facts in ({"code": 2}, {"code": 1, "event_id": make_event().id}):
        with pytest.raises(InvalidField, match="another scan"):
            scan(id=ident, **facts)


@pytest.mark.parametrize("facts", [{"code": " "}, {"code": ""}, {"seats": 0}, {"seats": 1001}])
def test_what_can_not_be_is_named(scan, facts):
    with pytest.raises(InvalidField) as refused:
        scan(**facts)
    assert refused.value.field in facts


def test_an_undo_takes_out_what_its_scan_admitted_and_stays_in_the_history(scan, sql, booking):
    scan(1)
    three = scan(booking.reference, seats=3)
    ident = uuid4()
    for _ in range(2):
        told = check_ins.undo(booking.event_id, three.check_in.id, undo_id=ident, door="West")
        assert (told.answer, told.check_in.seats, told.seats_in) == (
            DoorAnswer.UNDONE,
            [2, 3, 4],
            1,
        )
    history = sql("SELECT answer, seats, door, actor FROM check_ins ORDER BY received_at, id")
    assert sorted(history) == [
        ("admitted", [1], "East", "Asha"),
        ("admitted", [2, 3, 4], "East", "Asha"),
        ("undone", [2, 3, 4], "West", "Asha"),
    ]
    assert scan(3).answer == ADMITTED
    assert [one.answer for one in check_ins.list_check_ins(booking.event_id, limit=2).items] == [
        "admitted",
        "undone",
    ]


def test_only_what_admitted_somebody_here_is_undone(scan, make_event, booking):
    admitted, refused = scan(1), scan(1)
    for event_id, ident, error in (
        (booking.event_id, refused.check_in.id, InvalidField),
        (booking.event_id, uuid4(), CheckInNotFound),
        (make_event().id, admitted.check_in.id, CheckInNotFound),
    ):
        with pytest.raises(error):
            check_ins.undo(event_id, ident, undo_id=uuid4())


def test_a_scan_without_a_network_is_kept_with_its_own_time_but_none_from_the_future(scan):
    early = now() - timedelta(minutes=20)
    assert scan(1, at=early).check_in.at == early
    assert scan(2, at=now() + timedelta(days=1)).check_in.at <= now()
    assert scan(1).earlier[0].at == early


def test_seats_that_are_in_are_given_back_by_staff_alone_who_say_so(scan, desk, booking, sql):
    scan(4)
    for facts in ({"by_user": booking.user_id, "admitted_too": True}, {"organiser": True}):
        with pytest.raises(SeatsAreIn) as refused:
            bookings.cancel(desk, booking.id, keep=3, **facts)
        assert refused.value.seats == (4,)
    bookings.cancel(desk, booking.id, by_user=booking.user_id, keep=4)
    bookings.cancel(desk, booking.id, organiser=True, admitted_too=True, keep=1)
    assert admissions.arrivals(booking.event_id) == Arrivals(0, 1)
    taken_out = "SELECT seats, actor FROM check_ins WHERE answer = 'undone'"
    assert sql(taken_out) == [([4], "Asha")]


def test_whose_guest_is_in_stays_when_the_account_goes(
    make_user, make_booking, make_event, scan, desk
):
    user = make_user(password="correct horse battery")
    gone, stays = (make_booking(make_event(), user, seats=2) for _ in range(2))
    scan(f"{stays.reference}-1", event_id=stays.event_id)
    assert account_deletion.count_cancellable(user.id) == 1
    account_deletion.delete_account(user.id, "correct horse battery", desk)
    assert not bookings.get_booking(gone.id).takes_seats
    assert bookings.get_booking(stays.id).takes_seats


def test_a_key_opens_the_doors_of_its_events_alone(scan, make_event, booking):
    act_within(StaffScope(frozenset({make_event().id}), emails=False))
    try:
        for ask in (
            lambda: scan(1),
            lambda: check_ins.undo(booking.event_id, uuid4(), undo_id=uuid4()),
            lambda: check_ins.list_check_ins(booking.event_id),
            lambda: admissions.arrivals(booking.event_id),
        ):
            with pytest.raises(EventNotFound):
                ask()
    finally:
        act_within(UNLIMITED)


def test_a_scan_that_a_device_decided_is_kept_with_what_it_did(scan):
    told = scan(1, let_in=1)
    assert (told.answer, told.check_in.let_in, told.check_in.is_conflict) == (ADMITTED, 1, False)


def test_two_devices_that_let_one_code_in_are_a_conflict(scan):
    scan(1, door="West")
    late = scan(1, let_in=1)
    assert (late.answer, late.check_in.is_conflict) == (USED, True)
    assert [one.door for one in late.earlier] == ["West"]


def test_who_was_let_in_by_a_cancelled_code_is_a_conflict(app, scan, booking):
    bookings.cancel(app.extensions["desk"], booking.id, organiser=True)
    late = scan(1, let_in=1)
    assert (late.reason, late.check_in.is_conflict) == (NotValid.CANCELLED, True)


def test_a_group_that_was_larger_than_what_was_free_is_a_conflict(scan, booking):
    scan(booking.reference, seats=3)
    late = scan(booking.reference, seats=4, let_in=4)
    assert (late.check_in.seats, late.check_in.is_conflict) == ([4, 5], True)


def test_who_was_turned_away_without_a_network_is_not_admitted_afterwards(scan, booking):
    refused = scan(1, let_in=0)
    assert (refused.answer, refused.reason) == (NOT_VALID, NotValid.REFUSED_OFFLINE)
    assert not refused.check_in.is_conflict
    assert admissions.arrivals(booking.event_id).seats_in == 0
    assert scan(1).answer == ADMITTED
    assert scan(1, let_in=0).answer == USED


def test_a_device_that_got_no_answer_and_then_decided_as_we_had_is_told_the_same(scan, sql):
    ident = uuid4()
    asked, decided = scan(1, id=ident), scan(1, id=ident, let_in=1)
    assert (asked.check_in.id, asked.answer) == (decided.check_in.id, decided.answer)
    assert sql("SELECT count(*) FROM check_ins") == [(1,)]


def test_a_device_that_got_no_answer_and_let_in_whom_we_had_refused_is_a_conflict_once(scan, sql):
    scan(1, door="West")
    ident = uuid4()
    assert scan(1, id=ident).answer == USED
    first, again = scan(1, id=ident, let_in=1), scan(1, id=ident, let_in=1)
    assert first.check_in.id == again.check_in.id != ident
    assert first.check_in.is_conflict
    assert sql("SELECT count(*) FROM check_ins WHERE let_in > cardinality(seats)") == [(1,)]


def test_a_device_cannot_have_let_in_more_than_it_scanned(scan):
    with pytest.raises(InvalidField) as refused:
        scan(1, let_in=2)
    assert refused.value.field == "let_in"


def test_an_undo_that_comes_late_says_when_it_was(scan, booking):
    told = scan(1)
    at = now() - timedelta(minutes=3)
    undone = check_ins.undo(booking.event_id, told.check_in.id, undo_id=uuid4(), at=at)
    assert undone.check_in.at == at
