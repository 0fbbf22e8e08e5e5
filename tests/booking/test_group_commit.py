"""Group commit: who waits is served together, in order, once; and nobody is forgotten."""

import subprocess
import sys
import threading
from collections import Counter

import pytest

from app.booking.group_commit import GroupCommit, QueueFull, ResultUnknown

TIMEOUT = 5.0


class Counterpart:
    """Serves turns when it is let; it notes each turn and how many ran at the same time."""

    def __init__(self):
        self.commits, self.open = [], threading.Event()
        self._busy = Counter()
        self.together = 0

    def serve(self, requests):
        self._busy["now"] += 1
        self.together = max(self.together, self._busy["now"])
        assert self.open.wait(10)
        self.commits.append(list(requests))
        self._busy["now"] -= 1
        if "break" in requests:
            raise ValueError("broken")
        return [f"{request}!" for request in requests]


@pytest.fixture
def counterpart():
    return Counterpart()


@pytest.fixture
def make_commits(counterpart):
    def make(max_batch=100, max_queue=1000, timeout=TIMEOUT):
        return GroupCommit(
            counterpart.serve, max_batch=max_batch, max_queue=max_queue, timeout=timeout
        )

    return make


def ask(commits, requests):
    """Each request in a thread of its own, queued in this order; join them to get the answers."""
    answers = {}

    def one(request):
        try:
            answers[request] = commits.submit(request)
        except Exception as error:
            answers[request] = error

    threads = []
    for request in requests:
        waiting, served = commits.waiting, commits.leading
        threads.append(threading.Thread(target=one, args=(request,)))
        threads[-1].start()
        until(
            lambda r=request, w=waiting, leading=served: r in answers or came(commits, w, leading)
        )
    return threads, answers


def came(commits, waiting, leading):
    """Whether one more waits, or, where nobody led before, somebody leads by now."""
    return commits.waiting > waiting if leading else commits.leading and not commits.waiting


def until(true):
    for _ in range(2000):
        if true():
            return
        threading.Event().wait(0.001)


def finish(counterpart, threads):
    counterpart.open.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_alone_a_request_is_a_turn_of_one(make_commits, counterpart):
    counterpart.open.set()
    assert make_commits().submit("a") == "a!"
    assert counterpart.commits == [["a"]]


def test_who_comes_meanwhile_is_served_together_in_order(make_commits, counterpart):
    threads, answers = ask(make_commits(), "abcdefg")
    finish(counterpart, threads)
    assert counterpart.commits == [["a"], list("bcdefg")]
    assert answers == {letter: f"{letter}!" for letter in "abcdefg"}


def test_a_turn_takes_no_more_than_its_bound_and_the_first_come_go_first(make_commits, counterpart):
    threads, answers = ask(make_commits(max_batch=2), "abcdef")
    finish(counterpart, threads)
    assert counterpart.commits == [["a"], ["b", "c"], ["d", "e"], ["f"]]
    assert len(answers) == 6


def test_turns_never_run_at_the_same_time(make_commits, counterpart):
    counterpart.open.set()
    commits = make_commits(max_batch=3)
    threads, answers = ask(commits, [f"{number}" for number in range(60)])
    finish(counterpart, threads)
    assert counterpart.together == 1
    assert len(answers) == 60
    assert sorted(request for batch in counterpart.commits for request in batch) == sorted(answers)


def test_a_full_queue_refuses_at_once_and_serves_the_others(make_commits, counterpart):
    commits = make_commits(max_queue=2)
    threads, answers = ask(commits, "abc")
    with pytest.raises(QueueFull):
        commits.submit("d")
    finish(counterpart, threads)
    assert answers == {"a": "a!", "b": "b!", "c": "c!"}
    assert commits.submit("e") == "e!"


def test_a_turn_that_breaks_breaks_for_its_own_requests_only(make_commits, counterpart):
    commits = make_commits(max_batch=1)
    threads, answers = ask(commits, ["a", "break", "c"])
    finish(counterpart, threads)
    assert isinstance(answers.pop("break"), ValueError)
    assert answers == {"a": "a!", "c": "c!"}


def test_who_waits_too_long_leaves_and_is_not_served(make_commits, counterpart):
    commits = make_commits(timeout=0.2)
    threads, answers = ask(commits, "ab")
    threads[1].join(10)
    assert isinstance(answers["b"], QueueFull)
    finish(counterpart, threads)
    assert counterpart.commits == [["a"]]
    assert commits.submit("c") == "c!"


def test_a_leader_that_is_ended_leaves_its_turn_unanswered_and_the_desk_open(counterpart):
    class Ended(BaseException):
        pass

    began = threading.Event()

    def serve(requests):
        if "a" in requests:
            began.set()
            assert counterpart.open.wait(10)
            raise Ended
        return list(requests)

    commits = GroupCommit(serve, max_batch=10, max_queue=10, timeout=TIMEOUT)
    ended = []

    def lead():
        try:
            commits.submit("a")
        except Ended:
            ended.append(True)

    leader = threading.Thread(target=lead)
    leader.start()
    assert began.wait(10)
    threads, answers = ask(commits, "b")
    finish(counterpart, [leader, *threads])
    assert ended == [True]
    assert answers == {"b": "b"}
    assert issubclass(ResultUnknown, Exception)


GATHERING = """
from gevent import monkey; monkey.patch_all()
import gevent
from app.booking.group_commit import GroupCommit

def sizes(gathers):
    seen = []
    def serve(batch):
        seen.append(len(batch))
        return batch
    group = GroupCommit(serve, max_batch=100, max_queue=100, timeout=5, gathers=gathers)
    gevent.joinall([gevent.spawn(group.submit, number) for number in range(50)], raise_error=True)
    return seen

print(len(sizes(True)), len(sizes(False)))
"""


def test_a_leader_that_gathers_asks_for_all_who_have_come_together():
    done = subprocess.run(
        [sys.executable, "-c", GATHERING], capture_output=True, text=True, check=True, timeout=60
    )
    # The control: served as they come, each is a batch, for a worker runs one at a time.
    assert done.stdout == "1 50\n"
