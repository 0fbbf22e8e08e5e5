"""A pace that follows what the site serves: what processes report, and what they make of it."""

import json
import random
import time

import pytest

from app.errors import NotAdmitted
from app.lib.timings import Timings
from app.services.room_minutes import last_hour
from app.services.room_pace import RoomPacer
from app.services.room_settings import change_room
from app.services.waiting_rooms import RoomPhase
from app.waiting_room.pacing import CUT, FLOOR, START, Strain
from app.waiting_room.reports import Report, Reports, Turn


@pytest.fixture
def reports(app, names):
    return Reports(app.extensions["redis"], names)


@pytest.fixture
def pacer(app, known, reports):
    """What looks after the rooms each second; here it is called for each."""
    desk = app.extensions["desk"]
    desk.timings = Timings()
    pacer = RoomPacer(app, known, reports, desk)
    known.watched_by = None
    yield pacer
    desk.timings = None


@pytest.fixture
def second(pacer, known, redis):
    """Let a second pass in which orders of these events took so long."""

    def pass_by(event_id, orders=(), lag=0.0):
        key = f"{{event:{event_id}}}:waiting-room:figures"
        if redis.type(key) == "hash":
            redis.hdel(key, "second")  # whoever reports now is the first of this second
        for seconds in orders:
            pacer._desk.timings.note(event_id, seconds)
        known.forget()
        pacer.look_after(known.watched(), lag)
        known.rooms.forget()
        return redis.hgetall(key)

    return pass_by


@pytest.fixture
def age(redis):
    """Make a room as old as this: it opened before, and its pace has held since."""

    def make(event_id, seconds):
        key = f"{{event:{event_id}}}:waiting-room"
        opened = float(redis.hget(key, "opened")) - seconds
        rate = float(redis.hget(key, "rate"))
        redis.hset(key, mapping={"opened": opened, "paces": f"[[{opened:.3f},1,{rate}]]"})

    return make


def pace_of(known, event_id):
    known.rooms.forget()
    return known.rooms.look(known.row(event_id)).room.per_second


def test_a_new_room_is_measured_and_one_with_a_pace_is_not(known, room, second):
    assert pace_of(known, room()) == START
    assert pace_of(known, room(per_minute=60)) == 1


def test_it_grows_while_people_come_and_nothing_is_strained(known, room, second):
    event_id = room()
    for _ in range(3):
        second(event_id)
    assert START * 1.1 < pace_of(known, event_id) < START * 1.3


def test_it_falls_to_the_floor_if_nobody_comes(known, room, second, age):
    event_id = room()
    age(event_id, 60)
    told = second(event_id)
    assert pace_of(known, event_id) == FLOOR
    assert told["told why"] == "coming"


def test_those_who_came_are_counted_once_however_often_they_look(known, room, second, person, age):
    event_id = room()
    people = [person(event_id).join(known) for _ in range(30)]
    age(event_id, 60)
    for _ in range(3):
        assert all(one.stands(known).is_admitted for one in people)
        told = second(event_id)
    assert told["came"] == "30"
    assert pace_of(known, event_id) == pytest.approx(30 / 6 * 1.25, rel=0.01)


def test_it_is_cut_while_the_desk_is_slow(known, room, second):
    event_id = room()
    told = second(event_id, orders=[0.4] * 10)
    assert pace_of(known, event_id) == pytest.approx(START * CUT)
    assert (told["told why"], told["told strained_by"]) == ("strained", "desk")


def test_it_is_cut_while_another_process_is_late(known, room, second, reports, redis):
    event_id = room()
    second(event_id)
    key = f"{{event:{event_id}}}:waiting-room:figures"
    redis.hset(key, "of another", f"{int(time.time())} 0 0 0.2 0 0")
    assert second(event_id)["told strained_by"] == "lag"
    redis.hset(key, "of another", f"{int(time.time()) - 10} 0 0 0.2 0 0")
    assert second(event_id)["told strained_by"] == ""


def test_one_process_a_second_decides(known, room, reports, redis):
    event_id = room()
    look = known.rooms.look(known.row(event_id))
    answers = [reports.bring(look.room, look.now, Report(Strain()), slow_after=1) for _ in range(5)]
    assert sum(found is not None for found in answers) in {1, 2}  # a second may have ended


def test_no_more_are_inside_than_the_organiser_wants(known, room, second, person, age):
    event_id = room(per_minute=60_000, most_inside=10)
    people = [person(event_id).join(known) for _ in range(30)]
    age(event_id, 0.02)
    assert sum(one.stands(known).is_admitted for one in people) > 10
    told = second(event_id)
    assert (told["told why"], pace_of(known, event_id)) == ("inside", 0)
    assert int(told["told inside"]) > 10
    row = known.row(event_id)
    for place in range(1, 31):
        known.noted.booked(Turn(event_id, row.epoch, place))
    told = second(event_id)
    assert int(told["told inside"]) == 0
    assert told["booked"] == "30"
    assert pace_of(known, event_id) == 10 / 5


def test_reservations_that_are_not_paid_count_as_inside(
    known, room, second, factories, sql, make_user
):
    event = factories.event()
    event_id = room(event, per_minute=600, most_inside=2)
    sql(
        "INSERT INTO bookings (reference, user_id, event_id, seats, status, reserved_until)"
        " SELECT 'AAAABBBBCC' || n, %s, %s, 1, 'RESERVED', now() + interval '1 hour'"
        " FROM generate_series(10, 11) n",
        make_user().id,
        event_id,
    )
    assert second(event_id)["told paying"] == "2"
    assert pace_of(known, event_id) == 0


def test_a_pace_that_was_measured_goes_on_after_a_pause(known, room, second):
    event_id = room()
    for _ in range(5):
        second(event_id)
    before = pace_of(known, event_id)
    assert before > START
    change_room(known, event_id, {"paused": True})
    second(event_id)
    assert pace_of(known, event_id) == 0
    change_room(known, event_id, {"paused": False})
    assert pace_of(known, event_id) == before


def test_settings_that_changed_meanwhile_keep_their_pace(known, another, room):
    event_id = room()
    old = known.row(event_id)
    change_room(another, event_id, {"per_minute": 120})
    assert not known.rooms.set_pace(old, 50)
    assert pace_of(another, event_id) == 2


def test_a_process_that_knows_the_room_before_does_not_bring_it_back(known, another, room, person):
    event_id = room()
    old = known.row(event_id)
    for mode in ("off", "on"):
        change_room(another, event_id, {"mode": mode})
    one = person(event_id).join(another)
    known.rooms.look(old)
    assert one.stands(another).is_admitted
    assert person(event_id).join(another).stands(another).room.arrived == 2


def test_many_changes_of_pace_leave_few_and_move_nobodys_turn_much(known, room, redis):
    """A pace that changes each second over ten minutes would leave six hundred."""
    event_id = room(per_minute=600)
    row, chance = known.row(event_id), random.Random(5)
    key = f"{{event:{event_id}}}:waiting-room"
    redis.hset(key, "arrived", 1_000_000)
    ages, pace = {}, 10.0
    for at in range(0, 600, 4):
        # As if four seconds had passed.
        redis.hset(key, "paces", shifted(redis.hget(key, "paces"), 4))
        pace = min(max(pace * chance.choice([1.17, 1.17, 0.75]), 5), 200)
        known.rooms.set_pace(row, pace)
        look = known.rooms.look(row)
        place = int(look.room.served(look.now)) - 1
        ages[place] = 596 - at - look.room.turn_of(place, look.now)
        for earlier in list(ages)[-75::5]:
            assert look.room.turn_of(earlier, look.now) is not None, "begun, and not any more"
    assert len(look.room.paces) <= 40
    assert len(redis.hget(key, "paces")) < 1_600
    remembered = [place for place in ages if place > look.room.paces[0].served]
    moved = [abs(-look.room.turn_of(place, look.now) - ages[place]) for place in remembered]
    assert len(moved) > 100
    assert max(moved) < 2


def shifted(paces, seconds):
    return json.dumps([[at - seconds, served, rate] for at, served, rate in json.loads(paces)])


def test_a_room_turns_itself_on_when_the_desk_is_slow_for_some_seconds(
    known, factories, second, person, redis, sql
):
    event_id = factories.event().id
    change_room(known, event_id, {"mode": "auto"})
    person(event_id).tries(known)
    for _ in range(2):
        second(event_id, orders=[1.5] * 100)
    person(event_id).tries(known)
    redis.hset(f"{{event:{event_id}}}:waiting-room:figures", "slow_since", time.time() - 5)
    second(event_id, orders=[1.5] * 100)
    with pytest.raises(NotAdmitted):
        person(event_id).tries(known)
    people = [person(event_id).join(known) for _ in range(5)]
    assert [one.stands(known).place for one in people] == [1, 2, 3, 4, 5]
    assert pace_of(known, event_id) == 75
    assert sql("SELECT actor, action FROM audit_entries ORDER BY id DESC LIMIT 1") == [
        ("the waiting room itself", "waiting_room.turned_on")
    ]


@pytest.mark.parametrize("orders", [[0.9] * 100, []])
def test_a_desk_that_is_quick_enough_turns_nothing_on(
    known, factories, second, person, redis, orders
):
    event_id = factories.event().id
    change_room(known, event_id, {"mode": "auto"})
    second(event_id, orders=[1.5])
    redis.hset(f"{{event:{event_id}}}:waiting-room:figures", "slow_since", time.time() - 5)
    second(event_id, orders=orders)
    person(event_id).tries(known)


def test_it_turns_itself_off_when_nobody_has_waited_for_minutes(
    known, factories, second, person, redis, sql
):
    event_id = factories.event().id
    change_room(known, event_id, {"mode": "auto"})
    sql("UPDATE waiting_rooms SET auto_on = true, revision = 9")
    known.forget()
    key = f"{{event:{event_id}}}:waiting-room:figures"
    assert person(event_id).stands(known).phase == RoomPhase.NOT_JOINED
    second(event_id)
    redis.hset(key, "calm_since", time.time() - 200)
    second(event_id, orders=[0.5] * 9)
    assert known.row(event_id), "something is strained"
    redis.hset(key, "calm_since", time.time() - 200)
    second(event_id)
    assert known.row(event_id) is None
    person(event_id).tries(known)


def test_each_minute_is_kept(known, room, second, person, age, redis):
    event_id = room(per_minute=120)
    for joins in (3, 4):
        people = [person(event_id).join(known) for _ in range(joins)]
        age(event_id, 30)
        assert all(one.stands(known).is_admitted for one in people)
        second(event_id)
        redis.hdel(f"{{event:{event_id}}}:waiting-room:figures", "minute")
        found = last_hour(event_id)
    assert sum(minute.joined for minute in found) == 7
    assert sum(minute.came for minute in found) in {3, 7}
    assert found[-1].per_minute == 120


@pytest.mark.parametrize("kind", ["figures", "came", "booked"])
def test_rubbish_in_redis_is_thrown_away(known, room, second, redis, pacer, kind):
    event_id = room()
    second(event_id)
    key = f"{{event:{event_id}}}:waiting-room:{kind}"
    redis.delete(key)
    redis.lpush(key, "rubbish")
    known.noted.booked(Turn(event_id, known.row(event_id).epoch, 1))
    pacer.look_after(known.watched())
    assert redis.type(key) == "none"
    assert second(event_id)["told why"]
