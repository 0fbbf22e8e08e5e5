"""A proxy between the application and PostgreSQL, on which a mishap can befall a COMMIT."""

import socket
import time
from contextlib import suppress
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit

COMMIT = b"COMMIT\x00"
WROTE = (b"INSERT 0 ", b"UPDATE ", b"\x00\x02id\x00", b"\x00\x03reference\x00")
"""What the answer to a write holds; the last are the ledger's: two columns, the first the id, and
for guests three, the first the reference."""
LATE = 0.5
"""Seconds for which a late COMMIT is on its way."""


class CommitProxy:
    """Listens on TCP, talks to the cluster's socket file. `mishap` befalls the next COMMIT of a
    transaction that wrote something:

    - "answer lost": it is carried out, and the connection breaks before its answer;
    - "commit lost": the connection breaks before it arrives;
    - "commit late": the connection breaks, and it arrives a moment later.
    """

    def __init__(self, postgres_url):
        self._target = parse_qs(urlsplit(postgres_url).query)["host"][0] + "/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/utsavam?sslmode=disable"
        self.mishap = None
        self.refuses = Event()
        """While set, new connections are closed at once."""
        self.refuses_after_mishap = False
        self._lines = []
        Thread(target=self._accept, daemon=True).start()

    def close(self):
        _close(self._listener)
        for line in self._lines:
            line.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refuses.is_set():
                _close(client)
            else:
                self._lines.append(_Line(self, client, self._target))


class _Line:
    """One connection through the proxy."""

    def __init__(self, proxy, client, target):
        self._proxy, self._client = proxy, client
        self._server = socket.socket(socket.AF_UNIX)
        self._server.connect(target)
        self._wrote = False
        for carry in (self._carry_questions, self._carry_answers):
            Thread(target=carry, daemon=True).start()

    def close(self):
        _close(self._client)
        _close(self._server)

    def _carry_questions(self):
        while data := _receive(self._client):
            if COMMIT in data and self._wrote:
                self._wrote = False
                if self._proxy.mishap:
                    return self._befall(data)
            _send(self._server, data)
        return _close(self._server)

    def _carry_answers(self):
        while data := _receive(self._server):
            self._wrote = self._wrote or any(word in data for word in WROTE)
            _send(self._client, data)
        self.close()

    def _befall(self, data):
        proxy = self._proxy
        mishap, proxy.mishap = proxy.mishap, None
        if proxy.refuses_after_mishap:
            proxy.refuses.set()
        _close(self._client)
        if mishap == "commit lost":
            return _close(self._server)
        if mishap == "commit late":
            time.sleep(LATE)
        _send(self._server, data)
        # The server ends the connection after its answer, which reaches nobody.
        return self._server.shutdown(socket.SHUT_WR)


def _receive(end):
    try:
        return end.recv(65536)
    except OSError:
        return b""


def _send(end, data):
    with suppress(OSError):
        end.sendall(data)


def _close(end):
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
