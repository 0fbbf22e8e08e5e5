"""Guests who are new to the site book at the same moment, in one process and in several."""

from collections import Counter
from threading import Barrier

import psycopg

from app.booking import guest_queries
from app.booking.desk import BookingDesk
from app.booking.orders import Booked, Guest, Order
from app.errors import DatabaseDown, NotEnoughSeats, OverPersonLimit
from app.services import bookings
from tests.support.sums import seats_sold
from tests.support.threads import at_once, in_app

ROUNDS = 25
EMAILS = [f"guest-{number:03}@example.com" for number in range(60)]


def kinds(answers):
    return Counter(type(answer) for answer in answers)


def calls(desk, event, emails, **facts):
    facts = {"event_id": event.id, "seats": 1, "name": "Asha", **facts}
    return [(bookings.book_as_guest, (desk,), {"email": email, **facts}) for email in emails]


def book_naively(url, event, email, together):
    """Look whether there is such a person, and record them in a transaction of their own."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT id FROM users WHERE email = %s", [email]).fetchone()
        connection.commit()
        together.wait(10)
        if found is None:
            connection.execute("INSERT INTO users (email) VALUES (%s)", [email])
            connection.commit()
        row = connection.execute(
            "SELECT seats_available FROM events WHERE id = %s FOR UPDATE", [event.id]
        ).fetchone()
        return "booked" if row[0] else "sold out"


def test_the_naive_way_fails_for_all_but_one_and_leaves_people_behind(url, make_event, sql):
    event, together = make_event(capacity=1), Barrier(10)
    sql("UPDATE events SET seats_available = 0, seats_held = 1")
    answers = at_once([lambda: book_naively(url, event, "asha@example.com", together)] * 10)
    assert kinds(answers) == {str: 1, psycopg.errors.UniqueViolation: 9}
    assert sql("SELECT count(*) FROM users") == [(1,)], "for no seat at all"


def test_fifty_at_once_with_one_email_make_one_person(race, desk, make_event, sql, invariants):
    event = make_event(capacity=50, max_per_person=7)
    answers = race(calls(desk, event, ["asha@example.com"] * 50))
    assert kinds(answers) == {Booked: 7, OverPersonLimit: 43}
    assert sql("SELECT count(*) FROM users") == [(1,)]
    assert seats_sold(sql, event) == 7


def test_fifty_at_once_in_four_processes_over_as_many_events_make_one_person(
    app, desk, make_event, sql, invariants
):
    """No event's row makes them wait for one another: the email does."""
    desks = [BookingDesk(desk.gate) for _ in range(4)]
    events = [make_event(capacity=60) for _ in range(4)]
    for number in range(5):
        works = [
            in_app(app, function, *args, **facts)
            for i in range(48)
            for function, args, facts in calls(
                desks[i % 4], events[i % 4], [f"asha-{number}@example.com"]
            )
        ]
        assert kinds(at_once(works)) == {Booked: 48}
    assert sql("SELECT count(*) FROM users") == [(5,)]


def test_of_fifty_new_people_for_five_seats_five_are_recorded(
    race, desk, make_event, sql, invariants
):
    event = make_event(capacity=5)
    answers = race(calls(desk, event, EMAILS[:50]))
    assert kinds(answers) == {Booked: 5, NotEnoughSeats: 45}
    assert sql("SELECT count(*) FROM users") == [(5,)]


def test_one_key_twenty_times_makes_one_booking(race, desk, make_event, sql, invariants):
    event = make_event()
    answers = race(calls(desk, event, ["asha@example.com"] * 20, idempotency_key="k-1"))
    assert kinds(answers) == {Booked: 20}
    assert len({answer.booking.reference for answer in answers}) == 1
    assert seats_sold(sql, event) == 1


def by_guest(email, event):
    return Order(None, event.id, 1, guest=Guest(email, "Asha"))


def record_in_opposite_order(app, desk, make_event, sql, rounds=ROUNDS):
    """Two processes that record the same new people, in opposite order; what they answered."""
    desks = [BookingDesk(desk.gate) for _ in range(2)]
    events = [make_event(capacity=100_000) for _ in desks]
    for _ in range(rounds):
        sql("DELETE FROM bookings")
        sql("DELETE FROM users")
        works = [
            in_app(app, desk.settle, [by_guest(email, event) for email in emails])
            for desk, event, emails in zip(desks, events, (EMAILS, EMAILS[::-1]), strict=True)
        ]
        yield kinds(outcome for outcomes in at_once(works) for outcome in outcomes)


def test_two_processes_that_record_the_same_people_never_deadlock(app, desk, make_event, sql):
    for answers in record_in_opposite_order(app, desk, make_event, sql):
        assert answers == {Booked: 2 * len(EMAILS)}
        assert sql("SELECT count(*) FROM users") == [(len(EMAILS),)]


def test_recorded_in_the_order_in_which_they_come_they_deadlock(
    monkeypatch, app, desk, make_event, sql
):
    people = guest_queries._PEOPLE.order_by(None)
    monkeypatch.setattr(guest_queries, "_PEOPLE", people)
    as_they_come = guest_queries._write_with_guests.__wrapped__
    monkeypatch.setattr(guest_queries, "_write_with_guests", as_they_come)
    # It ends with the first deadlock, mostly soon.
    for answers in record_in_opposite_order(app, desk, make_event, sql, 6 * ROUNDS):
        if answers[DatabaseDown]:
            return
    raise AssertionError("the race was never lost: it shows nothing")
