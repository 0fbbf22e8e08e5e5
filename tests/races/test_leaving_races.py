"""Somebody deletes their account while seats are being booked in their name."""

import time
from random import Random
from threading import Barrier, Thread

import psycopg
import pytest

from app.booking import queries
from app.booking.desk import BookingDesk
from app.db import transaction
from app.errors import Busy, UserNotFound
from app.models.references import new_reference
from app.services import account_deletion, accounts, bookings
from tests.support.naive import INSERT
from tests.support.servers import wait_until
from tests.support.stopwatch import quickest
from tests.support.sums import assert_seats_add_up, seats_left
from tests.support.threads import at_once, in_app

PASSWORD = "correct horse battery"
CLIENTS, EVENTS, DESKS = 16, 200, 4
MANY = 150
KEPT = (
    "SELECT count(*) FROM bookings JOIN users ON users.id = user_id "
    "WHERE deleted_at IS NOT NULL AND status = 'CONFIRMED'"
)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
END_WAITING = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
)
ALIVE = "SELECT deleted_at IS NULL, email, password_hash IS NOT NULL FROM users WHERE id = %s"


@pytest.fixture
def desks(desk):
    """As many processes have them."""
    return [BookingDesk(desk.gate) for _ in range(DESKS)]


@pytest.fixture
def without_the_lock(monkeypatch):
    """The statement that reads the users, and lets them leave meanwhile."""
    bare = queries._BUYERS._clone()
    bare._for_update_arg = None
    monkeypatch.setattr(queries, "_EARLIER", queries._earlier_of(bare))


@pytest.fixture
def member(make_user):
    return make_user(password=PASSWORD)


def leave_at_last(user, desk):
    """However often one is told to come again; how many bookings were cancelled."""
    for _ in range(60):
        try:
            return account_deletion.delete_account(user.id, PASSWORD, desk)
        except Busy:
            continue
    raise AssertionError("the account can't be deleted")


def one_round(app, desks, user, events_here):
    """Clients who book in the user's name until there is no such user, and the user's leaving;
    what surprised them. Of many events: those that were booked before are locked anyway."""
    until = time.monotonic() + 50

    def book_on(number):
        chance, desk = Random(number), desks[number % DESKS]
        while time.monotonic() < until:
            event = chance.choice(events_here)
            try:
                bookings.book(desk, user_id=user.id, event_id=event.id, seats=1)
            except UserNotFound:
                return
            except Busy:
                continue
        raise AssertionError("the user never left")

    works = [in_app(app, book_on, number) for number in range(CLIENTS)]
    answers = at_once([*works, in_app(app, leave_at_last, user, desks[0])])
    return [answer for answer in answers if isinstance(answer, Exception)]


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(4, id="short", marks=pytest.mark.short),
        pytest.param(16, id="whole", marks=pytest.mark.whole),
    ],
)
def test_who_leaves_beside_sixteen_who_book_for_them_keeps_no_booking(
    app, desks, make_user, make_event, sql, invariants, rounds
):
    events_here = [make_event(capacity=100_000) for _ in range(EVENTS)]
    for _ in range(rounds):
        user = make_user(password=PASSWORD)
        assert one_round(app, desks, user, events_here) == []
        assert sql(KEPT) == [(0,)]
    assert sql("SELECT count(*) > 0 FROM bookings") == [(True,)]


@pytest.mark.whole
def test_without_the_lock_somebody_who_has_left_keeps_a_booking(
    app, desks, make_user, make_event, sql, without_the_lock
):
    events_here = [make_event(capacity=100_000) for _ in range(EVENTS)]
    for _ in range(MANY):
        one_round(app, desks, make_user(password=PASSWORD), events_here)
        if sql(KEPT) != [(0,)]:
            return
    raise AssertionError("the race was never lost: it shows nothing")


def book_while_somebody_leaves(app, desk, url, user, event, sql):
    """A booking that is begun when the user's row is locked, and their leaving is not committed."""
    with psycopg.connect(url) as leaver:
        leaver.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", [user.id])
        leaver.execute("UPDATE users SET deleted_at = now() WHERE id = %s", [user.id])
        together, answers = Barrier(2), []

        def book():
            together.wait(10)
            facts = {"user_id": user.id, "event_id": event.id, "seats": 1}
            try:
                answers.append(in_app(app, bookings.book, desk, **facts)())
            except UserNotFound as error:
                answers.append(error)

        thread = Thread(target=book)
        thread.start()
        together.wait(10)
        wait_until(lambda: sql(WAITING) != [(0,)], 1)
        leaver.commit()
    thread.join(10)
    return answers[0]


def test_a_booking_waits_for_who_is_leaving_and_is_refused_then(
    app, desk, url, member, make_event, sql
):
    answer = book_while_somebody_leaves(app, desk, url, member, make_event(), sql)
    assert isinstance(answer, UserNotFound)
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_without_the_lock_it_is_booked_for_nobody(
    app, desk, url, member, make_event, sql, without_the_lock
):
    answer = book_while_somebody_leaves(app, desk, url, member, make_event(), sql)
    assert not isinstance(answer, Exception)
    assert sql(KEPT) == [(1,)]


def test_who_leaves_waits_for_a_booking_under_way_and_cancels_it_too(
    app, desk, url, member, make_event, make_booking, sql, invariants
):
    """On an event whose row was not locked: everything begins anew."""
    known, new = make_event(), make_event()
    make_booking(known, user=member, seats=2)
    with psycopg.connect(url) as buyer:
        buyer.execute("UPDATE events SET seats_available = 4 WHERE id = %s", [new.id])
        buyer.execute(INSERT, [new_reference(), member.id, new.id, None, None])
        leaver = Thread(
            target=in_app(app, account_deletion.delete_account, member.id, PASSWORD, desk)
        )
        leaver.start()
        wait_until(lambda: sql(WAITING) != [(0,)])
        buyer.commit()
    leaver.join(10)
    assert sql(ALIVE, member.id)[0][0] is False
    assert sql("SELECT status FROM bookings") == [("CANCELLED",), ("CANCELLED",)]
    assert (seats_left(sql, known), seats_left(sql, new)) == (5, 5)


def locks(what):
    table = {"event": "events", "account": "users"}[what]
    return f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE"


@pytest.mark.parametrize("held", ["event", "account"])
def test_who_can_not_leave_now_is_told_so_and_nothing_has_changed(
    app, desk, url, member, make_event, make_booking, sql, invariants, held
):
    event = make_event()
    make_booking(event, user=member, seats=2)
    before = sql(ALIVE, member.id)
    with psycopg.connect(url) as other:
        other.execute(locks(held), [{"event": event, "account": member}[held].id])

        def leave_in_vain():
            with app.app_context(), pytest.raises(Busy):
                account_deletion.delete_account(member.id, PASSWORD, desk)

        assert quickest(leave_in_vain, 3) < 3
    assert sql(ALIVE, member.id) == before == [(True, member.email, True)]
    assert sql("SELECT status, seats FROM bookings") == [("CONFIRMED", 2)]
    with app.app_context():
        assert accounts.authenticate(member.email, PASSWORD).id == member.id
        assert account_deletion.delete_account(member.id, PASSWORD, desk) == 1
    assert seats_left(sql, event) == 5
    assert_seats_add_up(sql)


def test_a_connection_lost_before_the_commit_has_changed_nothing(
    app, desk, url, member, make_event, make_booking, sql, invariants
):
    """On a slow machine the server ends a session that idles while it holds an event's row."""
    event = make_event()
    make_booking(event, user=member, seats=2)
    with psycopg.connect(url) as other:
        other.execute(locks("account"), [member.id])

        def end_who_waits():
            wait_until(lambda: sql(END_WAITING) == [(True,)])

        leave = in_app(app, account_deletion.delete_account, member.id, PASSWORD, desk)
        ended, answer = at_once([end_who_waits, leave])
    assert (ended, type(answer)) == (None, Busy)
    assert sql("SELECT status, seats FROM bookings") == [("CONFIRMED", 2)]
    assert in_app(app, account_deletion.delete_account, member.id, PASSWORD, desk)() == 1


def test_who_changes_their_name_holds_no_booking_up(app, desk, member, make_event, sql):
    event = make_event()
    with app.app_context(), transaction() as session:
        accounts.locked_user(session, member.id)
        facts = {"user_id": member.id, "event_id": event.id, "seats": 1}
        (answer,) = at_once([in_app(app, bookings.book, desk, **facts)])
    assert not isinstance(answer, Exception), answer


def test_people_who_leave_while_others_sign_in_hold_each_other_up_for_ever_never(
    app, desk, make_user, sql
):
    """Each sign-in also takes away those that are over, of whoever they were."""
    from app.services import sign_ins

    people = [make_user(password=PASSWORD) for _ in range(6)]
    works = []
    for user in people:
        works += [in_app(app, sign_ins.begin_for_user, user) for _ in range(4)]
        works.append(in_app(app, account_deletion.delete_account, user.id, PASSWORD, desk))
        sql(
            "INSERT INTO sign_ins (token_digest, user_id, expires_at) SELECT md5(random()::text), "
            "%s, now() - interval '1 s' FROM generate_series(1, 50)",
            user.id,
        )
    assert [answer for answer in at_once(works) if isinstance(answer, Exception)] == []
