"""Time limits on incoming requests, and which connections to close when too many are open.

A client that sends a request byte by byte holds a connection at no cost to itself. So the time
limit is for the whole request, not for each byte. When many connections are open, the address with
most of the incomplete ones loses its oldest, so that everybody else still gets in.
"""

import contextlib
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from fcntl import ioctl
from heapq import heapify, heapreplace
from io import BytesIO
from ipaddress import ip_address
from termios import FIONREAD
from typing import Any

from gunicorn.http.errors import NoMoreData
from werkzeug.exceptions import RequestTimeout

from app.edge.size_limits import MAX_BODY, MAX_REQUEST

HEAD_TIMEOUT = 10.0
"""Seconds from connecting to the end of the first request's headers."""
BODY_TIMEOUT = 15.0
"""Seconds for a body of at most `MAX_BODY`, which is a few packets."""
LARGE_BODY_TIMEOUT = 60.0
"""Seconds for a larger body, a picture: 5 MB from a phone that uploads at 0.7 Mbit/s."""
SEND_TIMEOUT = 30.0
"""Seconds for which a client may accept nothing of a response."""
GRACE = 0.3
"""Seconds that any client may take, however many connections are open."""
CHECK_INTERVAL = 0.25
"""Seconds between checks of all connections, and so the most that one is ended late."""
MAX_OPEN = 1000
"""Open connections of a process above which incomplete ones are closed; at most half of what it
may have, so that there is always room for the next one."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
TIMEOUT_TEXT = b"The request took too long to arrive. Please send it again.\n"
TIMEOUT_RESPONSE = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Cache-Control: no-store\r\nContent-Length: %d\r\n\r\n%s" % (len(TIMEOUT_TEXT), TIMEOUT_TEXT)
)


class Arrival:
    """A connection, and since when we wait for its client (None while a request is handled)."""

    __slots__ = ("address", "due", "is_ended", "reader", "since", "sock")

    def __init__(self, sock: socket.socket, address: str) -> None:
        self.sock, self.address, self.is_ended = sock, address, False
        self.start_waiting(HEAD_TIMEOUT)

    def start_waiting(self, seconds: float, reader: "WholeReader | None" = None) -> None:
        """Start waiting for the client; `reader` is set when the application reads the body."""
        self.reader = reader
        self.since: float | None = time.monotonic()
        self.due = self.since + seconds

    def stop_waiting(self) -> None:
        """Note that the client has sent its request, and now waits for us."""
        self.since = self.reader = None

    def waiting_since(self) -> float:
        """Return the monotonic time since which we wait for the client; infinity when we don't."""
        if self.since is None or self.is_ended or (self.reader and self.reader.is_done):
            return float("inf")
        return self.since

    @property
    def is_overdue(self) -> bool:
        """Whether it was ended for being late (answered 408), rather than to make room."""
        return self.is_ended and self.due <= time.monotonic()

    def end(self) -> None:
        """Shut down reading: the reader sees the end of the stream, and may still answer."""
        self.is_ended = True
        # With gevent's own shutdown the reader would fail as on a closed socket.
        plain = getattr(self.sock, "_sock", self.sock)
        with contextlib.suppress(OSError):  # the client has just left
            plain.shutdown(socket.SHUT_RD)

    def has_sent(self) -> bool:
        """Whether there is unread data, so that the delay is ours and not the client's."""
        try:
            waiting: bytes = ioctl(self.sock.fileno(), FIONREAD, bytes(4))
        except (OSError, ValueError):
            return False
        return int.from_bytes(waiting, sys.byteorder) > 0


class Arrivals:
    """The open connections of a process."""

    def __init__(self, most: int) -> None:
        """`most` is the number of connections that this process may have open."""
        self._max_open = min(MAX_OPEN, most // 2)
        self._open: dict[Any, Arrival] = {}
        self._checked_at = 0.0

    def opened(self, sock: Any, peer: Any) -> Arrival:
        """Register a connection; `peer` is the address that `accept` returned."""
        arrival = self._open[sock] = Arrival(sock, _network(peer))
        return arrival

    def closed(self, sock: Any) -> None:
        self._open.pop(sock, None)

    def of(self, sock: Any) -> Arrival:
        """Return the registered connection of a socket."""
        return self._open[sock]

    def check(self) -> None:
        """End overdue connections, and the excess ones; does nothing when called again too soon."""
        now = time.monotonic()
        if now < self._checked_at + CHECK_INTERVAL / 2:
            return
        self._checked_at = now
        waiting = [(arrival.waiting_since(), arrival) for arrival in list(self._open.values())]
        for since, arrival in waiting:
            if since <= now and arrival.due <= now:
                arrival.end()
        over = len(waiting) - self._max_open
        if over > 0:
            _end_excess(over, [a for since, a in waiting if since < now - GRACE and not a.is_ended])


def _end_excess(many: int, waiting: list[Arrival]) -> None:
    """End `many` connections, each time the oldest one of the address that has most."""
    by_address: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in sorted(waiting, key=lambda arrival: -(arrival.since or 0)):
        by_address[arrival.address].append(arrival)
    heap = [(-len(group), address) for address, group in by_address.items()]
    heapify(heap)
    while many > 0 and heap and heap[0][0]:
        left, address = heap[0]
        arrival = by_address[address].pop()
        heapreplace(heap, (left + 1, address))
        if not arrival.has_sent():
            arrival.end()
            many -= 1


def _network(peer: Any) -> str:
    """Return the address, or the /64 of an IPv6 one, in which a household may pick any."""
    if not isinstance(peer, tuple):
        return ""
    address: str = peer[0]
    return address if "." in address else str(ip_address(address).exploded[:19])


class WholeReader:
    """A body that the application reads as it arrives.

    Raises `RequestTimeout` when it is incomplete, so that a part is never taken for the whole.
    """

    def __init__(self, req: Any) -> None:
        self._req, self._reader, self._discarded = req, req.body.reader, 0
        self.is_asked_for = True
        """Whether the application reads it; False while an unread rest is discarded."""

    @property
    def is_done(self) -> bool:
        left = self._reader.length if self._has_length else self._reader.parser
        return not left

    @property
    def _has_length(self) -> bool:
        return hasattr(self._reader, "length")

    def read(self, size: int) -> bytes:
        due = min(size, self._reader.length) if self._has_length else 0
        try:
            data: bytes = self._reader.read(size)
            if len(data) < due:
                raise NoMoreData
        except NoMoreData:
            self._req.force_close()
            if not self.is_asked_for:
                raise
            raise RequestTimeout("The request did not arrive as a whole.") from None
        if not self.is_asked_for:
            self._discard(len(data))
        return data

    def _discard(self, size: int) -> None:
        """Let other requests run meanwhile, and stop after `MAX_REQUEST` bytes."""
        time.sleep(0)
        self._discarded += size
        if self._discarded > MAX_REQUEST:
            self._req.force_close()
            raise NoMoreData


def await_body(req: Any, arrival: Arrival, send: Callable[[bytes], Any]) -> bool:
    """Read a request's body before calling the application.

    So no database lock or connection is held while a client sends slowly. A body larger than
    `MAX_BODY` is left to the application to read. Returns False when the body was late, after
    answering 408. Raises `NoMoreData` when the client disconnected.
    """
    length = getattr(req.body.reader, "length", None)
    if length == 0:
        return True
    if req._expected_100_continue:
        req._expected_100_continue = False
        send(CONTINUE)
    if length is not None and length > MAX_BODY:
        if length > MAX_REQUEST:
            req.force_close()  # it will be refused, and its rest is not waited for
        _let_application_read(req, arrival)
        return True
    arrival.start_waiting(BODY_TIMEOUT)
    try:
        body = req.body.read(MAX_BODY + 1)
        if len(body) < (length or 0):
            raise NoMoreData
    except NoMoreData:
        if not arrival.is_overdue:
            raise
        send(TIMEOUT_RESPONSE)
        return False
    if len(body) > MAX_BODY:
        # A chunked body, whose length was unknown. Put back what was read.
        rest = req.body.buf.getvalue()
        req.body.buf = BytesIO()
        req.body.buf.write(body + rest)
        _let_application_read(req, arrival)
    else:
        req.body = BytesIO(body)
    return True


def _let_application_read(req: Any, arrival: Arrival) -> None:
    req.body.reader = WholeReader(req)
    arrival.start_waiting(LARGE_BODY_TIMEOUT, req.body.reader)
