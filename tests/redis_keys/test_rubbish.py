"""Whatever stands in any key of ours is survived: it counts as missing, and is gone after use."""

import uuid

import pytest

from tests.limits.conftest import JSON, Guest
from tests.web.conftest import HTML, PASSWORD

MANY = {
    f"limit_{name}": "1000 per minute"
    for name in (
        *("sign_in", "sign_in_account", "sign_in_address", "sign_in_everyone", "sign_in_tries"),
        *("sign_up", "sign_up_everyone", "wrong_keys"),
    )
}
RUBBISH = {
    "a word": lambda redis, key: redis.set(key, "rubbish"),
    "nothing": lambda redis, key: redis.set(key, ""),
    "bytes": lambda redis, key: redis.set(key, b"\xff\x00\xfe"),
    "a negative number": lambda redis, key: redis.set(key, -70_000),
    "a large number": lambda redis, key: redis.set(key, 99_999_999_999),
    "a small number without an end": lambda redis, key: redis.set(key, 5000),
    "more digits than there are numbers": lambda redis, key: redis.set(key, "9" * 5000),
    "a list": lambda redis, key: redis.rpush(key, "a", "b"),
    "a set": lambda redis, key: redis.sadd(key, "a"),
    "a sorted set": lambda redis, key: redis.zadd(key, {"a": 1}),
    "a stream": lambda redis, key: redis.xadd(key, {"a": "b"}),
    "a hash": lambda redis, key: redis.hset(
        key, mapping={"rubbish": "x", "1:left:x": "y", "1:left": "2", "x:left:1": "9" * 5000}
    ),
}


IN_EACH_RUN = {"a hash"}
"""What stands in one key after another in each run; `make faults` tries all kinds."""
KEY_BY_KEY = [
    kind if kind in IN_EACH_RUN else pytest.param(kind, marks=pytest.mark.whole) for kind in RUBBISH
]


class Day:
    """What is done on a site that touches Redis, and what comes of it, whatever stands there."""

    def __init__(self, app, settings, event, user, email):
        self.app, self.event, self.user, self.email = app, event, user, email
        self.key = {"X-Admin-Key": settings.admin_key[0]}
        self.organiser = Guest(app)
        assert self.organiser.log_in(settings.admin_key[0]).status_code == 303

    def pass_(self):
        assert self._statuses() == {
            "book": 201,
            "cancel": 200,
            "sign in": 303,
            "mistype": 422,
            "sign up": 303,
            "log in": 422,
            "wrong key": 401,
            "list": 200,
            "event": 200,
            "seats": 200,
            "console": 200,
            "export": 200,
            "progress": 200,
        }

    def _statuses(self):
        api, event, guest = self.app.test_client(), self.event.id, Guest(self.app)
        wish = {"user_id": self.user.id, "event_id": event}
        book = api.post("/api/bookings", json=wish, headers={**JSON, **self.key})
        cancel = api.delete(f"/api/bookings/{book.json['booking_id']}", headers=self.key)
        self.app.extensions["desk"].live_stats._flush()
        token = uuid.uuid4()
        new = {"name": "S", "email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
        base = f"/admin/events/{event}"
        asked = {
            "book": book,
            "cancel": cancel,
            "sign in": guest.sign_in(self.email),
            "mistype": Guest(self.app).sign_in(self.email, "mistyped"),
            "sign up": Guest(self.app).post("/sign-up", new),
            "log in": Guest(self.app).log_in("no key of ours"),
            "wrong key": api.get("/api/admin/users", headers={"X-Admin-Key": "no key of ours"}),
            "list": api.get("/", headers=HTML),
            "event": guest.get(f"/events/{event}", follow_redirects=True),
            "seats": guest.get(f"/events/{event}/seats"),
            "console": self.organiser.get(f"{base}/console"),
            "export": self.organiser.get(f"/admin/bookings.csv?progress={token}"),
            "progress": self.organiser.get(f"/admin/exports/{FIXED}"),
        }
        assert asked["export"].data  # a stream: it is made while it is read
        return {name: answer.status_code for name, answer in asked.items()}


FIXED = uuid.UUID(int=7)


@pytest.fixture
def day(limited, settings, crowd, make_event, make_user):
    app, (email,) = limited(**MANY), crowd(1)
    return Day(app, settings, make_event(capacity=7), make_user(), email)


def keys_of(redis):
    """Every key that the site has, and one of an export that is waited for."""
    redis.set(f"export:{FIXED.hex}:progress", "1/2")
    return sorted(redis.keys("*"))


def sells_exactly(day, sql, capacity):
    client = day.app.test_client()
    wish = {"user_id": day.user.id, "event_id": day.event.id}
    answers = [
        client.post("/api/bookings", json=wish, headers={**JSON, **day.key}).status_code
        for _ in range(capacity + 1)
    ]
    assert answers == [201] * capacity + [409]


def test_the_day_touches_every_kind_of_key(day, redis):
    day.pass_()
    kinds = {"tokens", "version", "changes", "pulse", "queues", "progress", "limits", "site"}
    found = keys_of(redis)
    assert {kind for kind in kinds if any(kind in key for key in found)} == kinds


@pytest.mark.parametrize("kind", KEY_BY_KEY)
def test_rubbish_in_any_key_is_survived_and_heals(day, redis, sql, invariants, kind):
    day.pass_()
    for key in keys_of(redis):
        redis.delete(key)
        RUBBISH[kind](redis, key)
        day.pass_()
    tokens = redis.get(f"event:{day.event.id}:tokens")
    assert tokens == str(
        sql("SELECT seats_available FROM events WHERE id = %s", day.event.id)[0][0]
    )
    assert redis.type("desks:queues") == "hash"
    sells_exactly(day, sql, 7)


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_in_all_keys_at_once_is_survived_and_heals(day, redis, sql, invariants, kind):
    day.pass_()
    for key in keys_of(redis):
        redis.delete(key)
        RUBBISH[kind](redis, key)
    day.pass_()
    sells_exactly(day, sql, 7)


@pytest.mark.parametrize("kind", RUBBISH)
def test_limits_hold_as_ever_after_rubbish_was_in_their_keys(limited, crowd, redis, kind):
    app, (email,) = limited(), crowd(1)
    Guest(app).sign_in(email, "mistyped")
    for key in redis.keys("*limits*"):
        redis.delete(key)
        RUBBISH[kind](redis, key)
    tries = [Guest(app).sign_in(email, "mistyped").status_code for _ in range(11)]
    assert tries == [422] * 10 + [429]
    assert all(0 < redis.ttl(key) <= 600 for key in redis.keys("*limits*"))
