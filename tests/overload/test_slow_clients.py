"""One address sends its requests byte by byte, over many connections; others book meanwhile."""

import json
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.connections.lines import address_of, slow_site
from tests.support.threads import at_once
from tests.support.worker_kinds import WORKER_KINDS

SLOW = Path(__file__).with_name("slow.py")
MANY, SECONDS = 1500, 3
"""Connections, and how long they go on: each sends a byte once, and none is ended for its slowness
yet. docs/limits.md has the figures of 4,300."""
BUYERS, EACH = 8, 12
TIMEOUT = 10
P99 = 0.5
"""Seconds. On a busy machine as on a quiet one: it took all their time, or there was no answer."""


@pytest.fixture(scope="module", params=WORKER_KINDS)
def site(request, migrated_app, settings, folder):
    with slow_site(settings, folder / f"slow-{request.param}", request.param) as site:
        yield site


class Crowd:
    """A process of slow clients; what became of them once it is over."""

    def __init__(self, site, kind, many=MANY, seconds=SECONDS):
        host, port = address_of(site.url)
        words = [host, port, kind, many, seconds, f"{host}:{port}"]
        command = [sys.executable, str(SLOW), *map(str, words)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    @property
    def goes_on(self):
        return self._process.poll() is None

    def end(self):
        told, _ = self._process.communicate(timeout=60)
        return json.loads(told)


def book(url, wish):
    """(status, seconds) of a booking over a connection of its own; no status without an answer."""
    body = json.dumps(wish).encode()
    head = f"POST /api/bookings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    head += "Content-Type: application/json\r\nConnection: close\r\n\r\n"
    began = time.monotonic()
    try:
        with closing(socket.create_connection(address_of(url), TIMEOUT)) as line:
            line.settimeout(TIMEOUT)
            line.sendall(head.encode() + body)
            status = int(line.recv(100).split()[1])
    except (OSError, IndexError):
        status = None
    return status, time.monotonic() - began


@pytest.mark.parametrize("kind", [pytest.param("headers", marks=pytest.mark.whole), "body"])
def test_slow_clients_of_one_address_hold_no_booking_up(
    site, make_event, make_user, kind, invariants
):
    wish = {"event_id": make_event(capacity=100_000).id, "user_id": make_user().id}
    crowd, answers = Crowd(site, kind), []

    def buy():
        while crowd.goes_on:
            answers.append(book(site.url, wish))
            time.sleep(0.05)

    at_once([buy] * BUYERS)
    became = crowd.end()
    seconds = sorted(seconds for _, seconds in answers)
    p99 = seconds[int(len(seconds) * 0.99)]
    print(f"{len(answers)} bookings, p99 {1000 * p99:.0f} ms; slow clients: {became}")
    assert {status for status, _ in answers} == {201}
    assert len(answers) > BUYERS * EACH
    assert p99 < P99
    assert became["ended"] + became["open"] == MANY
    assert len(site.log.read_text().splitlines()) < 50
