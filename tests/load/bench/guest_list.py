"""usage: python -m tests.load.bench.guest_list [--guests N]

What the list of a door costs: bytes of the whole list, and the processor time of all processes for
what has changed, as twenty phones ask for it every five seconds while ten seats a second come in.
"""

import argparse
import gzip
import json
import os
import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import psutil
import psycopg

from tests.load.bench.stage import staged

PHONES, EVERY, SCANS, SKEW = 20, 5, 10, 2
ASKED = 200
BOOKED = """
    WITH guests AS (
      INSERT INTO users (email, name)
      SELECT 'guest' || n || '@door.example',
             initcap(translate(left(md5(n::text), 6), '0123456789', 'aeioulmnrs')) || ' '
             || initcap(translate(left(md5('x' || n), 9), '0123456789', 'aeioulmnrs'))
      FROM generate_series(1, %(guests)s) n RETURNING id
    )
    INSERT INTO bookings (reference, event_id, user_id, seats, status, price_minor, currency)
    SELECT upper(translate(left(md5('r' || id), 12), '01', '23')), %(event)s, id, 1 + id %% 3,
           'CONFIRMED', 0, 'INR'
    FROM guests RETURNING reference
"""


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench.guest_list", usage=__doc__)
    parser.add_argument("--guests", type=int, default=10_000)
    options = parser.parse_args()
    print("Starting servers …", flush=True)
    with staged(2) as stage:
        references = book(stage, options.guests)
        with closing(HTTPConnection(urlsplit(stage.site).netloc, timeout=30)) as line:
            cursor, sizes, waits = whole_list(line, stage)
            print(f"{options.guests:,} guests: {len(sizes)} parts, {sum(sizes):,} bytes compressed")
            print(f"slowest part: {1000 * max(waits):.0f} ms")
            for reference in references[: SCANS * (SKEW + EVERY)]:
                scan(line, stage, reference)
            ask(line, stage, cursor)
            before = processor_time(stage)
            for _ in range(ASKED):
                size, _part = ask(line, stage, cursor)
            each = (processor_time(stage) - before) / ASKED
        share = each * PHONES / EVERY / 2
        print(f"a change: {size:,} bytes, {1000 * each:.1f} ms of processor, this program included")
        print(f"{PHONES} phones, one every {EVERY} s each: {share:.2%} of two cores")


def book(stage, guests):
    with psycopg.connect(stage.database.libpq) as connection:
        facts = {"guests": guests, "event": stage.spread}
        references = [row[0] for row in connection.execute(BOOKED, facts).fetchall()]
        # As autovacuum does within a minute.
        connection.execute("ANALYZE bookings, users")
    return references


def whole_list(line, stage):
    """The cursor after it, and each part's bytes and seconds."""
    cursor, is_last, sizes, waits = None, False, [], []
    while not is_last:
        began = time.monotonic()
        size, part = ask(line, stage, cursor)
        waits.append(time.monotonic() - began)
        sizes.append(size)
        cursor, is_last = part["cursor"], part["is_last"]
    return cursor, sizes, waits


def ask(line, stage, cursor):
    query = f"?{urlencode({'after': cursor})}" if cursor else ""
    headers = {"X-Admin-Key": stage.admin_key, "Accept-Encoding": "gzip"}
    line.request("GET", f"/api/admin/events/{stage.spread}/guest-list{query}", headers=headers)
    answer = line.getresponse()
    body = answer.read()
    whole = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
    return len(body), json.loads(whole)


def scan(line, stage, reference):
    facts = {"id": str(uuid4()), "code": f"{reference}-1", "door": "East"}
    headers = {"X-Admin-Key": stage.admin_key, "Content-Type": "application/json"}
    line.request("POST", f"/api/admin/events/{stage.spread}/check-ins", json.dumps(facts), headers)
    assert json.load(line.getresponse())["answer"] == "admitted"


def processor_time(stage):
    """Seconds of the web, the database, Valkey and this program."""
    roots = [psutil.Process(os.getpid()), psutil.Process(stage.database.pid)]
    every = {one for root in roots for one in (root, *root.children(recursive=True))}
    times = [process.cpu_times() for process in every]
    return sum(one.user + one.system for one in times)


if __name__ == "__main__":
    main()
