"""A short time in which PostgreSQL takes no writes, as in a failover, while seats are sold.

Sessions that are opened meanwhile keep refusing writes after its end: a pool that kept them would
sell nothing until a restart.
"""

import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psycopg
import pytest

from app.booking.gate import SNAPSHOT_VALID_FOR
from tests.faults.buyers import Crowd, Hunters, ask, send
from tests.support.servers import libpq, wait_until

BACK_WITHIN = 2
"""Seconds after its end."""
PASSWORD = "correct horse battery"
LET_EVERYBODY_CONNECT_ANEW = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE starts_with(application_name, 'utsavam')"
)


@contextmanager
def operator(house):
    """May write at any time."""
    options = "-c default_transaction_read_only=off"
    with psycopg.connect(libpq(house.postgres.url), autocommit=True, options=options) as hand:
        yield hand.execute


@contextmanager
def new_sessions(house):
    """Those that are opened in this block take no writes, and never will."""
    with operator(house) as do:
        do("ALTER DATABASE utsavam SET default_transaction_read_only = on")
        try:
            do(LET_EVERYBODY_CONNECT_ANEW)
            yield
        finally:
            do("ALTER DATABASE utsavam RESET default_transaction_read_only")


@contextmanager
def every_session(house):
    with operator(house) as do:
        do("ALTER SYSTEM SET default_transaction_read_only = on")
        do("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            do("ALTER SYSTEM RESET default_transaction_read_only")
            do("SELECT pg_reload_conf()")


@contextmanager
def demoted(house):
    """The server comes back as a standby, and is promoted at the end."""
    house.stop_postgres()
    signal = house.postgres.data / "standby.signal"
    signal.touch()
    shutil.chown(signal, house.postgres.data.stat().st_uid)
    house.start_postgres()
    try:
        yield
    finally:
        house.sql("SELECT pg_promote()")


@dataclass
class Editors(Crowd):
    """Staff who change an event over and over."""

    headers: dict = field(default_factory=dict)

    def _act(self, _user_id):
        path, facts = f"/admin/events/{self.event_id}", {"venue": "The Great Stage"}
        self._ask("PUT", path, json=facts, headers=self.headers)

    def ended_well_after(self, moment):
        """When the first change that was begun after the moment was made; None if none was."""
        well = [at + took for at, took, status in self.answers if at > moment and status == 200]
        return min(well, default=None)


class Member:
    """Somebody signed in, with a form before them."""

    def __init__(self, house):
        user = house.factories.user(password=PASSWORD)
        self._browser = httpx.Client(base_url=house.site.url, headers={"Accept": "text/html"})
        form = {"email": user.email, "password": PASSWORD}
        assert self._post("/sign-in", form).status_code == 303

    def rename(self):
        return self._post("/account/name", {"name-name": "Meena"})

    def _post(self, path, form):
        page = self._browser.get("/sign-in" if path == "/sign-in" else "/account").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        return self._browser.post(path, data={**form, "csrf_token": token})

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._browser.close()


def is_ready(house):
    return ask("GET", f"{house.site.url}/ready")[0] == 200


def said_of_the_database(house):
    return send("GET", f"{house.site.url}/ready").json()["database"]


READ_ONLY = [
    demoted,
    *[pytest.param(kind, marks=pytest.mark.whole) for kind in (new_sessions, every_session)],
]


def was_seen_before(crowd, status, after):
    """Whether it is "sold out" by a look at the row from before, which is good for a second and
    asks no database."""
    return status == 409 and isinstance(crowd, Hunters) and after <= SNAPSHOT_VALID_FOR


@pytest.mark.parametrize("read_only", READ_ONLY)
def test_a_read_only_time_is_told_as_503_and_is_over_within_two_seconds(house, figures, read_only):
    event = house.factories.event()
    staff = {"headers": {"X-Admin-Key": house.site.admin_key}, "pause": 0.02}
    with (
        Member(house) as member,
        house.buyers() as buyers,
        Editors(house.site.url, event.id, [None, None], **staff) as editors,
    ):
        with read_only(house):
            word = "standby" if read_only is demoted else "read-only"
            wait_until(lambda: word in said_of_the_database(house), 3)
            began = time.monotonic()
            told = member.rename()
            assert (told.status_code, told.headers["Retry-After"]) == (503, "2")
            assert ask("GET", f"{house.site.url}/events")[0] == 200, "pages can still be read"
            time.sleep(figures.read_only)
            until = time.monotonic()
        over = time.monotonic()
        wait_until(lambda: is_ready(house), BACK_WITHIN)
        buyers.wait_for_bookings(50)
        wait_until(lambda: editors.ended_well_after(over))
        assert editors.ended_well_after(over) - over <= BACK_WITHIN
        time.sleep(max(0, over + BACK_WITHIN - time.monotonic()))
        well = time.monotonic()
        buyers.wait_for_bookings(100)
        assert member.rename().status_code == 303
        time.sleep(1)
    for crowd in (buyers, editors, buyers.hunters):
        meanwhile = {
            s
            for at, took, s in crowd.answers
            if began < at and at + took < until and not was_seen_before(crowd, s, at - began)
        }
        # Perhaps nobody's: who was told to come again waits for as long as was said.
        assert meanwhile <= {503} or (crowd is buyers.hunters and meanwhile <= {200, 503})
        assert 503 not in {status for at, _took, status in crowd.answers if at > well}
    assert set(buyers.statuses) == {201, 503}
    assert set(editors.statuses) == {200, 503}
    assert buyers.slowest_asked_in(began, well) <= 3
