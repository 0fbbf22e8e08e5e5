"""The on-sale console: what it shows, and the organiser's hand on the tap."""

import csv
import io
import re
import time

import pytest

from app.booking.gate import tokens_key
from app.booking.live_stats import DESKS_KEY, LiveStats, minute_key
from app.booking.redis_client import connect
from app.services import live_sales
from tests.web.conftest import HTMX


@pytest.fixture
def book(client, admin, make_user):
    user = make_user()

    def do(event, seats=1):
        wish = {"user_id": user.id, "event_id": event.id, "seats": seats}
        return client.post("/api/bookings", json=wish, headers=admin).status_code

    return do


def when_told(look, seconds=8):
    """What `look` finds, as soon as it finds anything: desks tell of themselves each second."""
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def figures(organiser, event):
    text = organiser.get(f"/admin/events/{event.id}/console/figures", headers=HTMX).text
    pairs = re.findall(r"<dt>([^<]+)</dt>\s*<dd><strong>([^<]+)</strong>", text)
    return dict(pairs), text


@pytest.mark.long
@pytest.mark.usefixtures("unused_ids")
def test_the_console_shows_what_the_desk_answers(organiser, make_event, book):
    event = make_event(capacity=3)
    assert [book(event, 2), book(event, 2), book(event)] == [201, 409, 201]
    assert when_told(lambda: figures(organiser, event)[0]["Turned away"] == "1")
    shown, text = figures(organiser, event)
    assert (shown["Seats left"], shown["Sold"], shown["Errors"]) == ("0", "3", "0")
    assert float(shown["Bookings a second"]) > 0
    assert "as the gate in Redis knows: 0" in text
    assert "<rect" in text
    assert 'class="line"' in text
    assert text.count('hx-swap-oob="true"') == 2


@pytest.mark.long
@pytest.mark.usefixtures("unused_ids")
def test_the_console_shows_what_staff_book_for_somebody_among_the_bookings(organiser, make_event):
    event = make_event(capacity=3)
    form = {"email": "meena@example.com", "source": "sale", "idempotency_key": "click-once"}
    path = f"/admin/events/{event.id}/bookings"
    assert organiser.post(path, {**form, "seats": "2"}).status_code == 303
    form["idempotency_key"] = "click-again"
    assert organiser.post(path, {**form, "seats": "2"}).status_code == 409
    assert when_told(lambda: figures(organiser, event)[0]["Turned away"] == "1")
    shown, _text = figures(organiser, event)
    assert (shown["Seats left"], shown["Sold"], shown["Errors"]) == ("1", "2", "0")
    assert float(shown["Bookings a second"]) > 0


@pytest.mark.long
@pytest.mark.usefixtures("unused_ids")
def test_the_figures_go_out_second_by_second(organiser, make_event, book):
    event = make_event(capacity=5)
    book(event, 2)
    path = f"/admin/events/{event.id}/console.csv"

    def rows():
        text = organiser.get(path).text.removeprefix("\ufeff")
        return list(csv.DictReader(io.StringIO(text)))

    (row,) = when_told(rows)
    assert (row["bookings"], row["seats"], row["seats_left"]) == ("1", "2", "3")


def test_seats_left_never_rise_because_a_process_has_not_heard(app, redis, make_event):
    event, now = make_event(capacity=20), int(time.time())
    told = {f"{now - 4}:left:2": 14, f"{now - 4}:left:3": 11, f"{now - 3}:left:2": 14}
    for at in (now - 4, now - 3):
        here = {name: seats for name, seats in told.items() if name.startswith(f"{at}:")}
        redis.hset(minute_key(event.id, at // 60), mapping=here)
    with app.app_context():
        found = live_sales.watch(event.id, app.extensions["desk"])
    assert [left for left in found.seats_left if left is not None][:3] == [11, 11, 11]


def test_seats_by_the_gate_are_those_of_redis(organiser, make_event, redis):
    event = make_event(capacity=5)
    assert "as the gate in Redis knows: –" in figures(organiser, event)[1]
    redis.set(tokens_key(event.id), 4)
    assert "as the gate in Redis knows: 4" in figures(organiser, event)[1]
    redis.set(tokens_key(event.id), "x")
    assert "as the gate in Redis knows: –" in figures(organiser, event)[1]


def test_processes_that_tell_nothing_any_more_do_not_count(app, redis, make_event):
    event, now = make_event(), int(time.time())
    told = {"a:1": f"{now}:3", "b:2": f"{now - 2}:4", "gone:3": f"{now - 60}:99", "x": "rubbish"}
    redis.hset(DESKS_KEY, mapping=told)
    with app.app_context():
        history = live_sales.watch(event.id, app.extensions["desk"]).history
    assert (history.queue, history.processes) == (7, 2)


def test_without_redis_the_console_says_so_and_shows_the_database(
    app, organiser, make_event, monkeypatch
):
    away = LiveStats(connect("redis://127.0.0.1:1/0", 100), lambda: 0, lambda _id: None)
    monkeypatch.setattr(app.extensions["desk"], "live_stats", away)
    event = make_event(capacity=5)
    shown, text = figures(organiser, event)
    assert "Redis is away" in text
    assert (shown["Seats left"], shown["Bookings a second"]) == ("5", "–")


@pytest.mark.long
def test_guesses_at_events_that_are_not_there_are_not_counted(client, admin, make_user, redis):
    user = make_user()
    wish = {"user_id": user.id, "event_id": 999, "seats": 1}
    assert client.post("/api/bookings", json=wish, headers=admin).status_code == 404
    time.sleep(1.2)
    assert not redis.keys("event:999:*")


def test_a_desk_that_is_quiet_keeps_no_thread(app, make_event, monkeypatch):
    monkeypatch.setattr("app.booking.live_stats.INTERVAL", 0.01)
    desk = app.extensions["desk"]
    live_stats = LiveStats(desk.gate._client, lambda: 0, lambda _id: None)
    live_stats.note(1, "booked", 1)
    teller = live_stats._flusher
    teller.join(5)
    assert not teller.is_alive()
    live_stats.note(1, "booked", 1)
    assert live_stats._flusher is not teller
    assert when_told(lambda: live_stats.read(1, 5).samples and live_stats._flusher is None)


def test_a_paused_sale_sells_nothing_from_that_moment(organiser, make_event, book):
    event = make_event(capacity=5)
    assert book(event) == 201
    organiser.post(f"/admin/events/{event.id}/pause")
    assert book(event) == 409
    page = organiser.get(f"/admin/events/{event.id}/console").text
    assert "Sales are paused." in page
    organiser.post(f"/admin/events/{event.id}/resumption")
    assert book(event) == 201


def hold(organiser, event, seats, seen, release=False):
    name, prefix = ("released-seats", "release-") if release else ("held-seats", "")
    data = {f"{prefix}seats": str(seats), f"{prefix}seen": str(seen)}
    return organiser.post(f"/admin/events/{event.id}/{name}", data)


def test_seats_are_held_back_and_released_in_portions(organiser, make_event, sql):
    event = make_event(capacity=10)
    assert hold(organiser, event, 6, 0).status_code == 303
    assert hold(organiser, event, 2, 6, release=True).status_code == 303
    assert sql("SELECT seats_available, seats_held FROM events") == [(6, 4)]
    assert "4 seats are held back." in organiser.get(f"/admin/events/{event.id}/console").text


@pytest.mark.parametrize(
    ("seats", "seen", "release", "status", "said"),
    [
        (11, 0, False, 422, "The number held back can be at most 10."),
        (1, 0, True, 422, "No seats are held back."),
        (3, 2, True, 422, "Only 2 seats are held back."),
        (0, 0, False, 422, "Choose at least one seat."),
        ("x", 0, False, 422, "Enter a whole number"),
        (1, 3, False, 409, "held or released meanwhile"),
    ],
)
def test_what_can_not_be_held_is_said_at_the_field(
    organiser, make_event, sql, seats, seen, release, status, said
):
    held = seen if release else 0
    event = make_event(capacity=10, seats_held=held, seats_available=10 - held)
    answer = hold(organiser, event, seats, seen, release)
    assert answer.status_code == status
    assert said in answer.text
    assert sql("SELECT seats_held FROM events") == [(held,)]
