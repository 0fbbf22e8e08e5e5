"""gunicorn's gevent worker, with time limits on slow clients, and its share of the connections."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import gevent
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from app.edge.connection_balance import Share
from app.edge.slow_clients import CHECK_INTERVAL, SEND_TIMEOUT, Arrivals, await_body


class Server(StreamServer):  # type: ignore[misc]
    """Accepts many connections at once, and pauses while other workers have far fewer."""

    max_accept = 32
    PAUSE = 0.002
    """Seconds."""

    def __init__(self, share: Share, *args: Any, **options: Any) -> None:
        self._share, self._has_paused = share, False
        super().__init__(*args, **options)

    def do_read(self) -> Any:
        if self._share.is_ahead and not self._has_paused:
            self._pause()
            return None
        # One after each pause: the other worker may be stuck.
        self._has_paused = False
        if accepted := super().do_read():
            self._share.opened()
        return accepted

    def _pause(self) -> None:
        self._has_paused = True
        self.stop_accepting()
        self._timer = self.loop.timer(self.PAUSE)
        self._timer.start(self._start_accepting_if_started)


class GreenletWorker(GeventWorker):  # type: ignore[misc]
    share: Share
    """Set before the worker is forked."""

    def server_class(self, listener: Any, *, spawn: Any, **_of_wsgi_servers: Any) -> Server:
        """Return what accepts connections: gunicorn's own accepts one, then serves all it has."""
        return Server(self.share, listener, handle=partial(self.handle, listener), spawn=spawn)

    def run(self) -> None:
        self._arrivals = Arrivals(most=self.worker_connections)
        checker = gevent.spawn(self._check_regularly)
        try:
            super().run()
        finally:
            checker.kill()

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """Set no timer: checking all connections regularly costs less than a timer per request."""
        return nullcontext()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        self._arrivals.opened(client, addr)
        try:
            super().handle(listener, client, addr)
        finally:
            self._arrivals.closed(client)
            self.share.closed()

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        arrival = self._arrivals.of(sock)
        if not await_body(req, arrival, sock.sendall):
            raise StopIteration
        if arrival.reader is None:
            arrival.stop_waiting()
            # Set while nothing is read: a client that does not read its response must go.
            sock.settimeout(SEND_TIMEOUT)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        except TimeoutError:
            raise StopIteration from None
        finally:
            sock.settimeout(None)
            if arrival.reader is not None:
                arrival.reader.is_asked_for = False
            arrival.start_waiting(self.cfg.keepalive)

    def _check_regularly(self) -> None:
        while True:
            gevent.sleep(CHECK_INTERVAL)
            self._arrivals.check()
