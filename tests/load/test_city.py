"""The evening that `make load CITY=…` plays: a small one whole, and what its verdict notices."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.load.city.__main__ import read
from tests.load.city.notes import Notes
from tests.load.city.verdict import Kept, correlation, is_drawn, judge, overtaken

ROOT = Path(__file__).parents[2]
KEPT = "oversold: 0 stranded: 0 errors: 0 jumped: 0"
SMALL = (
    *("--people", "80", "--arrive", "80", "--lobby", "1.5", "--calm", "0", "--think", "0.2"),
    *("--pace", "40", "--pass-seconds", "6"),
)
CAPACITY = 3


def play(*words):
    """What `make load CITY=…` runs."""
    return subprocess.run(
        [sys.executable, "-m", "tests.load.city", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_a_small_evening_keeps_every_promise_and_lets_nobody_jump():
    done = play(*SMALL)
    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    lines = done.stdout.splitlines()
    assert lines[-1] == KEPT
    (tries,) = [line for line in lines if line.startswith("tries to jump: ")]
    for kind in ("without a ticket", "copied", "edited", "too early", "after their time"):
        assert kind in tries
    for told in ("fairness: ", "waits of ", "this machine: ", "book "):
        assert any(line.startswith(told) for line in lines), told


@pytest.mark.whole
def test_a_site_that_lets_people_jump_fails():
    """The control."""
    done = play(*SMALL, "--site", "tests.load.city.leaky:app")
    assert done.returncode == 1, done.stdout
    assert "broken: jumped: without a ticket: booked" in done.stdout
    assert not done.stdout.splitlines()[-1].endswith("jumped: 0")


@pytest.mark.whole
def test_an_evening_of_two_thousand_behind_a_proxy_keeps_every_promise():
    done = play("--people", "2000", "--proxy", "nginx")
    assert (done.stderr, done.returncode) == ("", 0), done.stdout


@pytest.mark.parametrize("words", [["--people", "few"], ["--pace", "0"], ["--proxy", "x"]])
def test_a_bad_option_is_named(words, capsys):
    with pytest.raises(SystemExit):
        read(words)
    assert words[0] in capsys.readouterr().err.splitlines()[-1]


def test_it_explains_itself(capsys):
    with pytest.raises(SystemExit):
        read(["--help"])
    assert "make load CITY=N" in capsys.readouterr().out


@pytest.fixture
def notes():
    """Three came: two booked, and one was told that nothing is left."""
    notes = Notes()
    for place, (number, seats) in enumerate([(2, 2), (3, 1), (1, 0)], 1):
        note = notes.person(f"{number}@city.example", "regular")
        note.number, note.place, note.in_lobby, note.joined_at = number, place, True, 0.0
        note.last_waited, note.admitted_at = 10.0 + place, 11.0 + place
        note.seats, note.end = seats, "booked" if seats else "sold out"
    return notes


ORDERS = (("2@city.example", 2), ("3@city.example", 1))


def broken(notes, left=0, orders=ORDERS):
    verdict = judge(notes, Kept(CAPACITY, left, orders))
    return verdict.line, [sentence.partition(":")[0] for sentence in verdict.broken]


def test_an_evening_of_which_everything_is_true_is_good(notes):
    assert broken(notes) == (KEPT, [])


def test_whoever_books_without_a_turn_has_jumped(notes):
    notes.people[1].admitted_at = None
    assert broken(notes)[0].endswith("errors: 0 jumped: 1")


def test_a_jump_that_is_answered_and_kept_is_counted_once(notes):
    notes.people[1].kind, notes.people[1].admitted_at = "copied", None
    notes.jumped["copied"] = 1
    assert broken(notes)[0].endswith("jumped: 1")


def test_seats_of_somebody_whom_nobody_played_are_a_jump(notes):
    assert broken(notes, orders=(*ORDERS[:1], ("program@city.example", 1)))[0].endswith("jumped: 1")


def test_who_had_their_turn_and_no_answer_is_stranded(notes):
    notes.people[2].end = ""
    assert broken(notes) == (KEPT.replace("stranded: 0", "stranded: 1"), ["stranded"])


def test_a_seat_that_nobody_has_and_nobody_can_buy_is_stranded(notes):
    notes.people[1].end = "sold out"
    assert broken(notes, orders=ORDERS[:1])[1] == ["stranded"]


def test_more_seats_than_there_are_is_oversold(notes):
    assert "oversold: 1" in broken(notes, orders=(("2@city.example", 2), ("3@city.example", 2)))[0]


def test_a_booking_that_was_told_and_is_not_there_is_an_error(notes):
    assert "errors: 1" in broken(notes, left=1, orders=ORDERS[:1])[0]


def test_who_still_waits_at_the_end_is_an_error(notes):
    notes.people[2].end, notes.people[2].admitted_at = "", None
    assert "errors: 1" in broken(notes)[0]


def test_who_is_told_to_wait_after_somebody_behind_them_had_their_turn_was_overtaken(notes):
    assert overtaken(notes) == 0
    notes.people[0].last_waited = 12.5
    assert overtaken(notes) == 0
    notes.people[0].last_waited = 13.5
    assert overtaken(notes) == 1
    assert "errors: 1" in broken(notes)[0]


def test_a_place_that_is_another_than_the_published_draw_gives_is_an_error(notes):
    notes.people[0].places_told = {1, 2}
    assert "errors: 1" in broken(notes)[0]


def test_two_people_with_one_number_are_an_error(notes):
    notes.people[0].number = notes.people[1].number
    assert "errors: 1" in broken(notes)[0]


def test_a_lobby_that_is_served_by_arrival_was_not_drawn():
    notes = Notes()
    for number in range(1, 101):
        note = notes.person(f"{number}@city.example", "regular")
        note.number, note.place, note.in_lobby = number, number, True
    assert correlation(notes) == 1
    assert not is_drawn(notes)
    for note in notes.people:
        note.place = note.number * 37 % 101
    assert is_drawn(notes)
