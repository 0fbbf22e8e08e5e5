"""A sale that is paused under load is paused in every worker, from that moment on."""

import time
from threading import Event as Flag
from threading import Thread

import httpx

from tests.support.sums import seats_sold


def test_nothing_that_is_sent_after_the_pause_was_answered_is_sold(
    site, running_site, make_event, make_user, sql, invariants
):
    event = make_event(capacity=100_000)
    key = {"X-Admin-Key": running_site.admin_key}
    users = [make_user().id for _ in range(8)]
    answers, stop = [], Flag()

    def buy(user):
        with httpx.Client(base_url=site, timeout=15) as client:
            while not stop.is_set():
                sent = time.monotonic()
                wish = {"user_id": user, "event_id": event.id, "seats": 1}
                status = client.post("/api/bookings", json=wish).status_code
                answers.append((sent, time.monotonic(), status))

    def change(paused):
        """When the change was sent, and when it was answered."""
        sent = time.monotonic()
        path = f"{site}/api/admin/events/{event.id}"
        assert httpx.put(path, json={"sales_paused": paused}, headers=key).status_code == 200
        return sent, time.monotonic()

    buyers = [Thread(target=buy, args=(user,)) for user in users]
    for buyer in buyers:
        buyer.start()
    try:
        time.sleep(1)
        _, paused = change(True)
        time.sleep(1)
        resuming, resumed = change(False)
        time.sleep(1)
    finally:
        stop.set()
        for buyer in buyers:
            buyer.join(20)
    while_paused = {s for sent, told, s in answers if sent > paused and told < resuming}
    assert while_paused == {409}
    assert {s for _sent, told, s in answers if told < paused} >= {201}
    assert {s for sent, _told, s in answers if sent > resumed} == {201}
    assert seats_sold(sql, event) == sum(status == 201 for *_, status in answers)
