"""Bulk work waits in line, and beside urgent work it takes a share of the time."""

import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from threading import Thread

import pytest

from app.lib.admission import (
    FORGOTTEN_AFTER,
    GROUP,
    MAX_BESIDE_URGENT,
    MAX_INSIDE,
    MUCH,
    SHARE,
    Admission,
    NotAdmitted,
)
from tests.support.servers import wait_until
from tests.support.threads import at_once


@pytest.fixture
def line():
    return Admission(max_waiting=100, timeout=5)


def fill(line, seconds=None, most=MAX_INSIDE):
    """As many as may enter; they leave again after so many seconds, if any."""
    places = [object() for _ in range(most)]
    for place in places:
        line.enter(place)
    if seconds:
        time.sleep(seconds)
        for place in places:
            line.leave(place)
    return places


def queue_up(line, names, entered):
    """Each comes when the one before waits."""
    threads = []
    for name in names:
        before = line.waiting
        threads.append(Thread(target=lambda name=name: (line.enter(name), entered.append(name))))
        threads[-1].start()
        wait_until(lambda before=before: line.waiting == before + 1)
    return threads


def test_those_who_find_no_place_enter_in_the_order_in_which_they_came(line):
    places, entered = fill(line), []
    threads = queue_up(line, ["first", "second", "third"], entered)
    for number, place in enumerate(places[:3], 1):
        line.leave(place)
        wait_until(lambda number=number: len(entered) == number)
    assert entered == ["first", "second", "third"]
    for thread in threads:
        thread.join()


def test_past_the_line_nobody_waits():
    patience = 5
    line = Admission(max_waiting=0, timeout=patience)
    fill(line)
    began = time.monotonic()
    with pytest.raises(NotAdmitted):
        line.enter("one too many")
    # However starved of the processor: who had waited would have waited for all of it.
    assert time.monotonic() - began < patience / 2


def test_who_has_waited_for_too_long_is_not_admitted_and_leaves_the_line():
    line = Admission(max_waiting=1, timeout=0.1)
    fill(line)
    with pytest.raises(NotAdmitted):
        line.enter("late")
    assert line.waiting == 0
    line.leave("late")  # changes nothing


def test_who_is_killed_in_line_leaves_it_to_the_others():
    """As greenlets are, when their worker ends; in a process of its own, which has greenlets."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "0 True\n"


KILLED = """
from gevent import monkey; monkey.patch_all()
import gevent
from app.lib.admission import MAX_INSIDE, Admission

line = Admission(max_waiting=10, timeout=5)
for place in range(MAX_INSIDE):
    line.enter(place)
killed = gevent.spawn(line.enter, "killed")
gevent.sleep(0.01)
other = gevent.spawn(line.enter, "other")
gevent.sleep(0.01)
killed.kill()
line.leave(0)
other.join(0.3)
print(line.waiting, other.successful())
"""


def test_work_that_hangs_keeps_nobody_out(line):
    fill(line)
    began = time.monotonic()
    line.enter("patient")
    assert FORGOTTEN_AFTER / 2 < time.monotonic() - began < FORGOTTEN_AFTER + 1


@contextmanager
def urgent(line, pieces=MUCH):
    """So many pieces of urgent work."""
    with ExitStack() as stack:
        for _ in range(pieces):
            stack.enter_context(line.urgent())
        yield


def test_beside_much_urgent_work_only_a_few_enter_and_the_next_after_a_rest(line):
    took = 0.1
    with urgent(line):
        places = [object() for _ in range(GROUP)]
        for place in places:
            line.enter(place)
        time.sleep(took)
        for place in places:
            line.leave(place)
        began = time.monotonic()
        line.enter("next")
        assert time.monotonic() - began > took * (1 / SHARE - 1) * 0.9


def test_a_little_urgent_work_keeps_nobody_waiting(line):
    """The control of the test before: there the same takes longer."""
    began = time.monotonic()
    with urgent(line, MUCH - 1):
        for _ in range(3):
            fill(line, 0.1, MAX_BESIDE_URGENT)
    assert time.monotonic() - began < 0.1 * (1 / SHARE - 1) * 3


def test_fewer_are_begun_while_there_is_urgent_work_and_a_second_after(line):
    """Urgent work waits for all that are begun."""
    with line.urgent():
        fill(line, most=MAX_BESIDE_URGENT)
    entered = []
    (thread,) = queue_up(line, ["one more"], entered)
    began = time.monotonic()
    thread.join()
    assert entered == ["one more"]
    assert time.monotonic() - began > FORGOTTEN_AFTER / 2


def test_more_are_begun_where_nothing_is_urgent(line):
    """The control of the test before."""
    fill(line, most=MAX_BESIDE_URGENT)
    began = time.monotonic()
    line.enter("one more")
    assert time.monotonic() - began < FORGOTTEN_AFTER / 2


def test_a_rest_is_over_for_one_when_there_is_nothing_else_to_do():
    line = Admission(max_waiting=10, timeout=0.2, wait_until_idle=lambda _seconds: None)
    with urgent(line):
        line.enter("long")
        time.sleep(0.3)
        line.leave("long")
        began = time.monotonic()
        line.enter("first")
        assert time.monotonic() - began < 0.2
        with pytest.raises(NotAdmitted):
            line.enter("second")


def test_a_rest_is_over_when_the_urgent_work_is(line):
    took = 0.45
    with urgent(line):
        line.enter("first")
        time.sleep(took)
        line.leave("first")
    began = time.monotonic()
    line.enter("second")
    assert time.monotonic() - began < took < took * (1 / SHARE - 1)


def test_everybody_gets_through_whatever_the_turns(line):
    done = []

    def work(place):
        line.enter(place)
        time.sleep(0.001)
        line.leave(place)
        done.append(place)

    with urgent(line):
        at_once([lambda n=n: work(n) for n in range(60)])
    assert (len(done), line.waiting) == (60, 0)
