"""Group commit: who waits is served together, in order, once; and nobody is forgotten."""

import threading
from collections import Counter

import pytest

from app.booking.turns import Full, Turns, Unanswered

PATIENCE = 5.0


class Counterpart:
    """Serves turns when it is let; it notes each turn and how many ran at the same time."""

    def __init__(self):
        self.turns, self.open = [], threading.Event()
        self._busy = Counter()
        self.together = 0

    def serve(self, requests):
        self._busy["now"] += 1
        self.together = max(self.together, self._busy["now"])
        assert self.open.wait(10)
        self.turns.append(list(requests))
        self._busy["now"] -= 1
        if "break" in requests:
            raise ValueError("broken")
        return [f"{request}!" for request in requests]


@pytest.fixture
def counterpart():
    return Counterpart()


@pytest.fixture
def make_turns(counterpart):
    def make(most=100, room=1000, patience=PATIENCE):
        return Turns(counterpart.serve, most=most, room=room, patience=patience)

    return make


def ask(turns, requests):
    """Each request in a thread of its own, queued in this order; join them to get the answers."""
    answers = {}

    def one(request):
        try:
            answers[request] = turns.take(request)
        except Exception as error:
            answers[request] = error

    threads = []
    for request in requests:
        waiting, served = turns.waiting, turns.led
        threads.append(threading.Thread(target=one, args=(request,)))
        threads[-1].start()
        until(lambda r=request, w=waiting, led=served: r in answers or came(turns, w, led))
    return threads, answers


def came(turns, waiting, led):
    """Whether one more waits, or, where nobody led before, somebody leads by now."""
    return turns.waiting > waiting if led else turns.led and not turns.waiting


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


def test_alone_a_request_is_a_turn_of_one(make_turns, counterpart):
    counterpart.open.set()
    assert make_turns().take("a") == "a!"
    assert counterpart.turns == [["a"]]


def test_who_comes_meanwhile_is_served_together_in_order(make_turns, counterpart):
    threads, answers = ask(make_turns(), "abcdefg")
    finish(counterpart, threads)
    assert counterpart.turns == [["a"], list("bcdefg")]
    assert answers == {letter: f"{letter}!" for letter in "abcdefg"}


def test_a_turn_takes_no_more_than_its_bound_and_the_first_come_go_first(make_turns, counterpart):
    threads, answers = ask(make_turns(most=2), "abcdef")
    finish(counterpart, threads)
    assert counterpart.turns == [["a"], ["b", "c"], ["d", "e"], ["f"]]
    assert len(answers) == 6


def test_turns_never_run_at_the_same_time(make_turns, counterpart):
    counterpart.open.set()
    turns = make_turns(most=3)
    threads, answers = ask(turns, [f"{number}" for number in range(60)])
    finish(counterpart, threads)
    assert counterpart.together == 1
    assert len(answers) == 60
    assert sorted(request for turn in counterpart.turns for request in turn) == sorted(answers)


def test_a_full_queue_refuses_at_once_and_serves_the_others(make_turns, counterpart):
    turns = make_turns(room=2)
    threads, answers = ask(turns, "abc")
    with pytest.raises(Full):
        turns.take("d")
    finish(counterpart, threads)
    assert answers == {"a": "a!", "b": "b!", "c": "c!"}
    assert turns.take("e") == "e!"


def test_a_turn_that_breaks_breaks_for_its_own_requests_only(make_turns, counterpart):
    turns = make_turns(most=1)
    threads, answers = ask(turns, ["a", "break", "c"])
    finish(counterpart, threads)
    assert isinstance(answers.pop("break"), ValueError)
    assert answers == {"a": "a!", "c": "c!"}


def test_who_waits_too_long_leaves_and_is_not_served(make_turns, counterpart):
    turns = make_turns(patience=0.2)
    threads, answers = ask(turns, "ab")
    threads[1].join(10)
    assert isinstance(answers["b"], Full)
    finish(counterpart, threads)
    assert counterpart.turns == [["a"]]
    assert turns.take("c") == "c!"


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

    turns = Turns(serve, most=10, room=10, patience=PATIENCE)
    ended = []

    def lead():
        try:
            turns.take("a")
        except Ended:
            ended.append(True)

    leader = threading.Thread(target=lead)
    leader.start()
    assert began.wait(10)
    threads, answers = ask(turns, "b")
    finish(counterpart, [leader, *threads])
    assert ended == [True]
    assert answers == {"b": "b"}
    assert issubclass(Unanswered, Exception)
