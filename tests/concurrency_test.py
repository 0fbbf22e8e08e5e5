"""Fifty concurrent bookings for five seats, against a running site.

Makes fifty users and an event of capacity five, books once for each user at the same moment,
prints `total: 50 success: 5 conflict: 45 errors: 0`, and deletes its event again. Exits with 1 if
the figures are any other. Needs nothing but Python:

    python tests/concurrency_test.py

BASE is the site; without it, the demo that runs in this folder, else http://127.0.0.1:8000.
ADMIN_KEY is its admin key; without it, the key that `make demo` left in .utsavam/admin-key is used.
"""

import argparse
import http.client
import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from urllib.parse import urlsplit
from uuid import uuid4

TOTAL, CAPACITY = 50, 5
DEMO = Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parents[1] / ".utsavam")
DEMO_KEY = DEMO / "admin-key"
TIMEOUT = 30


class Trouble(Exception):
    """The site did not do what the test stands on; the message says what."""


class Site:
    """A connection to the site, with the admin key."""

    def __init__(self, base, key):
        parts = urlsplit(base)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        self._path = parts.path.rstrip("/")
        self._headers = {"X-Admin-Key": key, "Accept": "application/json"}

    def connect(self):
        self._connection.connect()

    def close(self):
        self._connection.close()

    def send(self, method, path, body=None):
        """The answer's status and JSON."""
        headers, data = dict(self._headers), None
        if body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body)
        self._connection.request(method, self._path + path, data, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return answer.status, json.loads(text) if text.startswith(("{", "[")) else text

    def make(self, path, body):
        """The id of what was made."""
        status, answer = self.send("POST", path, body)
        if status != 201:
            raise Trouble(f"POST {path} answered {status}: {answer}")
        return answer["id"]


def find_site():
    if base := os.environ.get("BASE"):
        return base
    settings = DEMO / "demo.env"
    port = re.search(r"^PORT='(\d+)'$", settings.read_text(), re.M) if settings.exists() else None
    return f"http://127.0.0.1:{port[1] if port else 8000}"


def find_key():
    if key := os.environ.get("ADMIN_KEY"):
        return key.split(",")[0].strip()
    if DEMO_KEY.exists():
        return DEMO_KEY.read_text().strip()
    raise Trouble(f"set ADMIN_KEY, or start `make demo`, which leaves its key in {DEMO_KEY}")


def make_event(site):
    start = datetime.now(UTC) + timedelta(days=30)
    event = {"name": "Concurrency test", "start_at": start.isoformat(), "capacity": CAPACITY}
    return site.make("/admin/events", event)


def make_users(site):
    run = uuid4().hex
    return [
        site.make("/users", {"email": f"concurrency-{run}-{i}@example.com"}) for i in range(TOTAL)
    ]


def book_at_once(base, key, event, users):
    """What each booking was answered: a status and JSON, or the error that came instead."""
    together, answers = Barrier(TOTAL), [None] * TOTAL

    def book(i):
        site = Site(base, key)
        try:
            connected = connect(site)
            together.wait(TIMEOUT)
            wish = {"user_id": users[i], "event_id": event, "seats": 1}
            answers[i] = connected or site.send("POST", "/bookings", wish)
        except Exception as error:
            answers[i] = (0, repr(error))
        finally:
            site.close()

    threads = [Thread(target=book, args=(i,)) for i in range(TOTAL)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def connect(site):
    """None, or why there is no connection: the others wait for this thread in any case."""
    try:
        site.connect()
    except OSError as error:
        return (0, repr(error))
    return None


def verdict(answers, left):
    """The line to print, and what was wrong."""
    success = sum(status == 201 for status, _ in answers)
    conflict = sum(status == 409 for status, _ in answers)
    errors = len(answers) - success - conflict
    line = f"total: {len(answers)} success: {success} conflict: {conflict} errors: {errors}"
    wrong = [f"{status}: {answer}" for status, answer in answers if status not in (201, 409)]
    if (success, conflict) != (CAPACITY, TOTAL - CAPACITY):
        wrong.append(f"expected {CAPACITY} bookings and {TOTAL - CAPACITY} conflicts")
    if left != CAPACITY - success:
        wrong.append(f"the event shows {left} seats left after {success} bookings")
    return line, wrong


def run(base):
    key = find_key()
    site = Site(base, key)
    try:
        event = make_event(site)
        try:
            answers = book_at_once(base, key, event, make_users(site))
            _status, shown = site.send("GET", f"/events/{event}")
            return verdict(answers, shown["seats_available"])
        finally:
            site.send("DELETE", f"/admin/events/{event}?force=true")
    finally:
        site.close()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    base = find_site()
    try:
        line, wrong = run(base)
    except (Trouble, OSError, http.client.HTTPException) as error:
        sys.exit(f"concurrency_test: {base}: {error}")
    print(line)
    for fault in wrong:
        print(f"concurrency_test: {fault}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
