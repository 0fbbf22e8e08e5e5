"""Serves the figures of a gunicorn's workers, and its own looks at the site, to Prometheus.

usage: python -m app.exporter FOLDER --master PID

gunicorn's master runs it where METRICS_PORT is set; it ends with the master.
"""

import argparse
import logging
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterable
from hmac import compare_digest
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Flask
from prometheus_client import CollectorRegistry, make_wsgi_app

from app import db, logs
from app.booking.gate import SeatGate
from app.booking.redis_client import connect
from app.booking.redis_keys import names_of
from app.config import Settings, WeakSettings
from app.exporter.collectors import SiteCollector, WorkerCollector

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METRICS_PATH = "/metrics"
log = logging.getLogger(__name__)


class Server(ThreadingMixIn, WSGIServer):
    """A server with a thread per connection, so that a silent client does not block others."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind like `WSGIServer`, but without a DNS lookup of our own name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def handle_error(self, _request: Any, _address: Any) -> None:
        log.debug("A reader of metrics went away", exc_info=True)


class ServerV6(Server):
    address_family = socket.AF_INET6


class Handler(WSGIRequestHandler):
    timeout = 5.0

    def log_message(self, *_words: Any) -> None:
        """Log nothing: a line per scrape is of no interest."""


class AccessControl:
    """WSGI middleware that allows only `/metrics` and, if a key is set, requires it."""

    def __init__(self, inner: "WSGIApplication", key: str) -> None:
        self._inner, self._expected = inner, f"Bearer {key}".encode() if key else None

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        given = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1")
        if self._expected is not None and not compare_digest(given, self._expected):
            start_response("401 UNAUTHORIZED", [("WWW-Authenticate", 'Bearer realm="metrics"')])
            return [b""]
        if environ["PATH_INFO"] != METRICS_PATH:
            start_response("404 NOT FOUND", [("Content-Type", "text/plain")])
            return [b"There is nothing but /metrics.\n"]
        return self._inner(environ, start_response)


def application(settings: Settings, folder: str) -> "WSGIApplication":
    """Return the WSGI application that serves the metrics files in `folder` and our own checks."""
    app = Flask("app.exporter")
    db.init_app(app, settings)
    client = connect(settings.redis_url, settings.redis_timeout_ms)
    gate = SeatGate(client, settings.redis_timeout_ms, names_of(app, client))
    registry = CollectorRegistry()
    WorkerCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    registry.register(SiteCollector(app, gate))
    return AccessControl(make_wsgi_app(registry), settings.metrics_key)


def serve(settings: Settings, folder: str, master: int) -> None:
    """Serve until the process `master` is gone."""
    wsgi_app = application(settings, folder)
    server = None
    while os.getppid() == master:
        if server is None and (server := _listen(settings)):
            server.set_app(wsgi_app)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        time.sleep(0.5)
    # The master was killed: otherwise it would have ended us and removed the folder itself.
    shutil.rmtree(folder, ignore_errors=True)


_logged_errors: set[str] = set()


def _listen(settings: Settings) -> Server | None:
    """Return a server, or None while the port is taken, as by a master that ours replaces."""
    kind = ServerV6 if ":" in settings.metrics_host else Server
    try:
        return kind((settings.metrics_host, settings.metrics_port or 0), Handler)
    except OSError as error:
        if str(error) not in _logged_errors:
            _logged_errors.add(str(error))
            log.error("Metrics can't be served yet: %s", error)
        return None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m app.exporter", description=__doc__)
    parser.add_argument("folder", help="where the workers keep their figures")
    parser.add_argument("--master", type=int, default=os.getppid(), help="to end with; its number")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        parser.error(f"folder: {options.folder} is none")
    try:
        settings = Settings.load()
        settings.require_strong()
    except WeakSettings as error:
        sys.exit(error.message)
    if settings.metrics_port is None:
        sys.exit("utsavam: METRICS_PORT is missing: it says where metrics are served.")
    logs.set_up(settings)
    serve(settings, options.folder, options.master)


if __name__ == "__main__":
    main()
