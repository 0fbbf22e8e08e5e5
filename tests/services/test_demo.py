"""The demo's data: seeded again, it stays as it is."""

from datetime import timedelta

import pytest

from app.models import Phase, SaleState
from app.models.columns import now
from app.services import accounts, demo, events
from app.services.events import EventQuery, list_events

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("invariants")]
DAY = timedelta(days=1)
EVERYTHING = (
    "SELECT (SELECT array_agg(u ORDER BY id) FROM users u)::text, "
    "(SELECT array_agg(e ORDER BY id) FROM events e)::text, "
    "(SELECT array_agg(b ORDER BY id) FROM bookings b)::text"
)


def test_the_demo_has_the_users_and_events_that_the_contract_names(desk):
    demo.seed_demo(desk, with_password=True)
    first = [(events.get_event(i).name, events.get_event(i).capacity) for i in (1, 2, 3)]
    assert first == [("Indie Concert", 5), ("Tech Talk", 50), ("Art Expo", 100)]
    assert events.get_event(1).seats_available == 5
    for name in ("alice", "bob", "carol"):
        assert accounts.authenticate(f"{name}@example.com", "utsavam-demo")


def test_the_demo_shows_every_state_that_a_visitor_may_meet(desk):
    demo.seed_demo(desk, with_password=True)
    shown = list_events(EventQuery(upcoming_only=False, limit=100)).items
    states = {event.sale_state() for event in shown}
    expected = {"OPEN", "SOLD_OUT", "NOT_OPEN", "ENDED", "CANCELLED"}
    assert {SaleState[name] for name in expected} <= states
    assert {event.price_minor == 0 for event in shown} == {True, False}
    assert len({event.city for event in shown}) > 5


def test_one_of_the_demos_events_sells_several_ticket_types_once_seeded_and_twice(desk, sql):
    for _ in range(2):
        demo.seed_demo(desk, with_password=True)
    types = sql("SELECT name, is_default FROM ticket_types ORDER BY position")
    assert types == [("General", True), ("Front of stage", False), ("Student", False)]
    prices = "SELECT price_minor, highest_price_minor FROM events WHERE has_types"
    assert sql(prices) == [(30_000, 180_000)]


def upcoming(sql):
    return sql("SELECT name, start_at, end_at FROM events WHERE end_at > now() ORDER BY name")


def test_the_demos_events_fall_into_the_next_seven_days(desk, sql):
    demo.seed_demo(desk, with_password=True)
    shown = list_events(EventQuery(limit=100)).items
    under_way = [event for event in shown if event.phase() == Phase.UNDER_WAY]
    assert [event.sale_state() for event in under_way] == [SaleState.OPEN]
    assert all(event.start_at <= now() + 7 * DAY for event in shown)
    assert any(event.ends_at - event.start_at > DAY for event in shown)
    assert sql("SELECT count(*) FROM events WHERE end_at < now()") == [(1,)]


@pytest.mark.parametrize("shift", ["- interval '40 days'", "+ interval '40 days'"])
def test_a_demo_that_is_started_weeks_later_has_its_events_to_come_again(desk, sql, shift):
    demo.seed_demo(desk, with_password=True)
    before = [name for name, _start, _end in upcoming(sql)]
    sql(
        f"UPDATE events SET start_at = start_at {shift}, end_at = end_at {shift}, "
        f"sales_open_at = sales_open_at {shift}, sales_close_at = sales_close_at {shift} "
        "WHERE end_at > now()"
    )
    assert demo.seed_demo(desk, with_password=True).created == []
    assert [name for name, _start, _end in upcoming(sql)] == before
    assert all(start <= now() + 7 * DAY for _name, start, _end in upcoming(sql))
    stable = sql(EVERYTHING)
    demo.seed_demo(desk, with_password=True)
    assert sql(EVERYTHING) == stable


def test_an_organisers_own_event_of_the_same_name_stays_where_it_is(desk, make_event, sql):
    own = make_event(name="Tech Talk", venue="My Garage", start_at=now() - 40 * DAY)
    demo.seed_demo(desk, with_password=True)
    assert sql(f"SELECT start_at FROM events WHERE id = {own.id}") == [(own.start_at,)]


def test_seeding_again_changes_nothing(desk, sql):
    made = demo.seed_demo(desk, with_password=True)
    before = sql(EVERYTHING)
    again = demo.seed_demo(desk, with_password=True)
    assert sql(EVERYTHING) == before
    assert (again.created, again.present) == ([], made.created)


def test_seeding_again_gives_back_what_was_deleted_and_leaves_the_rest(desk, sql):
    demo.seed_demo(desk, with_password=True)
    events.delete_event(2, desk)
    assert demo.seed_demo(desk, with_password=True).created == ["Tech Talk"]


def test_the_seats_left_are_in_redis_as_operators_know_them(desk, redis):
    demo.seed_demo(desk, with_password=True)
    assert redis.get("event:1:tokens") == "5"
