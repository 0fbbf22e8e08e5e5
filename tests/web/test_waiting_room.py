"""The waiting room as people meet it: on the event's page, on its own, and at every way to book."""

import re
import time
from datetime import timedelta

import pytest

from app.edge.current import waiting_rooms
from app.models.columns import now
from app.presenters.room_words import wait_words
from app.services.room_settings import change_room

OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
SET = {"mode": "on", "pace": "set", "busy_after": "1.0"}
GUEST = {"name": "Ravi", "email": "ravi@example.com", "seats": 1}


@pytest.fixture
def room(app, clean):
    def change(event, **changes):
        with app.app_context():
            change_room(waiting_rooms(), event.id, {"mode": "on", **changes})

    return change


@pytest.fixture
def full_room(room, event):
    """Nobody's turn has come, but for the first's."""
    room(event, per_minute=1)
    return event


@pytest.fixture
def event(factories):
    return factories.event()


@pytest.fixture
def another(new_visitor):
    return new_visitor()


def joins(visitor, event):
    return visitor.post(f"/events/{event.id}/waiting-room", {}, OWN, csrf=False)


def room_page(visitor, event):
    return visitor.get(f"/events/{event.id}/waiting-room")


def told(visitor, event):
    """What the page says; its script has sentences for later."""
    return re.sub(r"(?s)<script.*?</script>", "", room_page(visitor, event).text)


def event_page(visitor, event):
    return visitor.get(f"/events/{event.id}/{event.slug}").text


def books(visitor, event, **options):
    page = event_page(visitor, event)
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', page)
    form = {**GUEST, "idempotency_key": key[1] if key else "none was shown"}
    return visitor.post(f"/events/{event.id}/bookings", form, OWN, csrf=False, **options)


def test_the_event_page_leads_to_the_room_instead_of_the_form(visitor, full_room):
    page = event_page(visitor, full_room)
    assert "Join the waiting room" in page
    assert 'name="idempotency_key"' not in page


def test_who_has_not_joined_books_nothing(visitor, full_room, sql):
    answer = books(visitor, full_room)
    assert answer.status_code == 403
    assert "please join it first" in answer.text
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_the_first_may_book_and_the_next_waits(visitor, another, full_room):
    joins(visitor, full_room)
    joins(another, full_room)
    assert "It is your turn" in told(visitor, full_room)
    assert "You may book until" in event_page(visitor, full_room)
    assert "You are next" in told(another, full_room)
    assert "Go to the waiting room" in event_page(another, full_room)
    assert books(another, full_room).status_code == 403
    assert books(visitor, full_room).status_code == 303


def test_a_place_is_kept_when_the_page_is_loaded_or_joined_again(visitor, another, full_room, sql):
    joins(visitor, full_room)
    joins(another, full_room)
    before = told(another, full_room)
    joins(another, full_room)
    assert re.findall("<title>.*", told(another, full_room)) == re.findall("<title>.*", before)


def test_a_page_without_scripts_looks_again_by_itself(visitor, another, full_room):
    joins(visitor, full_room)
    joins(another, full_room)
    page = told(another, full_room)
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', page)
    assert 'hx-trigger="every ' in page


def test_the_turn_is_told_once_to_who_listens(visitor, full_room):
    joins(visitor, full_room)
    headers = {"HX-Request": "true"}
    address = f"/events/{full_room.id}/waiting-room"
    turned = visitor.get(f"{address}?was=waiting", headers).text
    assert 'id="live" hx-swap-oob="innerHTML">It is your turn' in turned
    assert "<title>Your turn" in turned
    assert 'id="live"' not in visitor.get(f"{address}?was=admitted", headers).text


def test_in_the_lobby_all_wait_for_the_opening(visitor, factories, room):
    event = factories.event(sales_open_at=now() + timedelta(minutes=5))
    room(event)
    assert "Join the waiting room" in event_page(visitor, event)
    joins(visitor, event)
    page = told(visitor, event)
    assert "places are drawn among all who are here" in page
    assert re.search(r'class="digest">[0-9a-f]{64}<', page)
    assert "You are in the waiting room" in event_page(visitor, event)


@pytest.fixture
def crowd(app):
    """So many more people come."""

    def come(event, people):
        with app.app_context():
            row = waiting_rooms().row(event.id)
            for _ in range(people):
                waiting_rooms().rooms.join(row, None)

    return come


def test_who_will_find_no_seat_is_told_early(new_visitor, factories, room, crowd):
    event = factories.event(capacity=12)
    room(event, per_minute=1)
    outlooks = []
    for people in (1, 0, 8, 300):
        crowd(event, people)
        joins(person := new_visitor(), event)
        outlooks += re.findall(r'data-outlook="(\w+)">([^<]+)<', told(person, event))
    assert [outlook for outlook, _words in outlooks] == ["enough", "enough", "unsure", "none"]
    assert "almost surely be no seat left" in outlooks[-1][1]


def test_who_has_not_joined_reads_what_to_expect(visitor, factories, room, crowd):
    event = factories.event(capacity=12)
    room(event, per_minute=1)
    assert "Hardly anybody waits" in event_page(visitor, event)
    crowd(event, 450)
    time.sleep(1)  # it is told as of the last second
    page = event_page(visitor, event)
    assert "More than 400 people wait just now. Who joins now waits 6 to 10 hours." in page
    assert "almost surely be no seat left for who joins now" in page
    assert "you have 10 minutes to book" in page


def test_who_waits_while_all_is_sold_keeps_the_place_and_learns_it(
    app, visitor, another, full_room, sql, factories
):
    joins(visitor, full_room)
    joins(another, full_room)
    sql("UPDATE events SET seats_available = 0 WHERE id = %s RETURNING id", full_room.id)
    factories.show()
    app.extensions["waiting_rooms"].forget()
    assert 'data-outlook="gone">Every seat is taken just now' in told(another, full_room)
    assert "Go to the waiting room" in event_page(another, full_room)
    assert "Every seat is taken just now" in told(visitor, full_room)
    assert "You may book until" in event_page(visitor, full_room)


def test_a_pause_of_the_line_and_of_the_sale_are_told(
    visitor, another, new_visitor, full_room, room, sql, factories
):
    joins(visitor, full_room)
    joins(another, full_room)
    room(full_room, paused=True)
    assert "The organiser has paused it" in told(another, full_room)
    assert "The line stands still for the moment." in event_page(new_visitor(), full_room)
    sql("UPDATE events SET sales_paused = true WHERE id = %s RETURNING id", full_room.id)
    factories.show()
    for person in (visitor, another):
        assert "has paused the sale" in told(person, full_room)


def test_somebody_elses_cookie_of_the_room_opens_nothing_for_an_account(
    visitor, another, full_room, alice
):
    joins(visitor, full_room)
    assert "It is your turn" in told(visitor, full_room)
    visitor.sign_in(alice.email)
    assert room_page(visitor, full_room).status_code == 303


def test_an_account_has_one_place_in_two_browsers(visitor, another, full_room, alice):
    for browser in (visitor, another):
        browser.sign_in(alice.email)
        browser.post(f"/events/{full_room.id}/waiting-room", {})
    titles = {re.search("<title>(.*)", told(b, full_room))[1] for b in (visitor, another)}
    assert len(titles) == 1


def test_who_is_late_joins_again(visitor, full_room, app, monkeypatch):
    joins(visitor, full_room)
    later = time.time() + 3600
    monkeypatch.setattr("app.waiting_room.rooms.time.time", lambda: later)
    assert "Your time to book is over" in told(visitor, full_room)
    assert "Hardly anybody waits just now." in told(visitor, full_room)
    assert books(visitor, full_room).status_code == 403


def test_who_waits_for_an_event_that_is_cancelled_is_led_to_its_page(
    visitor, full_room, sql, factories
):
    joins(visitor, full_room)
    sql("UPDATE events SET status = 'cancelled' WHERE id = %s RETURNING id", full_room.id)
    factories.show()
    found = visitor.get(f"/events/{full_room.id}/waiting-room", {"HX-Request": "true"})
    assert found.headers["HX-Redirect"] == f"/events/{full_room.id}/{full_room.slug}"


def test_a_guest_who_presses_again_when_their_time_is_over_gets_their_ticket(
    visitor, full_room, monkeypatch, sql
):
    joins(visitor, full_room)
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', event_page(visitor, full_room))[
        1
    ]
    form, where = {**GUEST, "idempotency_key": key}, f"/events/{full_room.id}/bookings"
    first = visitor.post(where, form, OWN, csrf=False)
    later = time.time() + 3600
    monkeypatch.setattr("app.waiting_room.rooms.time.time", lambda: later)
    again = visitor.post(where, form, OWN, csrf=False)
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["Location"] == first.headers["Location"]
    assert (
        visitor.post(where, {**form, "idempotency_key": "new" * 9}, OWN, csrf=False).status_code
        == 403
    )
    assert sql("SELECT count(*) FROM bookings") == [(1,)]


def test_an_event_without_a_room_has_no_page_of_one(visitor, event):
    assert room_page(visitor, event).headers["Location"] == f"/events/{event.id}/{event.slug}"
    assert joins(visitor, event).status_code == 303


def test_staff_turn_it_on_and_see_who_waits(organiser, new_visitor, event):
    address = f"/admin/events/{event.id}/waiting-room"
    form = {**SET, "per_minute": "60000", "pass_minutes": "5"}
    assert organiser.post(address, form).status_code == 303
    joins(new_visitor(), event)
    page = organiser.get(address).text
    assert "Had their turn" in page
    assert 'value="60000"' in page


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        ((0, 0.2), "a minute at most"),
        ((0.9, 3.1), "4 minutes at most"),
        ((20, 31), "20 to 31 minutes"),
        ((50, 130), "3 hours at most"),
        ((61, 121), "1 to 3 hours"),
        ((40 * 60, 73 * 60), "1 to 4 days"),
        ((20 * 60, 73 * 60), "4 days at most"),
    ],
)
def test_waits_are_told_in_units_of_their_size(app, minutes, words):
    with app.test_request_context():
        assert wait_words((minutes[0] * 60, minutes[1] * 60)) == words


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"per_minute": "0"}, "Choose from 1 to 60,000."),
        ({"pass_minutes": "61"}, "Choose from 2 to 60 minutes."),
        ({"per_minute": "many"}, "whole number"),
    ],
)
def test_a_wrong_figure_is_told_and_nothing_else_is_lost(organiser, event, wrong, message):
    form = {**SET, "per_minute": "77", "pass_minutes": "7", **wrong}
    answer = organiser.post(f"/admin/events/{event.id}/waiting-room", form)
    assert answer.status_code == 422
    assert message in answer.text
    kept = {"per_minute": "77", "pass_minutes": "7"}
    for name in kept.keys() - wrong.keys():
        assert f'value="{kept[name]}"' in answer.text


@pytest.mark.parametrize(("mode", "led"), [("auto", True), ("on", False)])
def test_who_has_a_form_open_when_it_turns_itself_on_is_in_the_line(
    visitor, another, room, event, sql, mode, led
):
    page = event_page(visitor, event)
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', page)[1]
    room(event, per_minute=1)
    room(event, mode=mode)
    joins(another, event)
    form = {**GUEST, "idempotency_key": key}
    answer = visitor.post(f"/events/{event.id}/bookings", form, OWN, csrf=False)
    assert sql("SELECT count(*) FROM bookings") == [(0,)]
    assert answer.status_code == (303 if led else 403)
    if led:
        assert answer.headers["Location"].endswith(f"/events/{event.id}/waiting-room")
        assert "next" in room_page(visitor, event).text
