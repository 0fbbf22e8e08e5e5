"""Those who come at the same moment are asked for together, and each gets a number of their own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.waiting_room.tickets import opened
from tests.waiting_room.conftest import KEY

MANY = 80


@pytest.fixture
def at_once(app, known):
    """Have people join at the same moment; answers their numbers, in their order."""

    def join(people):
        def one(person):
            with app.app_context():
                return opened(person.join(known).ticket, [KEY], person.holder).number

        with ThreadPoolExecutor(len(people)) as pool:
            return list(pool.map(one, people))

    return join


def test_each_gets_a_number_of_their_own(room, person, at_once):
    event_id = room()
    numbers = at_once([person(event_id) for _ in range(MANY)])
    assert sorted(numbers) == list(range(1, MANY + 1))


def test_people_of_two_rooms_are_not_mixed_up(room, person, at_once):
    one, other = room(), room()
    numbers = at_once([person((one, other)[n % 2]) for n in range(MANY)])
    for mine in (numbers[::2], numbers[1::2]):
        assert sorted(mine) == list(range(1, MANY // 2 + 1))


def test_a_user_who_comes_twice_at_once_has_one_number(room, person, at_once, make_user):
    event_id, user_id = room(), make_user().id
    assert len(set(at_once([person(event_id, user_id=user_id) for _ in range(20)]))) == 1


def test_all_go_on_behind_those_before_when_redis_has_lost_the_room(room, person, at_once, redis):
    event_id = room()
    before = at_once([person(event_id) for _ in range(10)])
    redis.flushall()
    after = at_once([person(event_id) for _ in range(MANY)])
    assert len({*before, *after}) == 10 + MANY
    assert min(after) > max(before)
