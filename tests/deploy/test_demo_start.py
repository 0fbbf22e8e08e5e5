"""`make demo`, on a folder that an earlier version has left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import flask_migrate
import httpx
import psycopg
import pytest

from app.demo.servers import Postgres, free_port
from app.operations.database_roles import APP_ROLE
from tests.support.servers import forget_cluster, libpq, wait_until
from tests.support.site import ROOT


@pytest.fixture
def old_folder(folder, make_app):
    """Its database was made, and served, by PostgreSQL's superuser."""
    data = Path(folder) / "demo"
    postgres = Postgres(data / "postgres")
    with make_app(database_url=postgres.start()).app_context():
        flask_migrate.upgrade()
    with psycopg.connect(libpq(postgres.url), autocommit=True) as connection:
        connection.execute("INSERT INTO users (email) VALUES ('meena@example.com')")
    yield data, postgres
    postgres.stop_leftover()
    forget_cluster(data / "postgres")


def test_the_demo_works_as_the_sites_role_also_on_an_older_folder(old_folder):
    data, postgres = old_folder
    site = f"http://127.0.0.1:{(port := free_port())}"
    demo = subprocess.Popen(
        [sys.executable, "-m", "app.demo"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(data), "PORT": str(port)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: demo.poll() is not None or is_ready(site), 40)
        assert demo.poll() is None, demo.stdout.read()
        wish = {"user_id": 2, "event_id": 2, "seats": 1}
        assert httpx.post(f"{site}/bookings", json=wish, timeout=10).status_code == 201
        with psycopg.connect(libpq(postgres.url)) as connection:
            query = "SELECT usename::text FROM pg_stat_activity WHERE application_name LIKE %s"
            assert set(connection.execute(query, ["utsavam%"])) == {(APP_ROLE,)}
            kept = "SELECT count(*) FROM users WHERE email = 'meena@example.com'"
            assert connection.execute(kept).fetchone() == (1,)
        killed = int((pid_file := data / "worker.pid").read_text())
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: int(pid_file.read_text() or killed) != killed, 20)
        os.kill(int(pid_file.read_text()), 0)
        assert f"//{APP_ROLE}@/" in (data / "demo.env").read_text()
    finally:
        demo.send_signal(signal.SIGTERM)
        said, _ = demo.communicate(timeout=40)
    assert "Stopped." in said
    assert "The worker ended (-9); starting it again" in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def is_ready(site):
    try:
        return httpx.get(f"{site}/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
