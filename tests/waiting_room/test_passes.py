"""What is no pass: edited, copied, replayed, of something else, forged."""

import time

import pytest

from app.errors import NotAdmitted
from app.services import waiting_rooms
from app.services.room_settings import change_room
from app.waiting_room.tickets import Ticket
from tests.support.threads import at_once, in_app
from tests.waiting_room.conftest import KEY


@pytest.fixture
def holder(known, room, person):
    """Somebody whose turn it is."""
    return person(room(per_minute=60_000)).join(known)


def is_let_in(known, one):
    try:
        one.tries(known)
    except NotAdmitted as refused:
        return refused.phase
    return True


def test_an_untouched_pass_lets_its_holder_in_again_and_again(known, another, holder):
    assert [is_let_in(process, holder) for process in (known, another, known)] == [True] * 3


@pytest.mark.parametrize("part", ["event", "epoch", "number", "joined", "signature"])
def test_an_edited_pass_is_none(known, holder, part):
    parts = holder.ticket.split(".")
    at = ["event", "epoch", "number", "joined", "signature"].index(part)
    changed = {"signature": parts[4][::-1], "joined": str(int(parts[3]) + 600_000)}
    parts[at] = changed.get(part, str(int(parts[at]) + 1) if at < 4 else "")
    holder.ticket = ".".join(parts)
    assert is_let_in(known, holder) == "not_joined"


@pytest.mark.parametrize("text", ["", "....", "0.0.0.0." + "A" * 22, "é", "1" * 5000, "\0"])
def test_rubbish_is_no_pass(known, holder, text):
    holder.ticket = text
    assert is_let_in(known, holder) == "not_joined"


def test_a_pass_signed_with_another_key_is_none(known, holder):
    *facts, joined = map(int, holder.ticket.split(".")[:4])
    ticket = Ticket(*facts, joined / 1000)
    holder.ticket = ticket.signed("a key that is not ours", holder.holder)
    assert is_let_in(known, holder) == "not_joined"
    holder.ticket = ticket.signed(KEY, holder.holder)
    assert is_let_in(known, holder) is True


@pytest.mark.parametrize("to", ["browser other", "browser ", "user 5", "program"])
def test_a_pass_that_was_copied_to_another_browser_or_account_is_none(known, holder, person, to):
    thief = person(holder.event_id)
    thief.ticket, thief.holder = holder.ticket, to
    assert is_let_in(known, thief) == "not_joined"


def test_a_pass_that_is_replayed_when_its_time_is_over_is_none(known, holder, monkeypatch):
    later = time.time() + 601
    monkeypatch.setattr("app.waiting_room.rooms.time.time", lambda: later)
    assert is_let_in(known, holder) == "over"


def test_a_pass_of_another_event_is_none(known, room, holder):
    holder.event_id = room(per_minute=60_000)
    assert is_let_in(known, holder) == "not_joined"


def test_a_pass_of_a_former_room_is_none(known, holder):
    for mode in ("off", "on"):
        change_room(known, holder.event_id, {"mode": mode})
    assert is_let_in(known, holder) == "not_joined"


def test_an_account_that_joins_everywhere_at_once_has_one_place(app, known, another, room, person):
    event_id = room()
    joins = [person(event_id, user_id=5).join for _ in range(8)]
    joined = at_once([in_app(app, join, (known, another)[n % 2]) for n, join in enumerate(joins)])
    assert len({one.ticket.split(".")[2] for one in joined}) == 1
    assert joined[0].stands(known).room.arrived == 1


def test_a_number_that_nobody_was_given_is_not_signed_by_asking(known, holder):
    """Whoever joins says neither number nor time."""
    found = waiting_rooms.join(known, holder.event_id, holder.holder, KEY, None, again=1)
    assert int(found.split(".")[2]) == 2
