"""gunicorn's gevent worker, with time limits on slow clients."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import gevent
from gunicorn.workers.ggevent import GeventWorker

from app.edge.slow_clients import CHECK_INTERVAL, SEND_TIMEOUT, Arrivals, await_body


class GreenletWorker(GeventWorker):  # type: ignore[misc]
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
