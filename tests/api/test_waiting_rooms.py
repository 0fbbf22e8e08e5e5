"""Waiting rooms by the API, and that every way to book asks whose turn it is."""

import pytest

from app.api.fast_path import ApiFastPath

HEADER = "Waiting-Room-Ticket"


@pytest.fixture
def event(factories):
    return factories.event(capacity=50)


@pytest.fixture
def set_room(organiser, event):
    def change(**changes):
        return organiser.patch(f"/admin/events/{event.id}/waiting-room", changes)

    return change


@pytest.fixture
def full(set_room, as_user, make_user, event):
    """A room with the pace of one a minute, whose first turn is somebody else's."""
    assert set_room(mode="on", per_minute=1).status_code == 200
    as_user(make_user()).post(f"/events/{event.id}/waiting-room")


@pytest.fixture(params=["express", "view"])
def lane(request, monkeypatch):
    if request.param == "view":
        monkeypatch.setattr(ApiFastPath, "_is_plain", lambda *_: False)


def joined(program, event, **headers):
    answer = program.post(f"/events/{event.id}/waiting-room", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json


def books(program, event, ticket=None, **facts):
    headers = {HEADER: ticket} if ticket else {}
    body = {"event_id": event.id, "seats": 1, **facts}
    return program.post("/bookings", body, headers=headers)


def test_without_a_room_a_ticket_is_neither_given_nor_asked_for(as_user, make_user, event):
    program = as_user(make_user())
    assert program.post(f"/events/{event.id}/waiting-room").status_code == 404
    assert program.get(f"/events/{event.id}/waiting-room").json["title"]
    assert books(program, event).status_code == 201


@pytest.mark.usefixtures("lane")
def test_who_has_no_ticket_is_told_to_join(as_user, make_user, event, set_room, sql):
    set_room(mode="on")
    answer = books(as_user(make_user()), event)
    assert answer.status_code == 403
    assert answer.json["type"].endswith("waiting-room")
    assert answer.json["phase"] == "not_joined"
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


@pytest.mark.usefixtures("lane")
def test_whose_turn_it_is_books_with_their_ticket_alone(as_user, make_user, event, set_room):
    set_room(mode="on", per_minute=1)
    program, other = as_user(make_user()), as_user(make_user())
    first, second = joined(program, event), joined(other, event)
    assert (first["phase"], second["phase"]) == ("admitted", "waiting")
    assert first["book_until"]
    assert second["before"] == 0
    assert (second["seats_left"], second["outlook"]) == (event.seats_available, "enough")
    assert second["wait"]["earliest_seconds"] < 60 < second["wait"]["latest_seconds"]
    assert books(other, event, second["ticket"]).json["phase"] == "waiting"
    assert books(other, event, first["ticket"]).json["phase"] == "not_joined"
    assert books(program, event, first["ticket"]).status_code == 201


@pytest.mark.usefixtures("lane")
def test_an_answer_that_was_lost_is_given_again_when_the_time_is_over(
    as_user, make_user, event, set_room
):
    set_room(mode="on")
    program = as_user(make_user())
    ticket = joined(program, event)["ticket"]
    body = {"event_id": event.id, "seats": 1}
    keyed = {"Idempotency-Key": "once"}
    first = program.post("/bookings", body, headers={**keyed, HEADER: ticket})
    set_room(mode="off")
    set_room(mode="on", per_minute=1)
    again = program.post("/bookings", body, headers={**keyed, HEADER: ticket})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json["booking_id"] == first.json["booking_id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    other = program.post("/bookings", body, headers={"Idempotency-Key": "another"})
    assert other.json["phase"] == "not_joined"
    assert books(as_user(make_user()), event, idempotency_key="once").status_code == 403


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("change", ["shorter", "number", "another's", "rubbish"])
def test_a_ticket_that_was_changed_is_none(as_user, make_user, event, change):
    program = as_user(make_user())
    ticket = joined(program, event)["ticket"]
    parts = ticket.split(".")
    forged = {
        "shorter": ticket[:-1],
        "number": ".".join([*parts[:2], "1", *parts[3:]]),
        "another's": joined(as_user(make_user()), event)["ticket"],
        "rubbish": "' OR 1=1 --",
    }[change]
    assert books(program, event, forged).json["phase"] == "not_joined"


def test_a_user_has_one_place_however_often_they_join(as_user, make_user, event, set_room):
    set_room(mode="on")
    program = as_user(make_user())
    first = joined(program, event)
    assert joined(program, event)["number"] == first["number"]
    assert joined(program, event, **{HEADER: first["ticket"]})["arrived"] == 1


def test_staff_book_without_waiting(organiser, make_user, event, set_room):
    set_room(mode="on")
    assert books(organiser, event, user_id=make_user().id).status_code == 201


def test_the_room_is_turned_on_and_off_and_told(organiser, event, set_room, as_user, make_user):
    address = f"/admin/events/{event.id}/waiting-room"
    assert organiser.get(address).json["mode"] == "off"
    assert set_room(mode="on", per_minute=90).json["per_minute"] == 90
    program = as_user(make_user())
    joined(program, event)
    assert organiser.get(address).json["mode"] == "on"
    assert set_room(mode="off").json["mode"] == "off"
    assert books(program, event).status_code == 201


@pytest.mark.parametrize("wrong", [{"per_minute": 0}, {"mode": "maybe"}, {"pass_minutes": 61}])
def test_a_wrong_setting_names_its_field(set_room, wrong):
    answer = set_room(**wrong)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == next(iter(wrong))


def test_the_draw_is_published_when_the_room_opens(as_user, make_user, event, set_room):
    set_room(mode="on")
    found = joined(as_user(make_user()), event)
    assert len(found["seed"]) == len(found["commitment"]) == 64


def test_a_new_room_is_measured_until_a_pace_is_set(set_room):
    assert set_room(mode="on").json["measured"]
    assert not set_room(per_minute=90).json["measured"]
    assert set_room(per_minute=90, measured=True).json["measured"]


def test_staff_is_told_who_waits_and_why_the_pace_is_what_it_is(
    organiser, event, set_room, as_user, make_user
):
    assert set_room(mode="auto", busy_after=0.5, most_inside=300).json["now"] is None
    found = set_room(mode="on", per_minute=90).json
    assert (found["most_inside"], found["busy_after"]) == (300, 0.5)
    for _ in range(3):
        joined(as_user(make_user()), event)
    now = organiser.get(f"/admin/events/{event.id}/waiting-room").json["now"]
    assert now["waiting"] + now["served"] == 3
    assert (now["live"], now["per_minute"], now["why"]) == (True, 90, "set")
    assert set_room(paused=True).json["now"]["why"] == "paused"


@pytest.mark.parametrize(
    "wrong", [{"busy_after": 0.1}, {"busy_after": 9}, {"most_inside": 0}, {"measured": "yes"}]
)
def test_a_wrong_setting_of_the_pace_names_its_field(set_room, wrong):
    answer = set_room(**wrong)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == next(iter(wrong))
