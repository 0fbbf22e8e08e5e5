"""A first rehearsal of an on-sale: browse, book, cancel, all at once.

Headless: make load (HOST, USERS, RATE, TIME). With the web UI: locust -f tests/load/locustfile.py
It makes an event of its own by the admin key (ADMIN_KEY, or the demo's), books it with users of
its own, and at the end counts: nothing oversold, nothing stranded, no errors.
"""

import os
import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from locust import HttpUser, between, events, task

CAPACITY = int(os.environ.get("CAPACITY", "2000"))
PEOPLE = 50
KEY_FILE = Path(os.environ.get("DATA_DIR", Path(__file__).parents[2] / ".utsavam")) / "admin-key"
rehearsal = {}


def admin_headers():
    key = os.environ.get("ADMIN_KEY") or (KEY_FILE.read_text().strip() if KEY_FILE.exists() else "")
    if not key:
        raise SystemExit("utsavam: set ADMIN_KEY to the site's admin key")
    return {"X-Admin-Key": key}


@events.test_start.add_listener
def prepare(environment, **_):
    host, headers = environment.host.rstrip("/"), admin_headers()
    event = {
        "name": f"Rehearsal {uuid.uuid4().hex[:8]}",
        "start_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
        "capacity": CAPACITY,
    }
    answer = requests.post(f"{host}/admin/events", json=event, headers=headers, timeout=10)
    answer.raise_for_status()
    rehearsal.update(host=host, headers=headers, event_id=answer.json()["id"], people=[])
    for _number in range(PEOPLE):
        person = {"email": f"{uuid.uuid4().hex}@rehearsal.example"}
        made = requests.post(f"{host}/users", json=person, headers=headers, timeout=10)
        made.raise_for_status()
        rehearsal["people"].append(made.json()["id"])


@events.test_stop.add_listener
def count(environment, **_):
    """The event's seats against its bookings, from the site's own answers."""
    host, headers, event_id = (rehearsal[name] for name in ("host", "headers", "event_id"))
    event = settled_event(host, event_id)
    sold = sum(seats for seats in confirmed_seats(host, headers, event_id))
    oversold = max(0, sold - CAPACITY)
    stranded = CAPACITY - sold - event["seats_available"]
    orders, failures = environment.stats.get("book", "POST"), environment.stats.total.num_failures
    percentiles = " ".join(
        f"p{share}: {orders.get_response_time_percentile(share / 100)} ms" for share in (50, 95, 99)
    )
    print(f"orders: {orders.num_requests}, {orders.total_rps * 60:,.0f} a minute; {percentiles}")
    print(f"sold: {sold} of {CAPACITY}")
    print(f"oversold: {oversold} stranded: {stranded} errors: {failures}")
    if oversold or stranded or failures:
        environment.process_exit_code = 1
    requests.delete(
        f"{host}/admin/events/{event_id}?force=true", headers=headers, timeout=30
    ).raise_for_status()


def settled_event(host, event_id):
    """The event once the last requests under way have come to their end."""
    seen = None
    for _attempt in range(20):
        event = requests.get(f"{host}/events/{event_id}", timeout=10).json()
        if event["seats_available"] == seen:
            return event
        seen = event["seats_available"]
        time.sleep(0.5)
    raise SystemExit("utsavam: bookings go on after the rehearsal's end")


def confirmed_seats(host, headers, event_id):
    address = f"{host}/admin/events/{event_id}/bookings?status=CONFIRMED&limit=100"
    while address:
        answer = requests.get(address, headers=headers, timeout=30)
        answer.raise_for_status()
        yield from (booking["seats"] for booking in answer.json())
        following = answer.links.get("next")
        address = following and host + following["url"]


class Visitor(HttpUser):
    """Somebody who browses, books a seat or two, and now and then changes their mind."""

    wait_time = between(0.05, 0.5)

    def on_start(self):
        self.person = random.choice(rehearsal["people"])
        self.bookings = []

    @task(4)
    def browse(self):
        self.client.get("/", headers={"Accept": "text/html"}, name="list (page)")
        self.client.get(f"/events/{rehearsal['event_id']}", name="event (JSON)")

    @task(5)
    def book(self):
        wish = {
            "user_id": self.person,
            "event_id": rehearsal["event_id"],
            "seats": random.randint(1, 3),
        }
        headers = {**rehearsal["headers"], "Idempotency-Key": uuid.uuid4().hex}
        with self.client.post(
            "/bookings", json=wish, headers=headers, name="book", catch_response=True
        ) as answer:
            if answer.status_code == 201:
                self.bookings.append(answer.json()["booking_id"])
            elif answer.status_code == 409:
                answer.success()  # sold out is an honest answer

    @task(1)
    def cancel(self):
        if self.bookings:
            booking = self.bookings.pop()
            self.client.delete(f"/bookings/{booking}", headers=rehearsal["headers"], name="cancel")
