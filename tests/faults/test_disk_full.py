"""PostgreSQL's disk is full in the middle of a sale: a small file system in memory, filled up."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import psycopg
import pytest

from tests.faults.buyers import ask, send
from tests.faults.house import House
from tests.support.servers import wait_until

SIZE = 128
"""Megabytes: an empty cluster takes about 60."""


@pytest.fixture
def small_disk(folder):
    """A folder on a disk of its own; not everybody may make one."""
    disk = folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=755", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("NOT RUN: a full disk; mounting a small file system takes root on Linux")
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"NOT RUN: a full disk; no small file system here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
    disk.rmdir()


@pytest.fixture
def house(small_disk, settings, figures):
    house = House(settings, small_disk)
    house.calm = figures.calm
    try:
        house.open()
        yield house
    finally:
        house.close()


@contextmanager
def filled(disk):
    """Not a byte is left; afterwards all of it is there again."""
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        assert shutil.disk_usage(disk).free == 0
        yield
    finally:
        ballast.unlink()


@pytest.mark.whole
def test_a_full_disk_is_told_as_unavailable_loses_nothing_and_passes(house, small_disk, figures):
    event, user = house.factories.event(capacity=300), house.factories.user()
    wish, told = {"user_id": user.id, "event_id": event.id}, set()
    with house.buyers() as buyers:
        with filled(small_disk):
            wait_until(lambda: buyers.statuses[503], 30)
            full = time.monotonic()
            while time.monotonic() < full + figures.away:
                assert ask("GET", f"{house.site.url}/health")[0] == 200
                answer = send("POST", f"{house.site.url}/bookings", json=wish)
                told.add((answer.status_code, answer.headers.get("Retry-After")))
                time.sleep(0.1)
        assert buyers.wait_for_bookings(1) <= 5
        buyers.wait_for_bookings(50)
    # A last booking may have fitted into a page that was there.
    assert {(503, "2")} <= told <= {(503, "2"), (201, None)}
    assert set(buyers.statuses) == {201, 503}
    assert set(buyers.hunters.statuses) <= {200, 201, 409, 503}


@pytest.mark.whole
def test_a_disk_too_full_for_the_log_stops_postgresql_and_loses_nothing(house, small_disk):
    with house.buyers() as buyers:
        with filled(small_disk):
            wait_until(lambda: buyers.statuses[503], 30)
            with pytest.raises(psycopg.OperationalError):
                use_up_the_log(house)
            assert ask("GET", f"{house.site.url}/health")[0] == 200
        # It stops by itself, as it must, unless room is made in time; then an operator starts it.
        wait_until(lambda: answers(house) or stopped(house))
        if stopped(house):
            house.start_postgres()
        assert buyers.wait_for_bookings(1) <= 5
        buyers.wait_for_bookings(50)
    assert set(buyers.statuses) == {201, 503}


def answers(house):
    try:
        return house.sql("SELECT 1")
    except psycopg.OperationalError:
        return []


def stopped(house):
    return not (house.postgres.data / "postmaster.pid").exists()


def use_up_the_log(house):
    """Begin segment after segment of the write-ahead log, until there is no room for one."""
    for _ in range(50):
        house.sql("SELECT pg_logical_emit_message(false, 'fault', 'x'), pg_switch_wal()")
