"""Where the benchmark plays: servers of its own, filled, and ended by their ids afterwards."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.demo.servers import Postgres, RedisServer, free_port
from tests.load.bench.people import sign_in, write

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
USERS = 1000
SPREAD = 1000
CODES = 100


@dataclass
class Stage:
    """Running servers; `hot`, `typed`, `coded`, `paid`, `sold_out`, `spread` and `waited_for` are
    event ids (`spread` the first one's)."""

    site: str
    bare: str
    database: Postgres
    admin_key: str
    people: Path
    """A file of people who are signed in (`people.write`)."""
    hot: int
    typed: int
    types: str
    """The ids of the ticket types of `typed`."""
    coded: int
    codes: str
    """Those of `coded`, each good for as many orders as come."""
    paid: int
    """Its seats cost something, and are reserved first."""
    sold_out: int
    spread: int
    waited_for: int
    """It has a waiting room, in the lobby."""


@contextlib.contextmanager
def staged(workers: int, **wishes):
    """Everything that the scenarios need, on throwaway data; `wishes` are settings."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="ub-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database, redis = Postgres(folder / "pg"), RedisServer(folder / "redis")
        environment = {
            **os.environ,
            "DATABASE_URL": database.start(),
            "REDIS_URL": redis.start(),
            "ADMIN_KEY": secrets.token_urlsafe(32),
            "SECRET_KEY": secrets.token_urlsafe(32),
            "API_ACCESS": "token",
            "WEB_CONCURRENCY": str(workers),
            "PYTHONPATH": str(ROOT),
            "DEMO": "0",
            # Counted as ever, and never reached: one address is the whole city here.
            "LIMIT_API_ADDRESS": "100000000 per minute",
            "LIMIT_BOOKING_ADDRESS": "100000000 per minute",
            "LIMIT_BOOKING": "100000000 per minute",
            "LIMIT_JOINING": "100000000 per minute",
            **wishes,
        }
        stack.callback(database.stop)
        stack.callback(redis.stop)
        os.environ.update(environment)
        people = folder / "people"
        ids = fill(people)
        prepare_baseline(database)
        site = serve(stack, folder, environment, "wsgi:app", "/ready")
        bare = serve(stack, folder, environment, "tests.load.bench.bare:app", "/")
        yield Stage(site, bare, database, environment["ADMIN_KEY"], people, **ids)


def serve(stack, folder, environment, application, ready):
    """A gunicorn with the site's own configuration; its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), application],
        cwd=folder,
        env={**environment, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    stack.callback(end, process)
    for _ in range(300):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=2)
            return f"http://127.0.0.1:{port}"
        time.sleep(0.1)
    raise RuntimeError(f"{application} did not start")


def end(process):
    process.terminate()
    process.wait(30)


def fill(people):
    """A thousand users and events, one without a bottom, and one that is sold out; and people who
    are signed in, for the file `people`."""
    import flask_migrate

    from app import create_app
    from app.db import transaction
    from app.models import Event, RoomMode, User, WaitingRoom
    from app.models.columns import now
    from app.models.voucher import MAX_USES
    from app.services import ticket_types, voucher_making

    def event(name, capacity, left=None):
        seats = capacity if left is None else left
        start = now() + timedelta(days=30)
        return Event(name=name, start_at=start, capacity=capacity, seats_available=seats)

    app = create_app()
    with app.app_context():
        flask_migrate.upgrade()
        with transaction() as session:
            session.add_all(User(email=f"user{n}@bench.example") for n in range(1, USERS + 1))
            hot, sold_out = event("Hot", 10_000_000), event("Sold out", 1000, left=0)
            session.add_all([hot, sold_out])
            session.flush()
            spread = [event(f"Spread {n}", 1_000_000) for n in range(SPREAD)]
            session.add_all(spread)
            session.flush()
            ids = {"hot": hot.id, "sold_out": sold_out.id, "spread": min(e.id for e in spread)}
            typed, paid = event("Of three types", 10_000_000), event("Paid", 10_000_000)
            paid.price_minor, paid.payment_minutes = 100, 60
            coded = event("With codes", 10_000_000)
            waited_for = event("Waited for", 10_000)
            waited_for.sales_open_at = now() + timedelta(days=1)
            session.add_all([typed, paid, coded, waited_for])
            session.flush()
            session.add(WaitingRoom(event_id=waited_for.id, mode=RoomMode.ON.value))
            ids |= {"typed": typed.id, "paid": paid.id, "coded": coded.id}
            ids["waited_for"] = waited_for.id
        desk = app.extensions["desk"]
        for name in ("VIP", "Student"):
            ticket_types.add_type(typed.id, {"name": name, "quota": 5_000_000}, desk)
        ids["types"] = " ".join(str(one.id) for one in ticket_types.list_types(typed.id))
        good = voucher_making.add_vouchers(coded.id, CODES, {"max_uses": MAX_USES}, desk).vouchers
        ids["codes"] = " ".join(one.code for one in good)
        # After the users, whose ids the calls of programs count from one.
        write(sign_in(app), people)
    return ids


def prepare_baseline(database):
    import psycopg

    with psycopg.connect(database.libpq, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE bench_events (id int PRIMARY KEY, seats_available int NOT NULL);"
            "CREATE TABLE bench_bookings (id bigserial PRIMARY KEY, event_id int NOT NULL "
            "REFERENCES bench_events, seats int NOT NULL, created_at timestamptz DEFAULT now());"
            "INSERT INTO bench_events VALUES (1, 100000000)"
        )
