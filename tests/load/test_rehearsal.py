"""`make load`, short, against a real site: with the admin key alone, where the API wants tokens."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from app.demo.servers import free_port
from tests.support.servers import wait_until
from tests.support.site import Site

ROOT = Path(__file__).parents[2]
LOCUSTFILE = ROOT / "tests" / "load" / "locustfile.py"
LEFT = ["events", "bookings", "users", "api_tokens", "sign_ins", "sales_days"]
"""Nothing is left in them."""
ALL_KINDS = ("--newcomer-share", "34", "--guest-share", "17", "--api-share", "17")
STEPS = [
    *("style, scripts, fonts (page)", "book (page)", "ticket (page)", "book (API)"),
    *("sign in (page)", "sign up (page)"),
]
KEPT = "oversold: 0 stranded: 0 errors: 0"


@pytest.fixture(scope="module")
def token_site(migrated_app, settings, folder):
    with Site(settings, folder / "rehearsed", API_ACCESS="token", SIGN_UP="open") as site:
        yield site


def run(*words, key="any"):
    """A process of its own: Locust patches whatever imports it."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ADMIN_KEY": key},
        capture_output=True,
        text=True,
        timeout=240,
    )


def rehearse(*words, **options):
    """What `make load` runs."""
    return run("-m", "tests.load.rehearsal", *words, **options)


def rehearse_on(site, *words, users, seconds):
    quick = ("--rate", str(users), "--time", f"{seconds}s", "--countdown", "2", "--think", "0.2")
    words = ("--host", site.url, "--users", str(users), *quick, *words)
    return rehearse(*words, key=site.admin_key)


@pytest.mark.parametrize(
    ("seats", "users", "seconds"),
    [
        pytest.param(40, 6, 8, id="short", marks=pytest.mark.short),
        pytest.param(2_000, 40, 60, id="whole", marks=pytest.mark.whole),
    ],
)
def test_it_sells_out_an_event_keeps_every_promise_and_leaves_nothing(
    token_site, sql, invariants, tmp_path, seats, users, seconds
):
    report = tmp_path / "load.html"
    words = ("--seats", str(seats), "--html", str(report))
    done = rehearse_on(token_site, *words, *ALL_KINDS, users=users, seconds=seconds)
    lines = done.stdout.splitlines()
    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    assert lines[-1] == KEPT
    assert not [line for line in lines if line.startswith("broken")]
    for step in STEPS:
        assert any(line.startswith(step) for line in lines), step
    (headline,) = [line for line in lines if line.startswith("people served: ")]
    assert "500 orders a minute" in headline
    (kinds,) = [line for line in lines if line.startswith("who they were: ")]
    assert " 0 " not in kinds
    ((removed,),) = sql("SELECT before FROM audit_entries WHERE action = 'rehearsal.removed'")
    assert removed["users"] >= users // 2, "all who have an account or have booked"
    assert removed["kept"] == 0
    assert removed["bookings"] > 10
    for table in LEFT:
        assert sql(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert KEPT in report.read_text()


@pytest.mark.whole
def test_where_a_letter_would_make_the_account_it_is_made_by_the_api(
    settings, folder, clean, sql, invariants, tmp_path
):
    mail = {"MAIL_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "tickets@example.org"}
    with Site(settings, folder / "rehearsed-by-mail", API_ACCESS="token", **mail) as site:
        words = ("--seats", "20", "--html", str(tmp_path / "load.html"))
        done = rehearse_on(site, *words, users=4, seconds=25)
    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    assert sql("SELECT count(*) FROM mails") == [(0,)]


@pytest.mark.whole
def test_it_fails_where_the_database_loses_a_seat_and_says_which_promise_broke(
    token_site, clean, database, tmp_path
):
    """The control: a trigger takes a seat away behind the site's back."""
    database.execute(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN NEW.seats_available := NEW.seats_available - 1; RETURN NEW; END';"
        "CREATE TRIGGER lose BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION lose()"
    )
    try:
        words = ("--seats", "20", "--html", str(tmp_path / "load.html"))
        done = rehearse_on(token_site, *words, users=3, seconds=9)
    finally:
        database.execute("DROP TRIGGER lose ON events; DROP FUNCTION lose()")
    assert done.returncode == 1, done.stdout
    assert done.stdout.splitlines()[-1] == "oversold: 0 stranded: 1 errors: 0"
    assert "broken: stranded: of 20 seats 19 are sold and 0 are for sale" in done.stdout


@contextmanager
def ended_early(token_site, tmp_path):
    """A rehearsal that runs in the block and is told to end after it; it keeps every promise."""
    words = ("--html", str(tmp_path / "load.html"), "--countdown", "2", "--host", token_site.url)
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.load.rehearsal", *words, "--users", "2"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ADMIN_KEY": token_site.admin_key},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield
        running.terminate()
        said, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert (said.splitlines()[-1], running.returncode) == (KEPT, 0), said


def test_seats_that_an_organiser_holds_back_meanwhile_are_not_stranded(token_site, sql, tmp_path):
    with ended_early(token_site, tmp_path):
        wait_until(lambda: sql("SELECT count(*) FROM events") == [(1,)], 30)
        ((event_id,),) = sql("SELECT id FROM events")
        change = {"json": {"seats_held": 60}, "headers": {"X-Admin-Key": token_site.admin_key}}
        assert (
            requests.put(f"{token_site.url}/admin/events/{event_id}", **change).status_code == 200
        )
        wait_until(lambda: sql("SELECT count(*) > 3 FROM bookings") == [(True,)], 30)


@pytest.mark.whole
def test_it_is_counted_and_leaves_nothing_after_an_early_end_too(token_site, sql, tmp_path):
    with ended_early(token_site, tmp_path):
        wait_until(lambda: sql("SELECT count(*) > 3 FROM bookings") == [(True,)], 30)
    for table in LEFT:
        assert sql(f"SELECT count(*) FROM {table}") == [(0,)], table


@pytest.mark.parametrize(
    "words",
    [
        ["--seats", "none"],
        ["--api-share", "101"],
        ["--guest-share", "80"],
        ["--think", "x"],
        ["--users", "0"],
        ["--rate", "fast"],
        ["--time", "soon"],
        ["--host", "127.0.0.1"],
    ],
)
def test_a_bad_option_is_named(words):
    done = rehearse(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert words[0] in done.stderr.splitlines()[-1]


def test_a_site_that_does_not_run_is_said_in_one_line():
    done = rehearse("--host", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert done.stderr.startswith("utsavam: ")
    assert done.stderr.count("\n") == 1


def test_more_processes_than_one_are_refused():
    done = run("-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--processes", "2")
    assert done.returncode != 0
    assert "one process" in done.stderr


def test_it_explains_itself():
    done = rehearse("--help")
    assert (done.returncode, done.stderr) == (0, "")
    shares = ("--newcomer-share", "--guest-share", "--api-share")
    for option in ("--users", "--time", "--seats", *shares, "--countdown", "--think"):
        assert option in done.stdout
