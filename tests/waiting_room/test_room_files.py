"""The status as a file for the proxy: written by one process, whole at any moment."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from app.operations.doctor import examine
from app.services.room_files import LOCK, RoomFiles
from app.services.room_settings import change_room
from app.services.room_status import RoomStatuses
from app.waiting_room.files import LATE_AFTER, file_of
from tests.support.servers import wait_until
from tests.support.site import Site


@pytest.fixture
def process(app, known, tmp_path):
    """One process that may write, of as many as are asked for."""
    gate, made = app.extensions["desk"].gate, []

    def make(folder=tmp_path):
        made.append(RoomFiles(str(folder), known, RoomStatuses(app, known, gate)))
        return made[-1]

    yield make
    for files in made:
        files.give_up()


def told(folder, event_id):
    return json.loads(file_of(folder, event_id).read_text())


def test_each_room_has_its_file_with_what_the_site_would_answer(process, room, tmp_path):
    one, other = room(per_minute=60), room(paused=True)
    assert process().write()
    assert told(tmp_path, one)["per_second"] == 1
    assert told(tmp_path, other)["paused"]


def test_it_is_written_anew_each_time(process, room, tmp_path):
    event_id, files = room(), process()
    files.write()
    before = told(tmp_path, event_id)["at"]
    time.sleep(0.01)
    files.write()
    assert told(tmp_path, event_id)["at"] > before


def test_a_room_that_is_turned_off_has_none(process, known, room, tmp_path):
    event_id, files = room(), process()
    files.write()
    change_room(known, event_id, {"mode": "off"})
    files.write()
    assert not file_of(tmp_path, event_id).exists()
    assert list((tmp_path / "events").iterdir()) == []


def test_one_process_writes_and_another_goes_on_after_its_end(process, room, tmp_path):
    event_id, one, other = room(), process(), process()
    assert one.write()
    assert not other.write()
    one.give_up()
    file_of(tmp_path, event_id).unlink()
    assert other.write()
    assert told(tmp_path, event_id)["live"]


def test_whoever_reads_meets_no_half_of_a_file(process, room, tmp_path):
    event_id, files = room(), process()
    files.write()
    done, faults = threading.Event(), []

    def read():
        while not done.is_set():
            try:
                told(tmp_path, event_id)
            except (OSError, ValueError) as error:
                faults.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(200):
        files.write()
    done.set()
    reader.join()
    assert not faults


def test_a_folder_that_is_not_there_costs_speed_alone(process, room, tmp_path):
    room()
    with pytest.raises(FileNotFoundError):
        process(tmp_path / "missing").write()


def writer_of(folder, site):
    """The process of the site that holds the lock."""
    lock = (folder / LOCK).stat().st_ino
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    workers = {worker.pid for worker in psutil.Process(site.pid).children()}
    found = (int(words[4]) for words in held if words[5].endswith(f":{lock}"))
    return next((pid for pid in found if pid in workers), None)


@pytest.mark.long
def test_another_worker_goes_on_when_the_one_that_writes_is_killed(
    settings, room, tmp_path, folder
):
    event_id, files = room(), tmp_path
    with Site(settings, folder / "writers", WAITING_ROOM_FILES=str(files)) as site:
        wait_until(file_of(files, event_id).exists)
        killed = writer_of(files, site)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: writer_of(files, site) not in {None, killed})
        at = told(files, event_id)["at"]
        wait_until(lambda: told(files, event_id)["at"] > at + 1)


@pytest.fixture
def finding(app, settings, tmp_path):
    """What the doctor finds of the files in a folder."""

    def finding(folder=tmp_path):
        wished = settings.model_copy(update={"waiting_room_files": str(folder)})
        checks = examine(wished, app.extensions["desk"].gate)
        return next(check.finding for check in checks if check.part == "waiting rooms")

    return finding


def test_the_doctor_knows_files_that_nobody_writes(process, room, finding, tmp_path):
    assert finding("") == "ok"
    assert finding() == "ok", "there is no room"
    room(mode="auto")
    assert finding() == "ok", "nobody waits there yet"
    event_id = room()
    assert f"nobody writes the file of event {event_id}" in finding()
    process().write()
    assert finding() == "ok"
    late = time.time() - LATE_AFTER - 1
    os.utime(file_of(tmp_path, event_id), (late, late))
    assert "nobody writes" in finding()
    assert "there is no folder" in finding(tmp_path / "missing")
