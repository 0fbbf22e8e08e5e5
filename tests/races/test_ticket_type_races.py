"""Many people want the last tickets of a type, or of several types together, at once."""

from collections import Counter
from dataclasses import replace
from random import Random
from threading import Lock

import pytest
from sqlalchemy import select

from app.booking import queries
from app.booking.desk import BookingDesk
from app.booking.orders import Booked, Item
from app.errors import InvalidField, NotEnoughSeats, TicketTypeSoldOut
from app.models import TicketType
from app.services import bookings, ticket_types
from tests.support.sums import assert_seats_add_up, seats_left

TAKEN = "SELECT name, taken FROM ticket_types ORDER BY id"


@pytest.fixture
def event(make_event):
    return make_event(capacity=60)


@pytest.fixture
def types(factories, event):
    """General without a quota, twelve VIP, six Student."""
    return factories.ticket_types(
        event, {"name": "VIP", "quota": 12}, {"name": "Student", "quota": 6}
    )


@pytest.fixture
def each_desk(desk):
    """A desk as another process has it: its turns are transactions of their own."""
    return lambda: BookingDesk(desk.gate)


def order(desk, user, event, types, **by_name):
    items = [Item(types[name].id, seats) for name, seats in by_name.items()]
    facts = {"user_id": user.id, "event_id": event.id, "seats": sum(by_name.values())}
    return (bookings.book, (desk,), facts | {"items": items})


def counts(answers):
    return Counter(type(answer) for answer in answers)


def test_types_read_before_the_lock_are_counted_wrong(
    monkeypatch, race, each_desk, make_user, event, types, sql
):
    """The control: what the locking statement itself would see of the types is older than the
    lock."""
    seen, guard = {}, Lock()
    lock_rows, read = queries.lock_rows, queries.read_with_types

    def looked_first(session, event_ids):
        taken = dict(session.execute(select(TicketType.id, TicketType.taken)).all())
        found = lock_rows(session, event_ids)
        with guard:
            seen[id(session)] = taken
        return found

    def as_seen(session, *given):
        rows, kinds = read(session, *given)
        return rows, [replace(one, taken=seen[id(session)][one.id]) for one in kinds]

    monkeypatch.setattr(queries, "lock_rows", looked_first)
    monkeypatch.setattr(queries, "read_with_types", as_seen)
    user = make_user()
    for _ in range(6):
        race([order(each_desk(), user, event, types, General=1) for _ in range(8)])
    with pytest.raises(AssertionError, match="taken"):
        assert_seats_add_up(sql)


def test_a_quota_is_sold_to_its_last_ticket_and_no_further(
    race, each_desk, make_user, event, types, sql, invariants
):
    users = [make_user() for _ in range(30)]
    answers = race([order(each_desk(), user, event, types, VIP=1) for user in users])
    assert counts(answers) == {Booked: 12, TicketTypeSoldOut: 18}
    assert sql(TAKEN) == [("General", 0), ("VIP", 12), ("Student", 0)]


def test_orders_of_several_types_are_whole_or_nothing(
    race, each_desk, make_user, event, types, sql, invariants
):
    users = [make_user() for _ in range(24)]
    some = {"General": 1, "VIP": 2, "Student": 1}
    answers = race([order(each_desk(), user, event, types, **some) for user in users])
    assert counts(answers) == {Booked: 6, TicketTypeSoldOut: 18}
    assert sql(TAKEN) == [("General", 6), ("VIP", 12), ("Student", 6)]
    assert sql("SELECT count(*), count(DISTINCT order_reference) FROM bookings") == [(18, 6)]


def test_quotas_beyond_the_capacity_share_it(
    race, each_desk, make_user, make_event, factories, sql, invariants
):
    event, user = make_event(capacity=10), make_user()
    types = factories.ticket_types(event, {"name": "VIP", "quota": 8}, {"name": "Box", "quota": 8})
    calls = [order(each_desk(), user, event, types, **{name: 1}) for name in ("VIP", "Box") * 12]
    assert counts(race(calls))[Booked] == 10
    assert seats_left(sql, event) == 0


def test_orders_cancellations_and_edits_at_once_count_every_type(
    race, each_desk, make_user, event, types, sql, invariants
):
    random, users = Random(3), [make_user() for _ in range(4)]
    made = []
    for _ in range(6):
        calls = []
        for user in users:
            some = random.choice([{"VIP": 1, "Student": 2}, {"General": 2}, {"VIP": 3}])
            calls.append(order(each_desk(), user, event, types, **some))
        for booking in made[:3]:
            keep = {"keep": random.choice((0, 1))}
            calls.append((bookings.cancel, (each_desk(), booking.id), keep))
        edit = (event.id, types["VIP"].id, {"quota": random.randint(5, 14)}, each_desk())
        calls.append((ticket_types.change_type, edit, {}))
        random.shuffle(calls)
        answers = race(calls)
        errors = [one for one in answers if isinstance(one, Exception)]
        assert all(isinstance(one, NotEnoughSeats | InvalidField) for one in errors), errors
        made += [one for answer in answers if isinstance(answer, Booked) for one in answer.bookings]
        random.shuffle(made)
        assert_seats_add_up(sql)


def test_one_key_pressed_many_times_is_one_order_of_all_its_types(
    race, each_desk, make_user, event, types, sql, invariants
):
    function, _desk, facts = order(each_desk(), make_user(), event, types, VIP=1, Student=1)
    again = [(function, (each_desk(),), facts | {"idempotency_key": "k"}) for _ in range(12)]
    answers = race(again)
    assert counts(answers) == {Booked: 12}
    assert len({tuple(one.id for one in answer.bookings) for answer in answers}) == 1
    assert sql(TAKEN) == [("General", 0), ("VIP", 1), ("Student", 1)]
