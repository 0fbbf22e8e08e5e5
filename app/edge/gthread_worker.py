"""gunicorn's gthread worker, with limits on slow clients and on the wait for a thread.

When all threads are busy, requests wait where the desk doesn't see them, and the desk would then
allow its full waiting time on top. So a request that waited too long for a thread is refused at
once.

A thread is given a request only when all of it has arrived. If threads read from clients, as many
slow clients as there are threads would block the site; the main thread reads from all of them.
"""

import contextlib
import selectors
import socket
import threading
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn
from gunicorn.workers.gthread import ThreadWorker as GunicornThreadWorker

from app.edge.request_framing import Frame
from app.edge.size_limits import MAX_BODY, MAX_HEAD
from app.edge.slow_clients import (
    BODY_TIMEOUT,
    CHECK_INTERVAL,
    CONTINUE,
    HEAD_TIMEOUT,
    LARGE_BODY_TIMEOUT,
    SEND_TIMEOUT,
    TIMEOUT_RESPONSE,
    Arrivals,
)

MAX_WAIT = 2.0
"""Seconds that a request may wait for a thread; of ten in all, the rest is for the booking."""
CHUNK_SIZE = 64 * 1024
"""Bytes read from one client before the next has its turn."""
LINGER = 2.0
"""Seconds for which a closing connection may still send; RFC 9112, 9.6 says why it may."""
MAX_DRAINED = 64 * 1024
"""Bytes discarded of it meanwhile."""
MAX_HELD = 64 * 1024 * 1024
"""Bytes of large bodies (pictures) held at once; a client that exceeds it is disconnected."""


class _Waited(threading.local):
    seconds = 0.0


_waited = _Waited()


class Connection(TConn):  # type: ignore[misc]
    """A client's connection, with what has been received of its next request."""

    def __init__(self, worker: "ThreadWorker", client: Any, peer: Any, server: Any) -> None:
        super().__init__(worker.cfg, client, peer, server)
        self._arrivals, self.frame = worker.arrivals, Frame()
        self.arrival = self._arrivals.opened(client, peer)
        self.drained = 0

    def close(self, graceful: bool = False) -> None:
        self._arrivals.closed(self.sock)
        super().close(graceful)


class ThreadWorker(GunicornThreadWorker):  # type: ignore[misc]
    """gthread worker that reads requests in the main thread and times their wait for a thread."""

    def run(self) -> None:
        self.arrivals = Arrivals(most=self.worker_connections)
        self._held = 0
        super().run()

    def accept(self, listener: Any) -> None:
        try:
            client, peer = listener.accept()
        except OSError:
            return  # another process accepted it, or the client has left
        self.nr_conns += 1
        self._await_request(Connection(self, client, peer, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: Any) -> None:
        """Read the next request of a keep-alive connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)
        self._read(conn, client)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(min(timeout, CHECK_INTERVAL))
        self.arrivals.check()

    def _await_request(self, conn: Connection, received: bytes = b"") -> None:
        conn.frame = Frame()
        conn.arrival.start_waiting(HEAD_TIMEOUT)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read, conn))
        if received:
            self._receive(conn, received)

    def _read(self, conn: Connection, client: Any) -> None:
        data = _received_from(client)
        if data is None:
            return
        if data:
            self._receive(conn, data)
        else:
            self._drop(conn, TIMEOUT_RESPONSE if conn.arrival.is_overdue else b"")

    def _receive(self, conn: Connection, data: bytes) -> None:
        frame, had_head, was_small = conn.frame, conn.frame.has_head, conn.frame.is_small
        frame.add(data)
        self._count_held(frame, len(data))
        if frame.is_whole():
            self.poller.unregister(conn.sock)
            conn.arrival.stop_waiting()
            self.enqueue_req(conn)
        elif (self._held > MAX_HELD and frame.held) or (
            not frame.has_head and len(frame.received) > MAX_HEAD
        ):
            self._drop(conn)
        elif frame.has_head and (not had_head or (was_small and not frame.is_small)):
            conn.arrival.start_waiting(BODY_TIMEOUT if frame.is_small else LARGE_BODY_TIMEOUT)
            if frame.expects_continue and not had_head:
                self._send(conn, CONTINUE)

    def _count_held(self, frame: Frame, more: int) -> None:
        if len(frame.received) > MAX_BODY + MAX_HEAD:
            self._held += more
            frame.held += more

    def _drop(self, conn: Connection, message: bytes = b"") -> None:
        self.poller.unregister(conn.sock)
        self._held -= conn.frame.held
        self.nr_conns -= 1
        if conn.frame.has_head:
            self._send(conn, message)
        conn.close()

    def _send(self, conn: Connection, message: bytes) -> None:
        """Send a few bytes without blocking the main thread; the socket buffer has room."""
        with contextlib.suppress(OSError):
            conn.sock.send(message)

    def enqueue_req(self, conn: Connection) -> None:
        conn.enqueued = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: Connection) -> Any:
        _waited.seconds = time.monotonic() - conn.enqueued
        conn.init()
        # A client that does not read its response must not keep the thread.
        conn.sock.settimeout(SEND_TIMEOUT)
        conn.parser.unreader.unread(bytes(conn.frame.received))
        # Nor one that has not sent all: whatever the parser thinks is missing does not come.
        conn.parser.unreader.chunk = lambda *_hint: b""
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        req._expected_100_continue = False  # already sent, if expected
        if conn.frame.is_too_large:
            req.force_close()
        return super().handle_request(req, conn)

    def finish_request(self, conn: Connection, fs: Any) -> None:
        self._held -= conn.frame.held
        conn.frame = Frame()
        stays = not fs.cancelled() and fs.exception() is None and fs.result()
        received = conn.parser.unreader.take_buffered() if stays else b""
        if received:
            # Pipelined with the previous request. gunicorn would let a thread wait for the rest.
            conn.sock.setblocking(False)
            self._await_request(conn, received)
        elif stays:
            conn.arrival.start_waiting(self.cfg.keepalive)
            super().finish_request(conn, fs)
        else:
            self.nr_conns -= 1
            self._close_gracefully(conn)

    def _close_gracefully(self, conn: Connection) -> None:
        """Close once the client has, or after `LINGER` seconds; gunicorn would block meanwhile.

        Closing at once could reset the connection before the client has read the response.
        """
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
        except OSError:  # it is closed already
            conn.close()
            return
        conn.arrival.start_waiting(LINGER)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))

    def _drain(self, conn: Connection, client: Any) -> None:
        data = _received_from(client)
        if data is None:
            return
        conn.drained += len(data)
        if not data or conn.drained > MAX_DRAINED:
            self.poller.unregister(client)
            conn.close()


def _received_from(client: Any) -> bytes | None:
    """Return what the client has sent: nothing when it has left, None when it is yet to send."""
    try:
        data: bytes = client.recv(CHUNK_SIZE)
    except BlockingIOError:
        return None
    except OSError:
        return b""
    return data


def waited_too_long() -> bool:
    """Whether this thread's request waited beyond `MAX_WAIT`; always False in other workers."""
    return _waited.seconds > MAX_WAIT
