import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from app.booking.redis_client import connect
from app.errors import InvalidField, NotAdmitted, RoomAway
from app.lib.draws import draw, draw_key
from app.services import audit, waiting_rooms
from app.services.room_list import RoomList
from app.services.room_settings import change_room, get_room
from app.services.waiting_rooms import RoomPhase
from app.waiting_room.rooms import WaitingRooms


def in_a_while(seconds=60):
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.fixture
def lobby(room, factories):
    """A room whose sale begins in a while."""
    return lambda seconds=60, **changes: room(
        factories.event(sales_open_at=in_a_while(seconds)), **changes
    )


def test_an_event_without_a_room_lets_everybody_book(known, factories, person):
    one = person(factories.event().id)
    one.tries(known)
    assert one.stands(known) is None
    assert one.join(known).ticket is None


def test_who_has_not_joined_is_told_to_and_books_nothing(known, room, person):
    one = person(room())
    with pytest.raises(NotAdmitted) as refused:
        one.tries(known)
    assert refused.value.phase == "not_joined"


def test_a_process_that_nobody_asked_for_long_knows_a_room_that_was_turned_on(
    known, another, factories, person
):
    event_id = factories.event().id
    person(event_id).tries(another)
    another._read_at -= 60
    change_room(known, event_id, {"mode": "on"})
    with pytest.raises(NotAdmitted):
        person(event_id).tries(another)


def test_turns_come_in_order_of_arrival_at_the_pace(known, room, person):
    event_id = room(per_minute=60)
    people = [person(event_id).join(known) for _ in range(30)]
    stands = [one.stands(known) for one in people]
    assert [found.place for found in stands] == list(range(1, 31))
    phases = [found.phase for found in stands]
    admitted = phases.count(RoomPhase.ADMITTED)
    assert admitted <= 4
    assert phases == [RoomPhase.ADMITTED] * admitted + [RoomPhase.WAITING] * (30 - admitted)
    people[0].tries(known)
    with pytest.raises(NotAdmitted, match="waiting"):
        people[-1].tries(known)


def test_an_estimate_is_a_range_around_what_the_pace_takes(known, room, person):
    event_id = room(per_minute=60)
    people = [person(event_id).join(known) for _ in range(100)]
    found = people[-1].stands(known)
    earliest, latest = found.wait
    assert 95 <= found.before <= 99
    assert earliest < found.before < latest


def test_a_lobby_is_drawn_when_sales_begin(known, another, lobby, person, sql):
    event_id = lobby(0.7, per_minute=600)
    people = [person(event_id).join(known) for _ in range(40)]
    assert {one.stands(known).phase for one in people} == {RoomPhase.LOBBY}
    assert people[0].stands(known).room.seed is None
    time.sleep(0.8)
    late = person(event_id).join(another)
    assert late.stands(known).place == 41
    places = [one.stands(another).place for one in people]
    assert sorted(places) == list(range(1, 41))
    room = people[0].stands(known).room
    assert places == list(draw(draw_key(room.seed, room.mix, 40), 40))
    assert [room.seed] == [seed for (seed,) in sql("SELECT seed FROM waiting_rooms")]


def test_what_browsers_add_makes_another_draw(known, lobby, person):
    mixes = set()
    event_id = lobby()
    for _ in range(20):
        person(event_id).join(known)
        mixes.add(person(event_id).stands(known).room.mix)
    assert len(mixes) == 20


def test_a_user_has_one_number_however_often_they_join(known, another, room, person):
    event_id = room()
    one = person(event_id, user_id=5).join(known)
    person(event_id).join(known)
    again = one.ticket
    assert one.join(another).ticket == again
    assert one.stands(known).room.arrived == 2


def test_a_ticket_of_another_event_or_a_former_room_is_worth_nothing(known, room, person):
    first, second = room(), room()
    one = person(first).join(known)
    one.event_id = second
    assert one.stands(known).phase == RoomPhase.NOT_JOINED
    one.event_id = first
    assert one.stands(known).phase == RoomPhase.ADMITTED
    for mode in ("off", "on"):
        change_room(known, first, {"mode": mode})
    assert one.stands(known).phase == RoomPhase.NOT_JOINED


def test_somebody_elses_ticket_is_worth_nothing(known, room, person):
    event_id = room()
    bought = person(event_id)
    bought.ticket = person(event_id).join(known).ticket
    with pytest.raises(NotAdmitted, match="not_joined"):
        bought.tries(known)


def test_a_paused_room_begins_nobodys_turn_and_takes_none_away(known, another, room, person):
    event_id = room(per_minute=600)
    one = person(event_id).join(known)
    assert one.stands(known).is_admitted
    change_room(known, event_id, {"paused": True})
    later = [person(event_id).join(known) for _ in range(60)]
    assert one.stands(another).is_admitted
    last = later[-1].stands(another)
    assert last.phase == RoomPhase.WAITING
    assert last.wait is None
    assert last.paused
    time.sleep(0.3)
    assert later[-1].stands(known).before == last.before
    change_room(known, event_id, {"paused": False, "per_minute": 60_000})
    time.sleep(0.3)
    assert later[-1].stands(known).is_admitted


def test_nobody_is_told_of_a_turn_that_is_put_off_meanwhile(known, another, room, person):
    """Another process looked last before the line was paused, and reckons on."""
    event_id = room(per_minute=1200)
    people = [person(event_id).join(known) for _ in range(40)]
    people[0].stands(another)
    change_room(known, event_id, {"paused": True})
    people[0].stands(known)
    time.sleep(0.3)
    told = [one.still_stands(another).is_admitted for one in people]
    assert told == [one.stands(known).is_admitted for one in people]
    assert 0 < told.count(True) < 30


def test_whoever_was_told_of_their_turn_books_with_any_process(known, another, room, person):
    event_id = room(per_minute=60)
    people = [person(event_id).join(known) for _ in range(40)]
    people[0].stands(another)
    change_room(known, event_id, {"per_minute": 3000})
    people[0].stands(known)
    time.sleep(0.3)
    told = [one for one in people if one.stands(known).is_admitted]
    assert 10 < len(told) < 40
    time.sleep(0.06)
    for one in told:
        one.tries(another)


def test_a_crowd_that_comes_late_is_not_let_in_at_once(known, room, person, redis):
    event_id = room(per_minute=600)
    person(event_id).join(known)
    key = f"{{event:{event_id}}}:waiting-room"
    hour_ago = time.time() - 3600
    redis.hset(key, mapping={"opened": hour_ago, "paces": json.dumps([[hour_ago, 0, 10]])})
    crowd = [person(event_id).join(known) for _ in range(100)]
    admitted = [one for one in crowd if one.stands(known).is_admitted]
    assert 25 <= len(admitted) <= 45


def test_an_empty_redis_is_given_back_what_it_forgot(known, another, room, person, redis):
    event_id = room(per_minute=1)
    people = [person(event_id).join(known) for _ in range(20)]
    waiting_rooms._copied_at.clear()
    before = [one.stands(known).place for one in people]
    redis.flushall()
    another.forget()
    assert [one.stands(another).place for one in people] == before
    new = person(event_id).join(another)
    assert new.stands(another).place > 20


def test_a_pause_that_was_never_copied_holds_when_redis_is_emptied(
    known, another, room, person, redis
):
    event_id = room(per_minute=6000)
    one = person(event_id).join(known)
    one.stands(known)
    change_room(known, event_id, {"paused": True})
    redis.flushall()
    late = [person(event_id).join(another) for _ in range(10)]
    stood = known.rooms.look(another.row(event_id)).room
    assert stood.paces[-1].per_second == 0
    assert not late[-1].stands(another).is_admitted


def test_another_room_in_redis_is_not_mistaken_for_this_one(known, room, person, redis):
    event_id = room()
    redis.set(f"{{event:{event_id}}}:waiting-room", "rubbish")
    assert person(event_id).join(known).stands(known).place == 1


def test_without_redis_those_who_wait_keep_their_place_and_their_turn(
    app, factories, person, own_redis, names
):
    known = RoomList(
        app, WaitingRooms(connect(f"redis://127.0.0.1:{own_redis.port}/0", 100), names)
    )
    event_id = factories.event().id
    change_room(known, event_id, {"mode": "on", "per_minute": 120})
    people = [person(event_id).join(known) for _ in range(8)]
    assert not people[-1].stands(known).is_admitted
    own_redis.stop()
    newcomer = person(event_id)
    with pytest.raises(RoomAway):
        newcomer.join(known)
    with pytest.raises(NotAdmitted):
        newcomer.tries(known)
    time.sleep(2)
    people[0].tries(known)
    change_room(known, event_id, {"open_without_redis": True})
    newcomer.tries(known)


@pytest.mark.parametrize(
    ("field", "value"), [("per_minute", 0), ("per_minute", 60_001), ("pass_minutes", 1)]
)
def test_a_figure_out_of_its_range_is_named(known, factories, field, value):
    event = factories.event()
    with pytest.raises(InvalidField) as refused:
        change_room(known, event.id, {"mode": "on", field: value})
    assert refused.value.field == field
    assert get_room(event.id).mode == "off"


def test_what_staff_change_is_in_the_audit_log(known, factories, sql):
    event = factories.event()
    audit.act_as("Asha")
    change_room(known, event.id, {"mode": "on"})
    ((action, before, after),) = sql("SELECT action, before, after FROM audit_entries")
    assert (action, before, after) == ("waiting_room.changed", {"mode": "off"}, {"mode": "on"})


def test_a_database_that_hangs_keeps_nobody_waiting(known, room):
    event_id = room()
    assert known.row(event_id)
    with known._reading:  # as by a reading that does not end
        for moment in ("_began", "_read_at"):
            setattr(known, moment, getattr(known, moment) - 60)
        began = time.monotonic()
        for _ in range(20):
            assert known.row(event_id)
        assert time.monotonic() - began < 0.2
