"""The organiser of the rehearsal: makes its event by the admin key, and takes it away again."""

import os
import re
import time
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from .options import address

PATIENCE = 30
"""Seconds for which the organiser asks again when told to wait."""


class Trouble(Exception):
    """The site does not do what a rehearsal stands on; the message says what."""


class Organiser:
    def __init__(self, host):
        try:
            self.host = address(host or "").rstrip("/")
        except ArgumentTypeError as error:
            raise Trouble(f"--host {error}") from None
        self.headers = {"X-Admin-Key": find_key()}
        """With which accounts are made, too: without, a site may send a letter that nobody gets."""
        self._session = requests.Session()
        self._session.headers.update(self.headers)

    def start_exporter(self, run, seats):
        """A published event whose sale opens in an hour: nobody can buy before all are there."""
        now = datetime.now(UTC)
        event = {
            "name": f"Rehearsal {run}",
            "venue": "Not a real event",
            "description": "A rehearsal of an on-sale by the operators. It will be gone soon.",
            "start_at": (now + timedelta(days=30)).isoformat(),
            "sales_open_at": (now + timedelta(hours=1)).isoformat(),
            "capacity": seats,
        }
        made = self._send("POST", "/api/admin/events", 201, json=event).json()
        # The site's clock is the one that opens the sale.
        self._behind = datetime.now(UTC) - datetime.fromisoformat(made["created_at"])
        self.event_id, self.slug = made["id"], made["slug"]

    def open_sale(self, seconds):
        """Set the opening to so many seconds from now, by the site's clock."""
        at = datetime.now(UTC) - self._behind + timedelta(seconds=seconds)
        change = {"sales_open_at": at.isoformat()}
        self._send("PUT", f"/api/admin/events/{self.event_id}", 200, json=change)

    def settled_event(self):
        """The event once the last requests under way have come to their end."""
        seen = None
        for _attempt in range(40):
            event = self._send("GET", f"/api/events/{self.event_id}", 200).json()
            if event["seats_available"] == seen:
                return event
            seen = event["seats_available"]
            # A reading is a second old at most.
            time.sleep(1.2)
        raise Trouble("bookings go on after the rehearsal's end")

    def bookings(self):
        """All of the event, as the site lists them."""
        address = f"/api/admin/events/{self.event_id}/bookings?limit=100"
        while address:
            answer = self._send("GET", address, 200)
            yield from answer.json()
            address = answer.links.get("next", {}).get("url")

    def buy(self, user_id, seats, key):
        """The booking's id, or None when the site says that there are not so many."""
        wish = {"user_id": user_id, "event_id": self.event_id, "seats": seats}
        answer = self._send(
            "POST", "/api/bookings", (201, 409), json=wish, headers={"Idempotency-Key": key}
        )
        return answer.json()["booking_id"] if answer.status_code == 201 else None

    def stop_exporter(self):
        self._send("DELETE", f"/api/admin/events/{self.event_id}?force=true", 204)

    def remove(self, run):
        """All that this rehearsal made; how many bookings of others stay."""
        return self._send("DELETE", f"/api/admin/rehearsals/{run}", 200).json()["kept"]

    def _send(self, method, path, expected, **facts):
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._session.request(method, self.host + path, timeout=15, **facts)
            except requests.RequestException as error:
                answer, said = None, f"no answer ({type(error).__name__})"
            else:
                said = f"{answer.status_code}: {answer.text[:200]}"
                if answer.status_code in (expected if isinstance(expected, tuple) else (expected,)):
                    return answer
                if answer.status_code == 401:
                    said = "the site does not know this ADMIN_KEY"
            waits = answer is not None and answer.status_code == 503
            if not waits or time.monotonic() > give_up:
                raise Trouble(f"{method} {self.host}{path}: {said}")
            time.sleep(1)


def find_site():
    """The address of the demo that runs in its folder, or where one would be."""
    settings = demo_folder() / "demo.env"
    port = re.search(r"^PORT='(\d+)'$", settings.read_text(), re.M) if settings.exists() else None
    return f"http://127.0.0.1:{port[1] if port else 8000}"


def demo_folder():
    return Path(os.environ.get("DATA_DIR") or Path(__file__).parents[3] / ".utsavam")


def find_key():
    """ADMIN_KEY, or the one that `make demo` left in its folder."""
    if key := os.environ.get("ADMIN_KEY"):
        return key.split(",")[0].strip()
    file = demo_folder() / "admin-key"
    if file.exists():
        return file.read_text().strip()
    raise Trouble(f"set ADMIN_KEY to the site's admin key; make demo leaves its own in {file}")
