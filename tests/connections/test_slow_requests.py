"""Requests that come slowly, in pieces, cut off or too large: each has seconds in all."""

import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest

from app.edge.slow_clients import BODY_TIMEOUT, HEAD_TIMEOUT
from tests.connections.lines import address_of, slow_site
from tests.support.stopwatch import quickest
from tests.support.threads import at_once
from tests.support.worker_kinds import WORKER_KINDS

TIMEOUT = 10


@pytest.fixture(scope="module", params=WORKER_KINDS)
def site(request, migrated_app, settings, folder):
    with slow_site(settings, folder / f"requests-{request.param}", request.param) as site:
        yield site


def sent(site, *pieces, pause=0.5):
    """What is answered to these pieces, and after how many seconds the connection is ended."""
    with closing(socket.create_connection(address_of(site.url), TIMEOUT)) as line:
        line.settimeout(60)
        began, told = time.monotonic(), b""
        for piece in pieces:
            line.sendall(piece)
            time.sleep(pause)
        while came := line.recv(4096):
            told += came
        return told, time.monotonic() - began


HEADERS = b"POST /api/bookings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


NEVER_WHOLE = [
    (HEADERS + b"Content-Length: 50\r\n\r\n{", BODY_TIMEOUT, b"HTTP/1.1 408 "),
    (HEADERS + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", BODY_TIMEOUT, b"HTTP/1.1 408 "),
    (HEADERS, HEAD_TIMEOUT, b""),
    (b"", HEAD_TIMEOUT, b""),
]
"""What is sent, for how many seconds the rest is waited for, and what is told: nothing to one whose
headers never end, who speaks no HTTP yet."""


@pytest.fixture(scope="module", autouse=True)
def never_whole(site):
    """What becomes of them, while the other tests ask the same process."""
    with ThreadPoolExecutor(len(NEVER_WHOLE)) as pool:
        yield [pool.submit(sent, site, part, pause=0) for part, *_ in NEVER_WHOLE]


def test_a_request_that_comes_in_pieces_is_answered(site, make_event, make_user, sql):
    wish = {"event_id": make_event(capacity=9).id, "user_id": make_user().id}
    body = json.dumps(wish).encode()
    half, close = len(body) // 2, b"Connection: close\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])]
    ways = [
        [HEADERS, close, length, body[:half], body[half:]],
        [HEADERS + close, b"Transfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n", b"\r\n"],
        [HEADERS + close + b"Expect: 100-continue\r\n" + length, body],
        # Two at once, the second in two pieces.
        [HEADERS + length + body + HEADERS + close + length + body[:half], body[half:]],
    ]
    answers = at_once([lambda way=way: sent(site, *way, pause=0.2)[0] for way in ways])
    assert [answer.count(b"HTTP/1.1 201 ") for answer in answers] == [1, 1, 1, 2]
    assert answers[2].startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ")
    assert sql("SELECT count(*) FROM bookings") == [(5,)]


def test_a_body_that_is_cut_off_is_no_request(site, make_event, make_user, sql):
    """Its part might be well-formed and say something else."""
    body = json.dumps({"event_id": make_event().id, "user_id": make_user().id}).encode()
    with closing(socket.create_connection(address_of(site.url), TIMEOUT)) as line:
        line.sendall(HEADERS + b"Content-Length: %d\r\n\r\n" % (len(body) + 5) + body)
        line.shutdown(socket.SHUT_WR)
        line.settimeout(TIMEOUT)
        assert not line.recv(100).startswith(b"HTTP/1.1 201")
    time.sleep(0.2)
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_a_length_of_many_digits_keeps_no_worker_waiting(site, clean):
    """gunicorn reads it as five; taken for nothing, a thread would wait for the five."""
    head = HEADERS + b"Content-Length: " + b"0" * 30 + b"5\r\n\r\n"
    lines = [socket.create_connection(address_of(site.url), TIMEOUT) for _ in range(20)]
    try:
        for line in lines:
            line.sendall(head)
        time.sleep(0.3)
        assert quickest(lambda: ask_for_health(site), 2) < 2
        lines[0].sendall(b"{}{}{")
        lines[0].settimeout(TIMEOUT)
        assert lines[0].recv(100).startswith(b"HTTP/1.1 400 ")
    finally:
        for line in lines:
            line.close()


def test_who_does_not_close_after_the_answer_holds_nobody_up(site, clean):
    lines = [socket.create_connection(address_of(site.url), TIMEOUT) for _ in range(4)]
    try:
        for line in lines:
            line.sendall(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        for line in lines:
            assert b"200" in line.recv(100)
        for _ in range(5):
            assert quickest(lambda: ask_for_health(site), 1) < 1
    finally:
        for line in lines:
            line.close()


def test_a_huge_body_that_is_refused_is_not_waited_for(site, clean):
    """Sent as fast as it is taken: to throw it all away would keep everybody else from work."""
    assert quickest(lambda: send_too_much(site), 3) < 3, "it was all taken"
    assert quickest(lambda: ask_for_health(site), 1) < 1


def send_too_much(site):
    with closing(socket.create_connection(address_of(site.url), TIMEOUT)) as line:
        line.settimeout(TIMEOUT)
        line.sendall(HEADERS + b"Content-Length: 1000000000000\r\n\r\n")
        give_up = time.monotonic() + 3
        with contextlib.suppress(OSError):
            while time.monotonic() < give_up:
                line.sendall(b"x" * 65_536)


def test_a_body_in_chunks_without_sizes_is_a_bad_request(site, clean):
    answer, _ = sent(site, HEADERS + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", pause=0)
    assert answer.startswith(b"HTTP/1.1 400 ")


def ask_for_health(site):
    with closing(HTTPConnection(*address_of(site.url), TIMEOUT)) as line:
        line.request("GET", "/health", headers={"Connection": "close"})
        assert line.getresponse().status == 200


def test_a_kept_connection_waits_for_another_request(site, clean):
    with closing(HTTPConnection(*address_of(site.url), TIMEOUT)) as line:
        line.connect()
        kept = line.sock
        for pause in (0, 1, 3):
            time.sleep(pause)
            line.request("GET", "/health")
            assert line.getresponse().read() == b'{"status":"ok"}'
        assert line.sock is kept


def test_a_request_has_seconds_for_the_whole_of_it(never_whole):
    for (_, due, status), answered in zip(NEVER_WHOLE, never_whole, strict=True):
        answer, seconds = answered.result()
        assert answer.startswith(status), answer
        assert due - 0.5 <= seconds <= due + 3
