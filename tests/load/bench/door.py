"""The door while seats are sold: how long twenty phones wait for the answers to their scans."""

import json
import secrets
import statistics
import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

PHONES = 20
PAUSE = 2.0
"""Seconds between two scans of a phone: ten a second with twenty."""
BUYERS = 75
BUYERS_PAUSE = 125
"""Milliseconds from an answer to a buyer's next order: some 500 orders a second with 75."""
WANTED = """
    SELECT event_id, reference FROM bookings JOIN events ON events.id = event_id
    WHERE events.name = 'Booked 0' ORDER BY random()
"""


def scans(stage, seconds, sell):
    """The milliseconds of each scan's answer, and how many did not admit, while `sell` runs."""
    with psycopg.connect(stage.database.libpq) as connection:
        found = connection.execute(WANTED).fetchall()
    tickets, turn = [reference for _, reference in found], count()
    address = f"/api/admin/events/{found[0][0]}/check-ins"
    waits, refused, ends = [], [], time.monotonic() + seconds

    def phone(number):
        time.sleep(PAUSE * number / PHONES)
        with closing(HTTPConnection(urlsplit(stage.site).netloc, timeout=10)) as line:
            while time.monotonic() < ends:
                began = time.monotonic()
                facts = {"id": str(uuid4()), "code": f"{tickets[next(turn) % len(tickets)]}-1"}
                headers = {"X-Admin-Key": stage.admin_key, "Content-Type": "application/json"}
                line.request("POST", address, json.dumps(facts), headers)
                answer = json.load(line.getresponse())
                waits.append(1000 * (time.monotonic() - began))
                if answer.get("answer") not in {"admitted", "already_used"}:
                    refused.append(answer)
                time.sleep(max(PAUSE - (time.monotonic() - began), 0))

    threads = [threading.Thread(target=phone, args=(number,)) for number in range(PHONES)]
    selling = threading.Thread(target=sell, args=(seconds + 1,))
    for thread in (selling, *threads):
        thread.start()
    for thread in (*threads, selling):
        thread.join()
    return waits, len(refused)


def p99(waits):
    return statistics.quantiles(waits, n=100)[98]


def selling(play, stage):
    """Sell seats of the hot event in the background, as fast as an on-sale of 500 a second."""

    def sell(seconds):
        facts = {"FIRST": str(stage.hot), "LAST": str(stage.hot), "PAUSE": str(BUYERS_PAUSE)}
        play(stage, seconds, stage.site, "book.lua", BUYERS, SALT=secrets.token_hex(6), **facts)

    return sell
