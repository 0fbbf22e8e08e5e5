"""A rehearsal takes away all that it made, and nothing that anybody else did."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from app.models import User
from app.models.columns import now
from app.services import audit, bookings, rehearsals, sales

RUN = "1a2b3c4d"
ZONE = ZoneInfo("Asia/Kolkata")
TABLES = ["events", "bookings", "users", "api_tokens", "sales_days"]


@pytest.fixture
def rehearsal(make_event, make_user, make_booking, make_token, desk):
    """An event with bookings whole, in part and given back, by three people with their tokens."""
    event = make_event(name=f"Rehearsal {RUN}", venue=rehearsals.VENUE, capacity=20)
    for number in (1, 2, 3):
        user = make_user(f"rehearsal-{RUN}-{number}@example.com")
        make_token(user)
        made = [make_booking(event, user=user, seats=3) for _ in range(2)]
        bookings.cancel(desk, made[0].id, keep=1)
    make_user(f"rehearsal-{RUN}-4@example.com")
    return event


@pytest.fixture
def counts(sql):
    return lambda: {table: sql(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


@pytest.fixture
def remove(desk):
    return lambda run=RUN: rehearsals.remove(run, desk, ZONE)


def sums(day):
    total = sales.sales(day, day, ZONE).total
    return total.bookings, total.seats


@pytest.mark.long
def test_nothing_is_left_of_it_and_the_audit_log_says_so(
    rehearsal, remove, counts, sql, monkeypatch
):
    monkeypatch.setattr(rehearsals, "BATCH", 2)
    sql("UPDATE bookings SET created_at = created_at - interval '3 days'")
    day = (now() - timedelta(days=3)).astimezone(ZONE).date()
    assert sums(day)[0] == 6
    audit.act_as("asha")
    removed = remove()
    assert (removed.events, removed.bookings, removed.users, removed.kept) == (1, 9, 4, 0)
    assert set(counts().values()) == {0}
    assert sums(day) == (0, 0)
    told = "SELECT actor, action, subject_name, before FROM audit_entries ORDER BY id"
    assert sql(told)[-1] == (
        *("asha", "rehearsal.removed", f"Rehearsal {RUN}"),
        {"bookings": 9, "users": 4, "kept": 0},
    )
    assert remove() == rehearsals.Removed()


OTHERS = [
    "guest@example.org",
    "rehearsal-1a2b3c4d-1@example.org",
    "rehearsal-ffffffff-1@example.com",
    "rehearsal-1a2b3c4d-x@example.com",
    "x-rehearsal-1a2b3c4d-1@example.com",
    "rehearsal-1a2b3c4d-1@example.com.example.org",
]


@pytest.mark.parametrize("email", OTHERS)
def test_nobody_else_and_nothing_of_theirs_goes(
    rehearsal, remove, make_user, make_event, make_booking, sql, email
):
    """Not even their booking of the rehearsal's event, once that was deleted on its page."""
    other, show = make_user(email), make_event(name="Rehearsal Dinner", capacity=20)
    theirs = [make_booking(event, user=other, seats=2).id for event in (show, rehearsal)]
    assert remove() == rehearsals.Removed(kept=1)
    assert sql("SELECT count(*) FROM bookings WHERE status = 'CONFIRMED'")[0][0] == 8
    sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE id = %s", theirs[1])
    sql("UPDATE events SET deleted_at = now() WHERE id = %s", rehearsal.id)
    removed = remove()
    assert (removed.events, removed.bookings, removed.users, removed.kept) == (0, 9, 4, 1)
    assert sql("SELECT id FROM bookings ORDER BY id") == [(id,) for id in theirs]
    assert sql("SELECT email FROM users") == [(email,)]
    assert sql("SELECT count(*) FROM events") == [(2,)]


def test_the_sums_of_an_event_that_stays_are_those_of_what_stays(
    rehearsal, remove, make_user, make_booking, sql
):
    make_booking(rehearsal, user=make_user(), seats=2)
    sql("UPDATE bookings SET created_at = created_at - interval '3 days'")
    sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE cancelled_at IS NULL")
    sql("UPDATE events SET deleted_at = now()")
    day = (now() - timedelta(days=3)).astimezone(ZONE).date()
    assert sums(day)[0] == 7
    remove()
    assert sums(day) == (1, 2)


def test_one_of_its_people_who_booked_another_event_stays_with_that_booking(
    rehearsal, remove, make_event, make_booking, sql
):
    ((user_id,),) = sql("SELECT id FROM users WHERE email = %s", f"rehearsal-{RUN}-1@example.com")
    show = make_event(name="A real show")
    booking = make_booking(show, user=User(id=user_id))
    removed = remove()
    assert (removed.events, removed.users) == (1, 3)
    assert sql("SELECT id FROM bookings") == [(booking.id,)]


@pytest.mark.parametrize(
    ("name", "venue"),
    [(f"Rehearsal {RUN}", "Town Hall"), (f"The Rehearsal {RUN}", rehearsals.VENUE)],
)
def test_an_event_that_only_sounds_like_it_stays_with_its_bookings(
    remove, make_event, make_user, make_booking, sql, name, venue
):
    make_booking(
        make_event(name=name, venue=venue), user=make_user(f"rehearsal-{RUN}-1@example.com")
    )
    assert remove() == rehearsals.Removed()
    assert sql("SELECT status FROM bookings") == [("CONFIRMED",)]


@pytest.mark.parametrize("run", ["", "%", ".*", "1A2B3C4D", "1a2b3c4d5", "1a2b3c4"])
def test_what_is_no_name_of_a_rehearsal_removes_nothing(rehearsal, remove, counts, run):
    before = counts()
    assert remove(run) == rehearsals.Removed()
    assert counts() == before
