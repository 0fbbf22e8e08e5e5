"""Stands where a payment provider's API would be, and holds each call against its documents.

It keeps pages and refunds as the provider would, so that what follows of a call can be asked for.
What the documents do not allow is answered as the provider would, and noted in `faults`.
"""

import json
import re
import time
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qsl, urlsplit

from app.lib.payment_providers import ToBePaid
from app.models.columns import now

ORDER = "KJ3M7PQ2XA"


def order(**facts):
    """An order that is to be paid on a provider's page, within five minutes."""
    plain = {
        "order": ORDER,
        "key": "utsavam-7-c0ffee",
        "amount_minor": 50_000,
        "currency": "INR",
        "title": "Ōnam Sadya",
        "now": now(),
        "until": now() + timedelta(minutes=5),
        "return_address": f"https://tickets.example.org/payments/provider/return/{ORDER}",
    }
    return ToBePaid(**{**plain, **facts})


class NotAllowed(Exception):
    """A call is refused, for a reason that the provider's documents give."""

    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class TooLate(NotAllowed):
    """What every caller has to reckon with: no fault of theirs."""


class Call:
    """One request: its method, path, headers, fields and the body as it came."""

    def __init__(self, method, target, headers, body):
        parts = urlsplit(target)
        self.method, self.path, self.headers, self.body = method, parts.path, headers, body
        self.query = dict(parse_qsl(parts.query))

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=False))

    @property
    def json(self):
        return json.loads(self.body or b"null")


class Recorder:
    """A context manager that serves until it is left; subclasses answer as a provider does.

    `away` answers 503 to all calls, `slow` waits so many seconds first, and `loses_answers` does
    what it is asked, and breaks off before it says so. `dies_at` is a method and a pattern of
    paths: the first such call kills it, with `dies_after` once it has done what it is asked. Nobody
    answers then until it is told to `start_again`, with all that it knew.
    """

    def __init__(self):
        self.calls, self.faults, self.refused = [], [], {}
        self.away, self.slow, self.loses_answers = False, 0, False
        self.dies_at, self.dies_after, self.is_dead = None, False, False
        self._lock = Lock()

    def forget(self):
        """Be as new, at the same address."""
        Recorder.__init__(self)

    def __enter__(self):
        self._listen(0)
        return self

    def __exit__(self, *_error):
        if not self.is_dead:
            self.die()

    def die(self):
        self.dies_at, self.is_dead = None, True
        self._server.shutdown()
        self._server.server_close()

    def start_again(self):
        self.is_dead = False
        self._listen(self._server.server_port)

    def _listen(self, port):
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def is_killed_by(self, call):
        if self.dies_at is None:
            return False
        method, ending = self.dies_at
        return call.method == method and re.search(ending, call.path) is not None

    def named(self, method, ending):
        """The calls of a method whose path ends so."""
        return [one for one in self.calls if one.method == method and one.path.endswith(ending)]

    def answered(self, call):
        """Status and body of the answer to a call."""
        time.sleep(self.slow)
        if self.away:
            return 503, {"error": {"message": "away"}}
        with self._lock:
            self.calls.append(call)
            for path, fault in self.refused.items():
                if path in call.path and call.method == "POST":
                    return fault.status, self.error(fault)
            try:
                return 200, self.answer(call)
            except TooLate as fault:
                return fault.status, self.error(fault)
            except NotAllowed as fault:
                self.faults.append(f"{call.method} {call.path}: {fault}")
                return fault.status, self.error(fault)
            except Exception as error:
                self.faults.append(f"{call.method} {call.path}: {error!r}")
                return 400, self.error(NotAllowed(400, "unreadable", repr(error)))


def _handler(recorder):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args):
            pass

        def _answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, self.path, self.headers, body)
            kills = recorder.is_killed_by(call)
            if kills and not recorder.dies_after:
                recorder.die()
            if recorder.is_dead:
                # On a connection that was kept, too.
                self.close_connection = True
                return
            status, told = recorder.answered(call)
            if kills:
                recorder.die()
            if kills or recorder.loses_answers:
                self.close_connection = True
                return
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            # Whoever asked may have gone.
            with suppress(ConnectionError):
                self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

    return Handler
