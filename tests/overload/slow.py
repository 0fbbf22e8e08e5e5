"""Many clients at once that send a request byte by byte and never come to its end.

A program of its own, so that its work is not the site's nor the buyers': `slow.py HOST PORT KIND
MANY SECONDS NAME [tls]` prints how many were ended, how many are still open and how old these are.
"""

import contextlib
import json
import resource
import select
import socket
import ssl
import sys
import time

DRIP = 2.0
"""Seconds between two bytes of each."""
AT_ONCE = 400
"""Connections that are begun between two looks at the others."""


def begun_as(kind, name):
    head = f"POST /api/bookings HTTP/1.1\r\nHost: {name}\r\n"
    rest = "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
    return (head if kind == "headers" else head + rest).encode()


class Slow:
    def __init__(self, address, kind, name, tls):
        self._address, self._first = address, begun_as(kind, name)
        self._name = name.partition(":")[0]
        self._context = ssl._create_unverified_context() if tls else None
        self._poll = select.epoll()
        self._open = {}
        self.lives = []
        """Seconds of each connection that was ended."""

    def begin(self):
        line = socket.create_connection(self._address, 10)
        if self._context:
            line = self._context.wrap_socket(line, server_hostname=self._name)
        line.setblocking(False)
        self._open[line.fileno()] = line, time.monotonic()
        self._poll.register(line.fileno(), select.EPOLLIN | select.EPOLLRDHUP)
        line.send(self._first)

    def look(self):
        for number, _event in self._poll.poll(0.02):
            line, began = self._open[number]
            try:
                if line.recv(4096):
                    continue
            except (BlockingIOError, ssl.SSLWantReadError):
                continue
            except OSError:
                pass
            self.lives.append(time.monotonic() - began)
            del self._open[number]
            self._poll.unregister(number)
            line.close()

    def drip(self):
        for line, _began in self._open.values():
            with contextlib.suppress(OSError):  # seen at the next look
                line.send(b"x")

    def ages(self):
        return [time.monotonic() - began for _line, began in self._open.values()]


def main(host, port, kind, many, seconds, name, *tls):
    max_batch = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max_batch, max_batch))
    crowd, left = Slow((host, int(port)), kind, name, tls), int(many)
    began = dripped = time.monotonic()
    while time.monotonic() < began + float(seconds):
        for _ in range(min(AT_ONCE, left)):
            left -= 1
            try:
                crowd.begin()
            except OSError:
                crowd.lives.append(0.0)
        crowd.look()
        if time.monotonic() > dripped + DRIP:
            dripped = time.monotonic()
            crowd.drip()
    ages, lives = crowd.ages(), crowd.lives
    told = {"ended": len(lives), "longest": max(lives, default=0.0)}
    print(json.dumps({**told, "open": len(ages), "oldest": max(ages, default=0.0)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
