"""A waiting room whose Redis, PostgreSQL and processes are taken away: nobody loses their place."""

import os
import signal
import threading
import time
from datetime import timedelta

import pytest

from app.models.columns import now
from tests.faults.waiters import Browser, StaffMember, Waiters, check_places, check_turns
from tests.support.servers import wait_until

SLOW = 60
"""Turns a minute: some wait in each of these tests for as long as it lasts."""
PEOPLE = 30


@pytest.fixture
def waiters(house):
    return lambda pace=SLOW, **options: Waiters(house, pace, **options)


@pytest.fixture
def queue(waiters):
    """A line of people who have looked where they stand, and of which PostgreSQL has a copy."""

    def queue(pace=SLOW, **options):
        found = waiters(pace, **options)
        assert set(found.join(PEOPLE)) == {201}
        time.sleep(1.1)
        assert found.look() == {200}
        return found

    return queue


@pytest.fixture
def redis_away(house):
    """Kill Redis; answers how to have an empty one come back, which happens in any case."""
    is_away = []

    def kill():
        os.kill(house.redis.pid, signal.SIGKILL)
        is_away.append(True)

        def come_back():
            house.redis.stop()
            house.redis.start()
            is_away.clear()

        return come_back

    yield kill
    if is_away:
        house.redis.start()


@pytest.mark.parametrize("open_to_all", [False, True], ids=["closed", "open"])
def test_without_redis_holds_what_the_organiser_chose(
    house, queue, redis_away, open_to_all, figures
):
    line = queue(open_without_redis=open_to_all, capacity=3)
    come_back = redis_away()
    time.sleep(figures.away)
    assert line.look() == {200}
    assert line.join() == [503]
    last = max(line.people, key=lambda one: one.number)
    answers = [line.book(last.ticket) for _ in range(5)]
    assert answers == ([201] * 3 + [409] * 2 if open_to_all else [403] * 5)
    assert line.sold() == (3 if open_to_all else 0)
    assert "Redis is away" in StaffMember(line).page()
    come_back()
    wait_until(lambda: line.join() == [201], 5)
    assert line.look() == {200}
    check_places(line.people)
    check_turns(line.people)
    wait_until(lambda: line.book(line.people[-1].ticket) == 403, 3)


def test_a_redis_that_is_emptied_while_people_come_costs_nobody_their_place(
    house, waiters, figures
):
    opens = now() + timedelta(seconds=2.5)
    lobby = waiters(sales_open_at=opens, capacity=PEOPLE)
    with house.redis_client() as eye:
        for _ in range(figures.flushes):
            assert set(lobby.join(5)) == {201}
            time.sleep(0.25)
            eye.flushall()
            assert lobby.look() == {200}
    wait_until(lambda: now() > opens)
    assert lobby.look() == {200}
    assert lobby.people[0].last["place"]
    assert set(lobby.join(3)) == {201}
    assert lobby.look() == {200}
    check_places(lobby.people)
    check_turns(lobby.people)


def test_the_checks_notice_a_line_that_goes_back_and_a_number_that_is_given_twice(house, queue):
    """The control: a Redis that lies, of the same room."""
    line, key = queue(), "{{event:{}}}:waiting-room"
    with house.redis_client() as eye:
        eye.hset(key.format(line.event_id), "paces", f"[[{time.time()},-9,1]]")
        time.sleep(0.6)
        assert line.look() == {200}
        with pytest.raises(AssertionError, match="somebody overtook"):
            check_places(line.people)
        eye.hset(key.format(line.event_id), "arrived", 7)
    for one in line.people:
        del one.told[1:]
    assert line.join() == [201]
    with pytest.raises(AssertionError, match="two people have one number"):
        check_places(line.people)


def test_places_and_passes_outlast_every_process_of_the_site(house, waiters):
    line = waiters(pace=1)
    first = Browser(line).joins()
    assert set(line.join(8)) == {201}
    third = Browser(line).joins()
    assert line.look() == {200}
    seen = [first.sees(), third.sees()]
    assert [len(told) for told in seen] == [3, 2]
    time.sleep(1.1)
    restart(house)
    assert line.look() == {200}
    assert [first.sees(), third.sees()] == seen
    check_places(line.people)
    assert line.admitted == 0


@pytest.mark.whole
def test_with_another_key_no_ticket_would_outlast_them(house, waiters):
    """The control."""
    line = waiters(pace=1)
    first = Browser(line).joins()
    key = house.site.environment["SECRET_KEY"]
    try:
        restart(house, SECRET_KEY="of another site, by mistake, with many words")
        with pytest.raises(AssertionError, match="no place any more"):
            first.sees()
    finally:
        restart(house, SECRET_KEY=key)


@pytest.mark.whole
def test_places_outlast_a_restart_of_everything(house, queue, redis_away):
    line = queue()
    redis_away()()
    house.stop_postgres()
    house.start_postgres()
    restart(house)
    assert line.look() == {200}
    assert line.join() == [201]
    assert line.look() == {200}
    check_places(line.people)
    check_turns(line.people)


@pytest.fixture
def postgres_away(house):
    is_away = []

    def stop():
        house.stop_postgres()
        is_away.append(True)

        def come_back():
            is_away.clear()
            house.start_postgres()

        return come_back

    yield stop
    if is_away:
        house.start_postgres()


def test_while_postgresql_is_away_the_line_stands_still_and_says_so(
    queue, waiters, postgres_away, figures
):
    line = queue(pace=120)
    other, staff = Browser(line).joins(), StaffMember(line)
    assert "Waiting" in staff.page()
    assert moves(line, 1.2)
    come_back = postgres_away()
    wait_until(lambda: not moves(line, 1.2), 8)
    stood_at = line.admitted
    assert not moves(line, figures.away + 1)
    assert "The line stands still, as nobody can book" in other.page()
    told = staff.figures()
    assert (told.status_code, told.headers["HX-Retarget"]) == (503, "#busy")
    assert "The database is away" in told.text
    assert line.people[-1].last["wait"] is None
    status = line.status()
    assert (status["halted"], status["per_second"]) == (True, 0)
    assert line.book(line.people[0].ticket) == 503
    come_back()
    wait_until(lambda: moves(line, 0.2), 8)
    # Nobody had their turn meanwhile, so there is no crowd at the door now.
    assert line.admitted <= stood_at + 10
    wait_until(lambda: line.book(line.people[0].ticket) == 201, 5)
    check_places(line.people)
    check_turns(line.people)


def moves(line, seconds):
    """Whether somebody's turn begins in that time."""
    before, ends = line.admitted, time.monotonic() + seconds
    while time.monotonic() < ends:
        line.look()
        time.sleep(0.1)
    return line.admitted > before


def test_a_worker_that_dies_while_people_join_costs_nobody_their_place(house, waiters, figures):
    line, over = waiters(), threading.Event()

    def come():
        while not over.is_set():
            line.join()
            time.sleep(0.02)

    crowd = [threading.Thread(target=come, daemon=True) for _ in range(6)]
    for thread in crowd:
        thread.start()
    for _ in range(figures.kills):
        wait_until(lambda: len(house.ready_workers) == 2, 20)
        wanted = len(line.people) + 20
        wait_until(lambda wanted=wanted: len(line.people) >= wanted)
        house.workers[0].kill()
        wait_until(lambda wanted=wanted: len(line.people) >= wanted + 20)
    over.set()
    for thread in crowd:
        thread.join(10)
    wait_until(lambda: len(house.ready_workers) == 2, 20)
    assert line.look() == {200}
    check_places(line.people)
    check_turns(line.people)


def restart(house, **environment):
    """End all processes of the site, at once, and start it anew."""
    house.site.__exit__()
    house.site.environment |= environment
    house.site.__enter__()
