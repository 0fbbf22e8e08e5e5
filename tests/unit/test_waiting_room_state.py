import pytest

from app.waiting_room.state import Pace, Room, paces_from, paces_text
from app.waiting_room.tickets import Ticket, opened

OPENED = 1_000.0


def room(*paces, lobby=0, arrived=1_000, **facts):
    facts = {"seed": "seed", "mix": "mix", "opened_at": OPENED, **facts}
    paces = [Pace(*pace) for pace in paces] or [Pace(OPENED, 0, 10)]
    return Room(1, 7, OPENED, 600, arrived=arrived, lobby=lobby, paces=paces, **facts)


def test_ten_a_second_have_their_turn():
    assert [room().turn_of(place, OPENED + 2) for place in (1, 10, 20)] == [1000.1, 1001, 1002]
    assert room().turn_of(21, OPENED + 2) is None


def test_a_pace_that_changes_moves_those_who_wait_alone():
    before, after = room(), room((OPENED, 0, 10), (OPENED + 2, 20, 100))
    assert after.turn_of(15, OPENED + 5) == before.turn_of(15, OPENED + 5)
    assert after.turn_of(120, OPENED + 5) == 1003


def test_nobodys_turn_begins_in_a_pause():
    paused = room((OPENED, 0, 10), (OPENED + 1, 10, 0), (OPENED + 60, 10, 10))
    assert paused.turn_of(10, OPENED + 100) == 1001
    assert paused.turn_of(11, OPENED + 59) is None
    assert paused.turn_of(11, OPENED + 100) == 1060.1


def test_a_pass_is_the_same_however_often_it_is_asked():
    passes = {room().pass_of(10, OPENED - 60, OPENED + later) for later in (1, 5, 599)}
    assert [(found.begins, found.ends) for found in passes] == [(1001, 1601)]
    found = passes.pop()
    assert found.is_valid(1001)
    assert not found.is_valid(1000.9)
    assert not found.is_valid(1601)


def test_who_comes_when_nobody_waits_has_all_of_the_time():
    """The line was ahead of them."""
    assert room().pass_of(10, OPENED + 300, OPENED + 300).begins == OPENED + 300


def test_the_lobby_is_drawn_and_later_ones_follow_as_they_came():
    found = room(lobby=50)
    assert sorted(found.place_of(n) for n in range(1, 51)) == list(range(1, 51))
    assert [found.place_of(n) for n in range(1, 51)] != list(range(1, 51))
    assert [found.place_of(n) for n in (51, 52, 999)] == [51, 52, 999]


@pytest.mark.parametrize("facts", [{"opened_at": None}, {"seed": None}])
def test_in_the_lobby_nobody_has_a_place(facts):
    assert room(lobby=50, **facts).place_of(5) is None


def test_paces_are_kept_as_text():
    paces = (Pace(1000.125, 0, 10), Pace(1010, 99.5, 0))
    assert paces_from(paces_text(paces)) == paces


def test_a_ticket_is_its_holders_alone_and_nothing_in_it_can_be_changed():
    ticket = Ticket(7, 123456789012345, 42, 1_700_000_000.125)
    text = ticket.signed("key", "u5")
    assert opened(text, ["new key", "key"], "u5") == ticket
    assert opened(text, ["key"], "u6") is None
    assert opened(text, ["new key"], "u5") is None
    digits = [i for i, letter in enumerate(text) if letter.isdigit()]
    assert len(digits) > 30
    for i in digits:
        changed = text[:i] + str((int(text[i]) + 1) % 10) + text[i + 1 :]
        assert opened(changed, ["key"], "u5") is None


@pytest.mark.parametrize(
    "text", ["", "7.1.42.1.x", "7", "౭.1.42.1." + "A" * 22, "\x00", "7.1.42.1." + "é" * 22]
)
def test_rubbish_is_no_ticket(text):
    assert opened(text, ["key"], "u5") is None


def test_how_many_had_had_their_turn_by_a_moment_that_is_past():
    changed = room((OPENED, 0, 10), (OPENED + 10, 60, 0), (OPENED + 70, 60, 5))
    moments = (OPENED - 1, OPENED, OPENED + 5, OPENED + 9, OPENED + 60, OPENED + 80)
    # At nine seconds the line was ahead of who had come, and went on from there.
    assert [changed.served_by(at) for at in moments] == [0, 0, 50, 60, 60, 110]
