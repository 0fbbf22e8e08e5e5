"""The statuses of waiting rooms as files, which a proxy serves in the site's place.

One process of a host writes them, each second; it holds a lock, and when it ends another one
takes over.
"""

import fcntl
import logging
import os
import threading
import time
from pathlib import Path
from typing import IO

from app.errors import DatabaseDown
from app.services.room_list import RoomList
from app.services.room_status import RoomStatuses
from app.waiting_room.files import NAME, file_of

EVERY = 1.0
"""Seconds between two writings of a file."""
LOCK = ".lock"

log = logging.getLogger(__name__)


class RoomFiles:
    """Writes the files of all rooms; one instance per process, of which one works.

    `folder` is empty where none are wished.
    """

    def __init__(self, folder: str, known: RoomList, statuses: RoomStatuses) -> None:
        self._is_wished, self._folder = bool(folder), Path(folder)
        self._known, self._statuses = known, statuses
        self._lock: IO[str] | None = None
        self._complained = False

    def start(self) -> None:
        """Write from now on, in a thread of its own, or as soon as who writes has ended."""
        if self._is_wished:
            threading.Thread(target=self._run, name="room-files", daemon=True).start()

    def write(self) -> bool:
        """Write the file of each room, and remove the others; return whether it is this process
        that writes. Raises `OSError` if the folder can't be written to."""
        if not self._is_writer():
            return False
        try:
            rows = self._known.rows()
        except DatabaseDown:
            return True  # Nothing was ever known here; what another process wrote may still hold.
        for row in rows.values():
            self._replace(file_of(self._folder, row.event_id), self._statuses.fresh(row).body)
        self._remove_others({str(event_id) for event_id in rows})
        return True

    def give_up(self) -> None:
        """Let another process write, as the end of this one does."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _run(self) -> None:
        while True:
            try:
                self.write()
                self._complained = False
            except Exception:
                # The workers answer meanwhile.
                if not self._complained:
                    log.exception("The files of waiting rooms could not be written")
                self._complained = True
            time.sleep(EVERY - time.time() % EVERY)

    def _is_writer(self) -> bool:
        if self._lock is None:
            lock = (self._folder / LOCK).open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                return False
            self._lock = lock
        return True

    def _replace(self, file: Path, body: bytes) -> None:
        """Write the file so that whoever reads meets the former one or this, and no half."""
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(".new")
        new.write_bytes(body)
        new.chmod(0o644)
        os.replace(new, file)

    def _remove_others(self, event_ids: set[str]) -> None:
        for folder in (self._folder / "events").glob("*"):
            if folder.name not in event_ids:
                for name in (NAME, ".new"):
                    (folder / name).unlink(missing_ok=True)
                folder.rmdir()
