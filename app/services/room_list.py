"""Which events have a waiting room now, as each process knows."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.orm import Session, joinedload

from app.db import db
from app.errors import DatabaseDown
from app.models import RoomMode, WaitingRoom
from app.waiting_room.reports import Noted
from app.waiting_room.rooms import WaitingRooms, skip_given

ROWS_VALID_FOR = 1.0
"""Seconds after which a process reads anew which events have a room."""

ROWS_OLD_AFTER = 3.0
"""Seconds after which what is known is not relied on any more, but where it can't be read."""
PATIENCE = 0.5
"""Seconds for which whoever comes while it is read waits for it."""

log = logging.getLogger(__name__)


class RoomList:
    """Which events have a waiting room, read once a second at most; one instance per process."""

    def __init__(self, app: Flask, rooms: WaitingRooms) -> None:
        self.rooms = rooms
        self.noted = Noted()
        """Who came and who booked here, until it is reported."""
        self.watched_by: Callable[[], None] | None = None
        """Called when there are rooms, so that somebody looks after them."""
        self._app = app
        self._rows: Mapping[int, WaitingRoom] = {}
        self._read_at, self._is_known = 0.0, False
        self._reading = threading.Lock()
        self._began, self._failed = 0.0, False
        rooms.is_desk_down, rooms.take_back = self.is_database_away, self._take_back

    def row(self, event_id: int) -> WaitingRoom | None:
        """Return the event's room, if people wait there now; as last known, while the database is
        away. Raises `DatabaseDown` if nothing was ever known."""
        self._renew()
        row = self._rows.get(event_id)
        return row if row and row.waits else None

    def rows(self) -> Mapping[int, WaitingRoom]:
        """Return all rooms in which people wait now, by event, as `row` does."""
        return {row.event_id: row for row in self.watched() if row.waits}

    def watched(self) -> Sequence[WaitingRoom]:
        """Return all rooms that are on, or may turn themselves on, as `row` does."""
        self._renew()
        return list(self._rows.values())

    def is_database_away(self) -> bool:
        """Whether the last reading failed, or has not ended for long."""
        hangs = self._reading.locked() and time.monotonic() - self._began > ROWS_OLD_AFTER
        return self._failed or hangs

    def forget(self) -> None:
        """Read anew before the next answer, as rooms were changed."""
        self._is_known = False
        self.rooms.forget()

    def _renew(self) -> None:
        age = time.monotonic() - self._read_at
        if not self._is_known or age > ROWS_OLD_AFTER:
            self._read_here()
        elif age > ROWS_VALID_FOR:
            self._read_beside()

    def _read_here(self) -> None:
        """Read before the answer, as nobody has asked for long; those who come meanwhile wait for
        half a second at most, and not at all once the database has not answered for long."""
        patience = 0 if self.is_database_away() else PATIENCE
        if not self._is_known:
            patience = -1
        if not self._reading.acquire(timeout=patience):
            return
        try:
            if self._is_known and time.monotonic() - self._read_at <= ROWS_OLD_AFTER:
                return
            self._refresh()
            self._is_known = True
        except (DBAPIError, TimeoutError) as error:
            if not self._is_known:
                raise DatabaseDown from error
            log.warning("The waiting rooms could not be read (%s)", type(error).__name__)
        finally:
            self._read_at = time.monotonic()
            self._reading.release()

    def _read_beside(self) -> None:
        """Read in a thread of its own: no order waits for it, whatever befalls the database."""
        if not self._reading.acquire(blocking=False):
            return
        self._read_at = time.monotonic()

        def read() -> None:
            try:
                self._refresh()
            except (DBAPIError, TimeoutError) as error:
                log.warning("The waiting rooms could not be read (%s)", type(error).__name__)
            finally:
                self._reading.release()

        threading.Thread(target=read, name="waiting-rooms", daemon=True).start()

    def _take_back(self, row: WaitingRoom, give: Callable[[WaitingRoom], bool]) -> None:
        """Give Redis the room as the database has it now, which may be newer than what is known
        here, with the numbers skipped that may have been given out since.

        The database keeps what was skipped, so that a Redis that is lost again at once gives no
        number out twice. `give` answers False where another process was first.
        """
        wanted = select(WaitingRoom).where(WaitingRoom.epoch == row.epoch)
        wanted = wanted.options(joinedload(WaitingRoom.event)).with_for_update(of=WaitingRoom)
        with suppress(DBAPIError, TimeoutError), self._app.app_context():
            with Session(db.engine, expire_on_commit=False) as session, session.begin():
                found = session.scalars(wanted).first()
                if found is None:
                    return  # It is another room by now.
                skip_given(found)
                if not give(found):
                    session.rollback()
            return
        skip_given(row)
        give(row)

    def _refresh(self) -> None:
        self._began, known = time.monotonic(), False
        try:
            self._rows, known = self._read(), True
        finally:
            self._failed = not known

    def _read(self) -> Mapping[int, WaitingRoom]:
        wanted = select(WaitingRoom).where(WaitingRoom.mode != RoomMode.OFF)
        with self._app.app_context(), Session(db.engine, expire_on_commit=False) as session:
            rows = session.scalars(wanted.options(joinedload(WaitingRoom.event))).all()
            session.expunge_all()
        if rows and self.watched_by:
            self.watched_by()
        return {row.event_id: row for row in rows}
