"""`tests/concurrency_test.py`, as an operator runs it against a running site."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.demo.servers import free_port

pytestmark = pytest.mark.long
SCRIPT = Path(__file__).parents[1] / "concurrency_test.py"


def run(*arguments, **environment):
    # -I -S: neither our virtualenv nor the current folder lends it a library.
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_it_prints_five_bookings_and_forty_five_conflicts(running_site, site, sql, invariants):
    done = run(BASE=site, ADMIN_KEY=running_site.admin_key)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == "total: 50 success: 5 conflict: 45 errors: 0\n"
    assert sql("SELECT count(*) FROM bookings") == [(5,)]


def test_without_being_told_it_asks_the_demo_that_runs(running_site, site, tmp_path):
    (tmp_path / "demo.env").write_text(f"DEMO='1'\nPORT='{site.rpartition(':')[2]}'\n")
    (tmp_path / "admin-key").write_text(running_site.admin_key)
    done = run(DATA_DIR=str(tmp_path))
    assert done.stdout == "total: 50 success: 5 conflict: 45 errors: 0\n", done.stderr


def test_it_takes_its_event_away_again_and_may_be_run_once_more(running_site, site, sql):
    for _ in range(2):
        assert run(BASE=f"{site}/", ADMIN_KEY=running_site.admin_key).returncode == 0
    assert sql("SELECT count(*) FROM events WHERE deleted_at IS NULL") == [(0,)]
    assert sql("SELECT count(DISTINCT email) FROM users") == [(100,)]


@pytest.mark.parametrize("seats_lost", [1])
def test_it_fails_when_the_figures_are_others(running_site, site, sql, database, seats_lost):
    """The control: a trigger takes a seat away behind the site's back."""
    database.execute(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS "
        f"'BEGIN NEW.seats_available := NEW.seats_available - {seats_lost}; RETURN NEW; END';"
        "CREATE TRIGGER lose BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION lose()"
    )
    try:
        done = run(BASE=site, ADMIN_KEY=running_site.admin_key)
    finally:
        database.execute("DROP TRIGGER lose ON events; DROP FUNCTION lose()")
    assert done.returncode == 1
    assert done.stdout == "total: 50 success: 4 conflict: 46 errors: 0\n"
    assert "expected 5 bookings" in done.stderr


def test_a_wrong_key_is_said_in_one_line(site):
    done = run(BASE=site, ADMIN_KEY="wrong")
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.count("\n") == 1
    assert "401" in done.stderr


def test_a_site_that_does_not_run_is_said_in_one_line():
    done = run(BASE=f"http://127.0.0.1:{free_port()}", ADMIN_KEY="any")
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.count("\n") == 1


def test_it_explains_itself():
    done = run("--help")
    assert done.returncode == 0
    assert "BASE" in done.stdout
    assert "ADMIN_KEY" in done.stdout
