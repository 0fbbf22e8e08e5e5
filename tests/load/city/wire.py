"""Many people's questions from one process: a connection each, and as little work as can be.

A person is a generator. What it yields is done for it: a number is seconds of rest, a `Question` is
asked, and the `Answer` is what the `yield` gives. Nothing here knows HTTP beyond what a site sends.
"""

import errno
import heapq
import re
import select
import socket
import time
from collections import deque
from typing import NamedTuple
from urllib.parse import urlsplit

PATIENCE = 15.0
"""Seconds after which an answer does not come any more."""
MAX_UNDER_WAY = 8_000
"""Connections at once: each takes a file descriptor; others stand in line, which is counted."""
UNDER_WAY = (errno.EINPROGRESS, errno.EAGAIN)
COOKIE = re.compile(rb"\r\nset-cookie: ([^;\r\n]+)", re.IGNORECASE)


class Question(NamedTuple):
    what: str
    """What it is called where times and failures are told."""
    method: str
    path: str
    cookie: str = ""
    body: bytes = b""
    headers: tuple = ()


class Answer(NamedTuple):
    status: int
    """0 if there was none."""
    head: bytes
    body: bytes
    seconds: float
    asked_at: float

    @property
    def location(self):
        found = re.search(rb"\r\nlocation: ([^\r\n]+)", self.head, re.IGNORECASE)
        return found[1].decode() if found else ""

    @property
    def cookie(self):
        """All that is to be kept, as the browser sends it back."""
        return b"; ".join(COOKIE.findall(self.head)).decode()


class _Line:
    __slots__ = ("asked_at", "begun_at", "parts", "person", "question", "sending", "socket")


class Wire:
    """Carries the questions to one site until nobody has any more."""

    def __init__(self, site, heard):
        parts = urlsplit(site)
        self._address, self._origin = (parts.hostname, parts.port), site
        self._heard = heard
        """Called with each question and its answer."""
        self._epoll, self._lines, self._rests = select.epoll(), {}, []
        self._queue, self._turn = deque(), 0
        self.late = []
        """By how many seconds somebody's rest was too long: this process was busy."""
        self.most_under_way = self.had_to_queue = 0

    def let(self, person, after=0.0):
        """Have a person begin after some seconds."""
        self._turn += 1
        heapq.heappush(self._rests, (time.monotonic() + after, self._turn, person))

    def run(self, seconds):
        """Carry on until all are through, or the time is over; how many are not through."""
        ends, swept = time.monotonic() + seconds, time.monotonic()
        while (self._rests or self._lines or self._queue) and (now := time.monotonic()) < ends:
            for number, _event in self._epoll.poll(self._until_next(now), 512):
                self._work(number)
            self._wake(time.monotonic())
            if now - swept > 1:
                swept = now
                self._sweep(now)
        left = len(self._rests) + len(self._lines) + len(self._queue)
        for line in list(self._lines.values()):
            line.socket.close()
        return left

    def _until_next(self, now):
        return min(max(self._rests[0][0] - now, 0), 0.5) if self._rests else 0.5

    def _wake(self, now):
        while self._rests and self._rests[0][0] <= now:
            due, _turn, person = heapq.heappop(self._rests)
            self.late.append(now - due)
            self._go_on(person, None)

    def _go_on(self, person, answer):
        try:
            wish = person.send(answer)
        except StopIteration:
            return
        if isinstance(wish, Question):
            self._ask(person, wish, time.monotonic())
        else:
            self.let(person, wish)

    def _ask(self, person, question, asked_at):
        if len(self._lines) >= MAX_UNDER_WAY:
            self.had_to_queue += 1
            self._queue.append((person, question, asked_at))
            return
        line = _Line()
        line.person, line.question, line.asked_at = person, question, asked_at
        line.parts, line.sending, line.begun_at = [], self._request(question), time.monotonic()
        line.socket = socket.socket()
        line.socket.setblocking(False)
        failed = line.socket.connect_ex(self._address)
        if failed and failed not in UNDER_WAY:
            line.socket.close()
            self._told(line, b"")
            return
        self._lines[line.socket.fileno()] = line
        self.most_under_way = max(self.most_under_way, len(self._lines))
        self._epoll.register(line.socket.fileno(), select.EPOLLOUT)

    def _request(self, question):
        lines = [
            f"{question.method} {question.path} HTTP/1.1",
            f"Host: {self._address[0]}:{self._address[1]}",
            "Connection: close",
            *question.headers,
        ]
        if question.cookie:
            lines.append(f"Cookie: {question.cookie}")
        if question.method == "POST":
            lines += [f"Origin: {self._origin}", f"Content-Length: {len(question.body)}"]
        return "\r\n".join([*lines, "\r\n"]).encode() + question.body

    def _work(self, number):
        line = self._lines.get(number)
        if line is None:
            return
        try:
            if line.sending:
                line.sending = line.sending[line.socket.send(line.sending) :]
                if not line.sending:
                    self._epoll.modify(number, select.EPOLLIN)
            elif data := line.socket.recv(262_144):
                line.parts.append(data)
            else:
                self._end(number, line)
        except BlockingIOError:
            return
        except OSError:
            line.parts = []
            self._end(number, line)

    def _end(self, number, line):
        del self._lines[number]
        line.socket.close()
        self._told(line, b"".join(line.parts))
        while self._queue and len(self._lines) < MAX_UNDER_WAY:
            self._ask(*self._queue.popleft())

    def _told(self, line, text):
        seconds = time.monotonic() - line.asked_at
        answer = Answer(*_read(text), seconds, line.asked_at)
        self._heard(line.question, answer)
        self._go_on(line.person, answer)

    def _sweep(self, now):
        for number, line in list(self._lines.items()):
            if now - line.begun_at > PATIENCE:
                line.parts = []
                self._end(number, line)


def _read(text):
    """The status, the head and the body of what was sent until the connection's end."""
    head, _, body = text.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.") or not _is_whole(head, body):
        return 0, b"", b""
    if b"\r\ntransfer-encoding: chunked" in head.lower():
        body = _unchunked(body)
    return int(head[9:12]), head, body


def _is_whole(head, body):
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    return length is None or int(length[1]) == len(body)


def _unchunked(body):
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length:
            break
        parts.append(rest[:length])
        body = rest[length + 2 :]
    return b"".join(parts)
