"""Whoever has much to do holds up nobody who has little; and the processors are shared."""

import subprocess
import sys
import threading
import time

import pytest

from app.lib.fair_queue import FairQueue, QueueFull, WaitedTooLong, on_behalf_of
from tests.support.servers import wait_until
from tests.support.stopwatch import quickest
from tests.support.threads import at_once


class OneLine(FairQueue):
    """The control: as if all came from one address."""

    def _join(self, _client, ticket):
        super()._join("everybody", ticket)


class Held:
    """A queue whose first piece of work is under way until it is let go."""

    def __init__(self, queue):
        self.queue, self.served = queue, []
        self._let_go, self.threads = threading.Event(), []

    def hand_in(self, client, work=None):
        """Returns when it waits in the queue, or when the first is under way."""
        before, begun, is_first = self._waiting(), threading.Event(), not self.threads

        def serve():
            begun.set()
            self._let_go.wait(10)
            self.served.append(client)

        def ask():
            with on_behalf_of(client):
                self.queue.run(work or serve)

        self.threads.append(threading.Thread(target=ask))
        self.threads[-1].start()
        wait_until(begun.is_set if is_first else lambda: self._waiting() > before)

    def let_go(self):
        self._let_go.set()
        for thread in self.threads:
            thread.join(10)
        return self.served

    def _waiting(self):
        return sum(map(len, self.queue._waiting.values()))


@pytest.mark.parametrize(("kind", "place"), [(FairQueue, 2), (OneLine, 11)], ids=["ours", "line"])
def test_who_has_little_waits_for_one_piece_of_who_has_much(kind, place):
    held = Held(kind(each=50, timeout=10))
    for client in ["greedy"] * 11 + ["modest"]:
        held.hand_in(client)
    assert held.let_go().index("modest") == place


def test_clients_take_turns_and_each_is_served_in_the_order_it_came():
    held = Held(FairQueue(each=50, timeout=10))
    for client in ("a", "a", "a", "b", "b", "c"):
        held.hand_in(client)
    assert held.let_go() == ["a", "a", "b", "c", "a", "b"]


def test_one_client_has_so_many_waiting_and_the_others_are_not_refused_for_it():
    queue = FairQueue(each=3, timeout=10)
    held = Held(queue)
    for _ in range(4):
        held.hand_in("greedy")
    with on_behalf_of("greedy"), pytest.raises(QueueFull):
        queue.run(int)
    held.hand_in("modest")
    assert held.let_go().count("modest") == 1


def test_who_has_waited_too_long_is_told_whose_fault_it_is_and_waits_no_more():
    queue = FairQueue(each=10, timeout=0.3)
    held = Held(queue)
    held.hand_in("somebody")

    def told(client):
        began = time.monotonic()
        with on_behalf_of(client), pytest.raises((QueueFull, WaitedTooLong)) as refused:
            queue.run(lambda: held.served.append("after all"))
        return refused.type, time.monotonic() - began < 2

    answers = at_once([lambda: told("alone"), *[lambda: told("many")] * 3])
    assert answers[0] == (WaitedTooLong, True)
    assert sorted(str(kind) for kind, _ in answers[1:]) == sorted(
        map(str, [WaitedTooLong, QueueFull, QueueFull])
    )
    assert all(soon for _, soon in answers)
    assert held.let_go() == ["somebody"], "what was given up is not done"
    assert queue.run(lambda: "served again") == "served again"


def test_what_the_work_raises_is_raised_where_it_was_handed_in():
    queue = FairQueue(each=1, timeout=10)
    with pytest.raises(ZeroDivisionError):
        queue.run(lambda: 1 / 0)
    assert queue.run(divmod, 7, 2) == (3, 1)


def burn(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


@pytest.mark.long
@pytest.mark.parametrize(("share", "at_least"), [(1.0, 0.2), (0.5, 0.35), (0.25, 0.65)])
def test_it_takes_no_more_than_its_share_of_a_core(share, at_least):
    queue = FairQueue(each=10, timeout=10)
    queue.share = share
    began = time.monotonic()
    assert at_once([lambda: queue.run(burn, 0.05)] * 4) == [None] * 4
    assert time.monotonic() - began >= at_least


def test_work_that_can_not_be_begun_is_told_and_the_next_is_done(monkeypatch):
    queue = FairQueue(each=4, timeout=5)
    monkeypatch.setattr(queue, "_work_on", lambda _ticket: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        queue.run(int)
    monkeypatch.undo()
    assert queue.run(lambda: "done") == "done"


@pytest.mark.long
def test_a_process_that_is_nicer_already_works_on(tmp_path):
    """Without a privilege nobody may become less nice."""
    code = (
        "import os\n"
        "from app.lib.fair_queue import FairQueue\n"
        "queue = FairQueue(each=1, timeout=5)\n"
        "os.nice(19); os.getuid() or os.setuid(65534)\n"
        "print(queue.run(lambda: 'done'))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (ran.stdout.strip(), ran.returncode) == ("done", 0), ran.stderr


def test_whose_turn_would_come_too_late_is_told_at_once():
    queue = FairQueue(each=5, timeout=10)
    queue._seconds = 4.0  # as if work had taken so long until now
    held = Held(queue)
    for client in ("busy", "first", "second", "third"):
        held.hand_in(client)
    assert queue.is_hopeless("fourth")
    assert not queue.is_hopeless("first"), "who waits already is judged by their own work"

    def try_in_vain():
        with pytest.raises(WaitedTooLong), on_behalf_of("fourth"):
            queue.run(time.sleep, 0)

    assert quickest(try_in_vain, 1) < 1
    held.let_go()
    assert not queue.is_hopeless("fourth")
