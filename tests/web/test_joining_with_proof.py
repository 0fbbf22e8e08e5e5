"""Joining a waiting room that asks for a proof of work: by page, by API, with an account."""

import pytest

from app.edge.current import waiting_rooms
from app.services.room_settings import change_room
from app.waiting_room import proofs
from app.web.joining import JoinFastPath

OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(proofs, "TRIES_PER_SECOND", 20)


@pytest.fixture
def event(factories, app):
    event = factories.event()
    with app.app_context():
        change_room(waiting_rooms(), event.id, {"mode": "on", "proof_seconds": 1})
    return event


@pytest.fixture
def where(event):
    return f"/events/{event.id}/waiting-room"


@pytest.fixture
def proof(client, where):
    def solve():
        told = client.get(f"/api{where}/challenge")
        assert told.headers["Cache-Control"] == "no-store"
        asked = told.json
        for number in range(asked["tries"]):
            if proofs.derived(asked["nonce"], number) == asked["target"]:
                return f"{asked['challenge']}.{number}"
        return None

    return solve


@pytest.fixture(params=["fast path", "view"])
def lane(request, monkeypatch):
    if request.param == "view":
        monkeypatch.setattr(JoinFastPath, "_is_plain", lambda *_: False)


def joins(visitor, where, **form):
    return visitor.post(where, form, OWN, csrf=False)


def test_the_button_asks_for_it_and_says_what_to_do_without_scripts(visitor, event, where):
    page = visitor.get(f"/events/{event.id}/{event.slug}").text
    assert f'data-proof="/api{where}/challenge"' in page
    assert "Please sign in first, and join then." in page
    assert f'/sign-in?next=/events/{event.id}/{event.slug}"' in page


@pytest.mark.usefixtures("lane")
def test_who_joins_without_a_proof_is_told_at_the_button(visitor, where):
    refused = joins(visitor, where)
    assert refused.status_code == 403
    assert "sign in: with an account you join without that" in refused.text
    assert "Join the waiting room" in refused.text
    assert visitor.get(where).status_code == 303


@pytest.mark.usefixtures("lane")
def test_a_proof_opens_the_room_once(new_visitor, where, proof):
    found = proof()
    assert joins(new_visitor(), where, proof=found).status_code == 303
    again = joins(new_visitor(), where, proof=found)
    assert again.status_code == 403
    assert "Please try again" in again.text


def test_an_account_joins_without_one(signed_in, event, where):
    assert "data-proof" not in signed_in.get(f"/events/{event.id}/{event.slug}").text
    assert signed_in.post(where, {}).status_code == 303
    assert 'data-phase="admitted"' in signed_in.get(where).text


@pytest.mark.usefixtures("lane")
def test_who_waits_already_is_asked_for_none(visitor, where, proof):
    joins(visitor, where, proof=proof())
    assert joins(visitor, where).status_code == 303


def test_programs_without_an_account_send_it_in_a_header(client, where, proof):
    refused = client.post(f"/api{where}")
    assert refused.status_code == 403
    assert refused.json["type"].endswith("#proof-of-work")
    assert refused.json["reason"] == "missing"
    joined = client.post(f"/api{where}", headers={"Waiting-Room-Proof": proof()})
    assert joined.status_code == 201
    assert joined.json["ticket"]


def test_programs_with_a_token_or_a_staff_key_need_none(
    client, admin, where, make_user, make_token
):
    for headers in (make_token(make_user()), admin):
        assert client.post(f"/api{where}", headers=headers).status_code == 201


def test_it_is_off_unless_staff_turn_it_on(client, admin, organiser, factories, app, visitor):
    event = factories.event()
    address = f"/admin/events/{event.id}/waiting-room"
    form = {"mode": "on", "per_minute": "60", "pass_minutes": "5"}
    organiser.post(address, form)
    assert client.get(f"/api{address}", headers=admin).json["proof_seconds"] == 0
    challenge = f"/api/events/{event.id}/waiting-room/challenge"
    assert client.get(challenge).json["tries"] == 0
    organiser.post(address, {**form, "proof_seconds": "4"})
    assert client.get(challenge).json["tries"] == 80
    wrong = organiser.post(address, {**form, "proof_seconds": "31"})
    assert (wrong.status_code, "Choose from 0 to 30 seconds." in wrong.text) == (422, True)
    told = client.patch(f"/api{address}", json={"proof_seconds": 31}, headers=admin)
    assert told.status_code == 422


def test_an_event_without_a_room_has_no_challenge(client, factories):
    event = factories.event()
    assert client.get(f"/api/events/{event.id}/waiting-room/challenge").status_code == 404
