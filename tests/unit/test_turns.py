"""Tests that want the machine alone get it, between processes that test side by side."""

import time
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.support.turns import ALONE, TOGETHER, Turns, wants_to_be_alone

LONG, SOON = 5, 0.2
ROOT = Path(__file__).parents[2]


class Guest(Thread):
    """Comes, stays until it is told to leave, and knows whether it is in."""

    def __init__(self, turn):
        super().__init__(daemon=True)
        self._turn, self.within, self._leave = turn, Event(), Event()
        self.start()

    def run(self):
        with self._turn:
            self.within.set()
            self._leave.wait(LONG)

    def leave(self):
        self._leave.set()
        self.join(LONG)


def test_those_who_may_be_together_are(tmp_path):
    turns = Turns(tmp_path)
    with ExitStack() as stay:
        first, second = Guest(turns.together()), Guest(turns.together())
        stay.callback(first.leave)
        stay.callback(second.leave)
        assert first.within.wait(LONG)
        assert second.within.wait(LONG)


@pytest.mark.parametrize("how", [Turns.together, Turns.alone])
def test_nobody_comes_in_while_one_is_alone(how, tmp_path):
    turns = Turns(tmp_path)
    alone = Guest(turns.alone())
    assert alone.within.wait(LONG)
    other = Guest(how(turns))
    assert not other.within.wait(SOON)
    alone.leave()
    assert other.within.wait(LONG)
    other.leave()


@pytest.mark.long
def test_whoever_waits_to_be_alone_is_not_overtaken(tmp_path):
    turns = Turns(tmp_path)
    there = Guest(turns.together())
    assert there.within.wait(LONG)
    alone = Guest(turns.alone())
    assert not alone.within.wait(SOON)
    late = Guest(turns.together())
    there.leave()
    assert alone.within.wait(LONG)
    time.sleep(SOON)
    assert not late.within.is_set()
    alone.leave()
    assert late.within.wait(LONG)
    late.leave()


def test_whoever_is_alone_stays_so_until_it_lets_others_in(tmp_path):
    turns = Turns(tmp_path)
    turns.stay_alone()
    other = Guest(Turns(tmp_path).together())
    turns.stay_alone()
    assert not other.within.wait(SOON)
    turns.let_in()
    assert other.within.wait(LONG)
    turns.let_in()
    other.leave()


def test_the_list_of_those_who_want_to_be_alone_names_what_there_is():
    for name in ALONE:
        assert (ROOT / name).exists()
        assert wants_to_be_alone(ROOT / name / "test_anything.py")
    for name in (*TOGETHER, "tests/unit/test_turns.py"):
        assert (ROOT / name).exists()
        assert not wants_to_be_alone(ROOT / name)
