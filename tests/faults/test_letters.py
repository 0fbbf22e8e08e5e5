"""`flask worker` killed, PostgreSQL restarted, the mail server away: every letter arrives."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.logbook import LOGBOOK
from tests.support.mail_server import MailServer
from tests.support.servers import wait_until
from tests.support.site import PYTHON_PATH

LETTERS = 12


class Workers:
    """Processes of `flask worker`, which end with the test."""

    def __init__(self, house, post):
        self._environment = {
            **os.environ,
            "DATABASE_URL": house.settings.database_url,
            "REDIS_URL": house.settings.redis_url,
            "ADMIN_KEY": house.settings.admin_key[0],
            "SECRET_KEY": house.settings.secret_key,
            "FLASK_APP": "wsgi",
            "PYTHONPATH": PYTHON_PATH,
            "MAIL_URL": post.url,
            "MAIL_FROM": "tickets@example.org",
        }
        self._home, self._started = house.home, []

    def start(self):
        with LOGBOOK.new_file().open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "flask", "worker"],
                cwd=self._home,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._started.append(worker)
        return worker

    def end(self):
        for worker in self._started:
            worker.kill()
            worker.wait()


@pytest.fixture
def post():
    with MailServer() as server:
        yield server


@pytest.fixture
def workers(house, post):
    workers = Workers(house, post)
    yield workers
    workers.end()


@pytest.fixture
def owe(house):
    """Letters that are owed for an event which was cancelled."""
    event = house.factories.event(status="cancelled", capacity=LETTERS)
    people = [house.factories.user() for _ in range(LETTERS)]
    for person in people:
        house.factories.booking(event, person)

    def note():
        house.sql(
            "INSERT INTO journal_entries (kind, event_id, facts)"
            """ VALUES ('event_cancelled', %s, '{"words": ""}')""",
            event.id,
        )
        return {person.email for person in people}

    return note


def states(house):
    return dict(house.sql("SELECT state, count(*) FROM mails GROUP BY state"))


def ids(post):
    return [message["Message-ID"] for message in post.received()]


def start_and_kill(post, workers):
    """A worker that dies when the mail server has just taken its third letter."""
    killed = []

    def kill(_server):
        if len(post.messages) == 3 and not killed:
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)

    post.after_data = kill
    worker = workers.start()
    assert worker.wait(30) == -signal.SIGKILL


@pytest.mark.whole  # As one that reminds is, below.
def test_a_worker_killed_between_the_letter_and_its_note_sends_it_again_by_the_same_id(
    house, post, workers, owe
):
    people = owe()
    start_and_kill(post, workers)
    workers.start()
    wait_until(lambda: states(house).get("sent") == LETTERS - 1, 20)
    # The lease of the killed worker's letter ends.
    house.sql("UPDATE mails SET due_at = now() WHERE state = 'sending'")
    wait_until(lambda: states(house) == {"sent": LETTERS}, 20)
    assert {to for to, _ in post.messages} == people
    assert len(ids(post)) == LETTERS + 1
    assert len(set(ids(post))) == LETTERS


@pytest.mark.whole  # As those who remind do, below.
def test_two_workers_send_each_letter_once(house, post, workers, owe):
    people = owe()
    workers.start(), workers.start()
    wait_until(lambda: states(house) == {"sent": LETTERS}, 30)
    assert sorted(to for to, _ in post.messages) == sorted(people)


@pytest.mark.whole
def test_a_worker_that_is_told_to_end_ends_between_two_letters(house, post, workers, owe):
    owe()
    post.after_data = lambda _server: time.sleep(0.1)
    worker = workers.start()
    wait_until(lambda: len(post.messages) >= 2, 30)
    worker.terminate()
    assert worker.wait(10) == 0
    assert "sending" not in states(house)
    assert states(house)["sent"] == len(post.messages) < LETTERS
    post.after_data = None
    workers.start()
    wait_until(lambda: states(house) == {"sent": LETTERS}, 30)
    assert len(set(ids(post))) == len(ids(post))


@pytest.mark.whole
def test_a_restart_of_the_database_ends_no_worker_and_loses_no_letter(house, post, workers, owe):
    owe()
    post.after_data = lambda _server: time.sleep(0.05)
    worker = workers.start()
    wait_until(lambda: len(post.messages) >= 2, 30)
    house.crash_postgres()
    time.sleep(0.5)
    house.start_postgres()
    wait_until(lambda: states(house).get("sent") == LETTERS, 20)
    assert worker.poll() is None
    assert len(set(ids(post))) == LETTERS


def test_a_worker_killed_while_it_reminds_reminds_nobody_twice(house, post, workers):
    # Noon where it takes place, today: the event begins there in a few hours.
    at = datetime.now(UTC)
    zone = f"Etc/GMT{at.hour - 12:+d}" if at.hour != 12 else "Etc/GMT"
    event = house.factories.event(
        capacity=LETTERS,
        start_at=at + timedelta(hours=6),
        time_zone=zone,
        reminds_guests=True,
    )
    people = [house.factories.user() for _ in range(LETTERS)]
    for person in people:
        house.factories.booking(event, person)
    start_and_kill(post, workers)
    workers.start(), workers.start()
    wait_until(lambda: states(house).get("sent") == LETTERS - 1, 20)
    house.sql("UPDATE mails SET due_at = now() WHERE state = 'sending'")
    wait_until(lambda: states(house) == {"sent": LETTERS}, 20)
    assert {to for to, _ in post.messages} == {person.email for person in people}
    assert len(set(ids(post))) == LETTERS
    assert len(ids(post)) == LETTERS + 1, "the letter in hand, by the same Message-ID"
    assert house.sql("SELECT count(*) FROM reminders") == [(1,)]


def test_letters_wait_for_a_mail_server_that_is_away(house, post, workers, owe):
    owe()
    post.stop()
    worker = workers.start()
    wait_until(lambda: states(house).get("queued") == LETTERS, 30)
    time.sleep(1)
    post.start()
    wait_until(lambda: states(house) == {"sent": LETTERS}, 15)
    assert worker.poll() is None
    assert len(ids(post)) == LETTERS
