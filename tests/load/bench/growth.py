"""usage: python -m tests.load.bench.growth [--rounds N] [--seconds S]

How the hot event's bookings per second change with workers, clients and bookings in the table.
Prints a table, and writes it to build/growth.json and, as a picture, to build/growth.svg.
"""

import argparse
import json
import statistics
from pathlib import Path

import psycopg

from tests.load.bench.picture import picture
from tests.load.bench.scenarios import bare, book
from tests.load.bench.stage import staged

WORKERS = (1, 2, 4)
CLIENTS = (32, 64, 128, 256, 512)
BOOKINGS = (1_000, 10_000, 100_000, 1_000_000)
FILL = """
    INSERT INTO bookings (reference, user_id, event_id, seats, idempotency_key, fingerprint)
    SELECT 'B' || n, 1 + n %% 1000, %(event)s, 1, 'fill-' || n, 'fill'
    FROM generate_series(%(first)s::int, %(last)s::int) n
"""


def main():
    options = parse()
    rows = [*with_workers(options), *with_clients_and_bookings(options)]
    print(f"\n{'':<24}{'per second':>12}{'p99 ms':>10}{'x bare':>10}")
    for row in rows:
        name = f"{row['figure']:,} {row['of']}"
        print(f"{name:<24}{row['rate']:>12,}{row['p99']:>10}{row['to_bare']:>10}")
    folder = Path("build")
    folder.mkdir(exist_ok=True)
    (folder / "growth.json").write_text(json.dumps(rows, indent=1))
    (folder / "growth.svg").write_text(picture(rows))
    print("\nAlso in build/growth.json and build/growth.svg")


def with_workers(options):
    for workers in WORKERS:
        with staged(workers) as stage:
            yield measured(stage, options, "workers", workers, clients=128)


def with_clients_and_bookings(options):
    with staged(2) as stage:
        for clients in CLIENTS:
            yield measured(stage, options, "clients", clients, clients=clients)
    with staged(2) as stage:
        filled = 0
        for bookings in BOOKINGS:
            fill(stage, filled + 1, bookings)
            filled = bookings
            yield measured(stage, options, "bookings before", bookings, clients=128)


def measured(stage, options, of, figure, clients):
    """Medians over the rounds, each beside bare Flask in the same moment."""
    hot = book(lambda stage: stage.hot, clients=clients)
    hot(stage, 1)
    found, ratios = [], []
    for number in range(1, options.rounds + 1):
        print(f"\r{figure:,} {of}: round {number}/{options.rounds}        ", end="", flush=True)
        found.append(hot(stage, options.seconds))
        ratios.append(found[-1].rate / bare(stage, options.seconds).rate)
    return {
        "of": of,
        "figure": figure,
        "rate": round(statistics.median(f.rate for f in found)),
        "p99": round(statistics.median(f.p99 for f in found)),
        "to_bare": round(statistics.median(ratios), 2),
    }


def fill(stage, first, last):
    with psycopg.connect(stage.database.libpq, autocommit=True) as connection:
        connection.execute(FILL, {"event": stage.spread, "first": first, "last": last})
        connection.execute("ANALYZE bookings")


def parse():
    parser = argparse.ArgumentParser(prog="make growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
