"""A house with two PostgreSQL servers: the second follows the first, and the site knows both."""

import os

import psycopg

from app.lib.pg_urls import libpq_url
from app.operations.database_roles import APP_ROLE
from tests.faults.house import House
from tests.support.servers import wait_until

FOLLOWS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = %s"


class Pair(House):
    """`synchronous`: each COMMIT waits until the second server has it."""

    def __init__(self, settings, home, *, synchronous=True, **wishes):
        super().__init__(settings, home, **wishes)
        self.synchronous, self.standby = synchronous, home / "standby"

    def database_of_the_site(self):
        owner = self.postgres.data.stat()
        self.standby.mkdir(mode=0o700)
        os.chown(self.standby, owner.st_uid, owner.st_gid)
        source = f"host={self.postgres._host} user=postgres"
        words = ["-R", "-X", "stream", "-c", "fast", "-D", str(self.standby), "-d", source]
        self.pg_program("pg_basebackup", *words)
        # The first one's socket lies in its data's folder, and this went along.
        (self.standby / ".s.PGSQL.5432.lock").unlink()
        self.standby_ctl("start", "-w", "-l", str(self.standby / "log"), "-o", self._options())
        with psycopg.connect(libpq_url(self.postgres.url), autocommit=True) as connection:
            names = "*" if self.synchronous else ""
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
            connection.execute("SELECT pg_reload_conf()")
            kind = "sync" if self.synchronous else "async"
            wait_until(lambda: connection.execute(FOLLOWS, (kind,)).fetchone() == (1,))
        return self._of_both(APP_ROLE)

    def close(self):
        super().close()
        self.standby_ctl("stop", "-m", "immediate")

    def sql(self, query, *values):
        url = libpq_url(self._of_both("postgres"))
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def promote(self):
        """What a failover manager does, once it is sure that the first server is gone."""
        self.standby_ctl("promote", "-w")

    def stop_sending(self):
        """Freeze what sends to the second server: it gets nothing any more, and says nothing."""
        senders = (p for p in self.postgres_processes() if "walsender" in " ".join(p.cmdline()))
        next(senders).suspend()

    def standby_ctl(self, *words):
        self.pg_program("pg_ctl", "-D", str(self.standby), *words)

    def _of_both(self, role):
        hosts = f"{self.postgres._host},{self.standby}"
        return f"postgresql+psycopg://{role}@/{self.postgres.database}?host={hosts}"

    def _options(self):
        return f'-h "" -k {self.standby}'
