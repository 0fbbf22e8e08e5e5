"""Proofs of work: made by a browser, checked without computing, good once."""

import time
from collections import Counter

import pytest

from app.booking.redis_client import connect
from app.errors import ProofRefused, RoomAway
from app.services.room_proofs import challenge, check
from app.services.room_settings import change_room
from app.waiting_room import proofs
from app.waiting_room.spent import Spent
from tests.support.threads import at_once, in_app
from tests.waiting_room.conftest import KEY


def solve(found):
    """As browsers do."""
    number = next(n for n in range(found.tries) if proofs.derived(found.nonce, n) == found.target)
    return f"{found.text}.{number}"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(proofs, "TRIES_PER_SECOND", 20)


@pytest.fixture
def spent(app, clean, names):
    return Spent(app.extensions["redis"], names)


@pytest.fixture
def event_id(room):
    return room(proof_seconds=1)


@pytest.fixture
def refusal(known, spent):
    def tries(event_id, proof, key=KEY):
        try:
            check(known, spent, event_id, proof, [key])
        except ProofRefused as refused:
            return refused.reason
        return None

    return tries


def test_a_solved_challenge_is_good_once(known, event_id, refusal):
    proof = solve(challenge(known, event_id, KEY))
    assert [refusal(event_id, proof) for _ in range(3)] == [None, "used", "used"]


def test_of_many_who_send_one_proof_at_once_one_joins(app, known, event_id, refusal):
    proof = solve(challenge(known, event_id, KEY))
    answers = at_once([in_app(app, refusal, event_id, proof) for _ in range(8)])
    assert Counter(answers) == {None: 1, "used": 7}


def test_each_challenge_is_another(known, event_id):
    found = [challenge(known, event_id, KEY) for _ in range(20)]
    assert len({one.text for one in found}) == len({one.target for one in found}) == 20


@pytest.mark.parametrize("proof", [None, ""])
def test_none_is_missing_where_it_is_asked_for(event_id, refusal, proof):
    assert refusal(event_id, proof) == "missing"


def test_nothing_is_asked_where_it_is_off_or_there_is_no_room(known, room, factories, refusal):
    for event_id in (room(), factories.event().id):
        assert challenge(known, event_id, KEY) is None
        assert refusal(event_id, None) is None


def test_a_guess_an_edit_and_rubbish_are_wrong(known, event_id, refusal):
    found = challenge(known, event_id, KEY)
    good = solve(found)
    facts, number = good.rsplit(".", 1)
    parts = facts.split(".")
    later = ".".join([*parts[:2], str(int(parts[2]) + 600), *parts[3:], number])
    easier = ".".join([*parts[:3], "1", *parts[4:], "0"])
    guess = f"{facts}.{(int(number) + 1) % found.tries}"
    for wrong in (guess, later, easier, facts, f"{good}.1", "x" * 5000, "é", "1.1.1.1.a.b.1"):
        assert refusal(event_id, wrong) == "wrong", wrong
    assert refusal(event_id, good, key="another key") == "wrong"
    assert refusal(event_id, good) is None


def test_a_proof_of_another_room_or_a_former_one_is_wrong(known, event_id, room, refusal):
    proof = solve(challenge(known, event_id, KEY))
    assert refusal(room(proof_seconds=1), proof) == "wrong"
    for mode in ("off", "on"):
        change_room(known, event_id, {"mode": mode})
    assert refusal(event_id, proof) == "wrong"


def test_a_proof_that_comes_late_is_over(known, event_id, refusal, monkeypatch):
    proof = solve(challenge(known, event_id, KEY))
    later = time.time() + proofs.VALID_FOR + 1
    monkeypatch.setattr("app.services.room_proofs.time.time", lambda: later)
    assert refusal(event_id, proof) == "over"


def test_without_redis_nobody_joins_with_a_proof_either(known, event_id, own_redis, names):
    proof = solve(challenge(known, event_id, KEY))
    own_redis.stop()
    away = Spent(connect(f"redis://127.0.0.1:{own_redis.port}/0", 100), names)
    with pytest.raises(RoomAway):
        check(known, away, event_id, proof, [KEY])


def test_redis_forgets_a_proof_when_it_is_over(known, event_id, refusal, redis):
    refusal(event_id, solve(challenge(known, event_id, KEY)))
    (key,) = redis.keys("*:proof:*")
    assert 0 < redis.ttl(key) <= proofs.VALID_FOR + 1
