"""Connections that come at once are shared among the workers, and a stuck one holds nobody up."""

import signal
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from statistics import median

import psutil
import pytest

from app.edge.connection_balance import AHEAD, SLOTS, ConnectionBalance
from tests.connections.lines import address_of
from tests.support.servers import wait_until
from tests.support.site import WITHOUT_LIMITS, Site

MANY = 200
TRIES = 5
"""A worker that gets no processor for a while accepts nobody meanwhile; and left alone they share
well by chance, sometimes."""
MOST_APART = 32


@pytest.fixture(scope="module")
def site(migrated_app, settings, folder):
    with Site(settings, folder / "shared", WEB_CONCURRENCY="2", **WITHOUT_LIMITS) as site:
        wait_until(lambda: len(workers(site)) == 2, 20)
        yield site


def workers(site):
    found = psutil.Process(site.pid).children()
    return sorted((one for one in found if one.cmdline()[1:]), key=lambda one: one.pid)


def connections(worker, port):
    found = worker.net_connections("tcp")
    return sum(c.status == "ESTABLISHED" and c.laddr.port == port for c in found)


def test_many_who_come_at_once_are_shared_among_the_workers(site):
    differences = []
    for _ in range(TRIES):
        counts = counts_of_many(site)
        print(f"connections of the workers: {counts}")
        assert sum(counts) == MANY
        differences.append(max(counts) - min(counts))
    assert median(differences) <= MOST_APART


def counts_of_many(site):
    """How many each worker has of those who come at once."""
    host, port = address_of(site.url)
    wait_until(lambda: not any(connections(worker, port) for worker in workers(site)), 20)
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(HTTPConnection(host, port, 10))) for _ in range(MANY)]
        for line in lines:
            line.connect()
        for line in lines:
            line.request("GET", "/sign-in")
        assert {line.getresponse().status for line in lines} == {200}
        return [connections(worker, port) for worker in workers(site)]


def test_a_worker_that_is_stuck_keeps_nobody_from_the_other(site):
    host, port = address_of(site.url)
    stuck, _other = workers(site)
    wait_until(lambda: sum(connections(worker, port) for worker in workers(site)) == 0, 20)
    stuck.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(3 * AHEAD):
            with closing(HTTPConnection(host, port, 10)) as line:
                line.request("GET", "/sign-in", headers={"Connection": "close"})
                assert line.getresponse().status == 200
        with ExitStack() as stack:
            lines = [
                stack.enter_context(closing(HTTPConnection(host, port, 10)))
                for _ in range(3 * AHEAD)
            ]
            for line in lines:
                line.request("GET", "/sign-in")
            assert {line.getresponse().status for line in lines} == {200}
        assert time.monotonic() - began < 10
    finally:
        stuck.send_signal(signal.SIGCONT)


def test_who_has_far_more_than_the_emptiest_is_ahead():
    balance = ConnectionBalance()
    first, second = balance.begin(1), balance.begin(2)
    for _ in range(AHEAD):
        first.opened()
    assert not first.is_ahead
    first.opened()
    assert first.is_ahead
    assert not second.is_ahead
    second.opened()
    assert not first.is_ahead
    second.closed()
    assert first.is_ahead


def test_a_worker_that_has_ended_is_not_waited_for():
    balance = ConnectionBalance()
    killed, other = balance.begin(1), balance.begin(2)
    for _ in range(AHEAD + 1):
        other.opened()
    assert other.is_ahead
    balance.end(1)
    assert not other.is_ahead
    assert not killed.is_ahead
    replaced = balance.begin(1 + SLOTS)
    assert other.is_ahead
    assert not replaced.is_ahead
