"""The site around a backup: made while seats are sold, and restored under a Redis that remembers
what came later."""

import pytest

from tests.backup.conftest import Place
from tests.faults.buyers import Buyers, ask, check_history
from tests.support.site import Site
from tests.support.sums import assert_seats_add_up
from tests.support.tables import empty_tables

AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture
def empty(place):
    """The database without a row, and its numbering from 1."""
    with place.connect() as connection:
        empty_tables(connection)
    return place


def serve(place, settings, folder):
    return Site(settings.model_copy(update={"database_url": place.url}), folder)


def buy(site, event, user, seats=1):
    wish = {"user_id": user.id, "event_id": event.id, "seats": seats}
    return ask("POST", f"{site.url}/bookings", json=wish)[0]


def shown(site, event):
    return ask("GET", f"{site.url}/events/{event.id}")[1]["seats_available"]


def test_a_backup_under_load_is_of_one_moment(empty, make_place, settings, tmp_path):
    event = empty.factories.event(capacity=1_000_000)
    users = [empty.factories.user().id for _ in range(6)]
    with (
        serve(empty, settings, tmp_path / "site") as site,
        Buyers(site.url, event.id, users) as buyers,
    ):
        buyers.wait_for_bookings(50)
        before = dict(buyers.booked)
        assert Place.run(empty, "backup", tmp_path / "busy.dump").exit_code == 0
        during = len(buyers.booked)
        buyers.wait_for_bookings(20)
    check_history(buyers, empty.sql)
    restored = make_place("restored")
    assert restored.run("restore", tmp_path / "busy.dump").exit_code == 0
    assert_seats_add_up(restored.sql)
    kept = dict(restored.sql("SELECT idempotency_key, id FROM bookings"))
    assert before.items() <= kept.items() <= buyers.booked.items()
    assert len(before) < during, "nothing was booked while the backup was made"


@pytest.mark.whole
@pytest.mark.parametrize("redis_is", ["there", "away"])
def test_a_restored_site_sells_what_is_left_and_nothing_that_redis_remembers(
    empty, make_app, settings, redis, tmp_path, redis_is
):
    """Whether the command can put Redis right, or the tokens of the later life stay."""
    event, other = (empty.factories.event(capacity=10) for _ in range(2))
    user = empty.factories.user()
    with serve(empty, settings, tmp_path / "site") as site:
        assert buy(site, event, user, 3) == buy(site, other, user, 9) == 201
        assert empty.run("backup", tmp_path / "then.dump").exit_code == 0
        # Later one sells out, and the other's seats come back: nought tokens, and too many.
        assert [buy(site, event, user) for _ in range(8)] == [201] * 7 + [409]
        assert ask("DELETE", f"{site.url}/bookings/{first_of(empty, other)}")[0] == 200
        assert [shown(site, event), shown(site, other)] == [0, 10]
    cached = tokens(redis, event, other)
    assert cached == ["0", "10"]

    changed = {} if redis_is == "there" else {"redis_url": AWAY}
    app = make_app(database_url=empty.url, **changed)
    again = Place(empty.name, empty.url, app)
    result = again.run("restore", tmp_path / "then.dump", "--replace", "--yes")
    assert result.exit_code == 0, result.output
    assert tokens(redis, event, other) == (cached if changed else ["7", "1"])

    with serve(empty, settings, tmp_path / "site") as site:
        assert [shown(site, event), shown(site, other)] == [7, 1]
        assert [buy(site, event, user) for _ in range(8)] == [201] * 7 + [409]
        assert [buy(site, other, user) for _ in range(2)] == [201, 409]
    assert_seats_add_up(empty.sql)


def first_of(place, event):
    return place.sql("SELECT min(id) FROM bookings WHERE event_id = %s", event.id)[0][0]


def tokens(redis, *events):
    return [redis.get(f"event:{event.id}:tokens") for event in events]
