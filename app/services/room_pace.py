"""A thread of each process that looks after the waiting rooms once a second.

Each reports what it has seen and how strained it is. One of them, another each second, sets the
pace, turns automatic rooms on and off, and keeps what each minute did.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import cast

import redis
from flask import Flask
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.booking.desk import BookingDesk
from app.errors import UtsavamError
from app.lib.admission import Admission
from app.lib.timings import Timing, Timings
from app.models import RoomMode, WaitingRoom
from app.services import room_minutes
from app.services.reservations import count_unpaid
from app.services.room_list import RoomList
from app.services.room_settings import turn_by_itself
from app.services.waiting_rooms import keep_copy
from app.waiting_room.pacing import (
    CAME_WITHIN,
    CUT,
    Decision,
    Seen,
    Strain,
    Why,
    held_pace,
    is_worth_telling,
    next_pace,
)
from app.waiting_room.reports import Report, Reports, Together, Turn
from app.waiting_room.rooms import Look
from app.waiting_room.state import Room

SAMPLES = 10
"""Times a second that it is measured how late this process is."""
ON_AFTER = 3.0
"""Seconds for which orders must be slow until people wait by themselves: one that waited for a lock
is no crowd."""
OFF_AFTER = 180.0
"""Seconds for which nobody must have waited, until that ends."""

log = logging.getLogger(__name__)


class RoomPacer:
    """One per process. It works while there is a waiting room, and sleeps when there is none."""

    def __init__(self, app: Flask, known: RoomList, reports: Reports, desk: BookingDesk) -> None:
        self._app, self._known, self._reports, self._desk = app, known, reports, desk
        known.watched_by = self.start
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to look after the rooms, unless it is done already."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="waiting-rooms-pace", daemon=True
                    )
                    self._thread.start()

    def stop(self) -> None:
        """Leave the rooms alone, until they are to be looked after again."""
        thread = self._thread
        if thread is not None:
            self._stopping.set()
            thread.join(timeout=5)
            self._stopping.clear()

    def _run(self) -> None:
        try:
            rows = self._known.watched()
            while rows:
                lag = self._lag_of_a_second()
                if self._stopping.is_set():
                    return
                rows = self._known.watched()
                self.look_after(rows, lag)
        finally:
            self._desk.timings = None
            self._thread = None

    def _lag_of_a_second(self) -> float:
        """Sleep for a second, and return by how much too long most parts of it took."""
        pause, late = 1 / SAMPLES, [0.0]
        for _ in range(SAMPLES):
            if self._stopping.is_set():
                break
            began = time.monotonic()
            time.sleep(pause)
            late.append(time.monotonic() - began - pause)
        return sorted(late)[len(late) // 2]

    def look_after(self, rows: Iterable[WaitingRoom], lag: float = 0.0) -> None:
        """Report what was seen since the last time, and decide if it is this process's turn to.

        `lag` is the number of seconds by which this process is late."""
        if self._desk.timings is None:
            self._desk.timings = Timings()
        timings = self._desk.timings.take()
        strain = Strain(timings.get(None, Timing()).seconds, _pages_wait(self._app), lag)
        came, booked = (_by_room(turns) for turns in self._known.noted.take())
        for row in rows:
            event = timings.get(row.event_id, Timing())
            key = row.event_id, row.epoch
            report = Report(strain, event.seconds, event.ended, came[key], booked[key])
            try:
                with self._app.app_context():
                    self._look_after(row, report)
            except redis.RedisError as error:
                log.debug("A waiting room's report was not sent: %s", error)
            except (DBAPIError, TimeoutError, UtsavamError) as error:
                log.warning("A waiting room was not looked after (%s)", type(error).__name__)

    def _look_after(self, row: WaitingRoom, report: Report) -> None:
        look = self._known.rooms.look(row) if row.waits else _nobody(row)
        if not look.live:
            return
        if row.waits:
            keep_copy(row, look)
        together = self._reports.bring(look.room, look.now, report, slow_after=row.busy_after)
        if together is None:
            return
        if row.waits:
            paying = count_unpaid(row.event_id)
            decision = decide(row, look, together, paying)
            if is_worth_telling(look.room.per_second, decision.per_second):
                self._known.rooms.set_pace(row, decision.per_second)
            self._reports.tell(row.event_id, together, decision, paying)
            if together.is_new_minute:
                room_minutes.keep(look, together)
        if row.mode == RoomMode.AUTO:
            self._turn(row, together)

    def _turn(self, row: WaitingRoom, together: Together) -> None:
        if not row.auto_on and together.slow_for >= ON_AFTER:
            served = together.orders * CUT
            seconds = together.event_seconds
            turn_by_itself(self._known, row.event_id, on=True, seconds=seconds, served=served)
        calm = together.calm_for >= OFF_AFTER and together.strain.source is None
        if row.auto_on and calm:
            turn_by_itself(self._known, row.event_id, on=False)


def decide(row: WaitingRoom, look: Look, together: Together, paying: int) -> Decision:
    """Return the pace of the next second, and why it is that."""
    room = look.room
    if row.paused:
        return Decision(0.0, Why.PAUSED)
    if room.opened_at is None:
        return Decision(room.per_second, Why.MEASURED if row.measured else Why.SET)
    # Nobody can have come before the opening: until then as many are taken to have come as would.
    before = max(CAME_WITHIN - (look.now - room.opened_at), 0.0)
    seen = Seen(
        came=together.came_lately + row.start_per_second * before,
        shown=together.shown,
        strain=together.strain,
        inside=together.inside,
        paying=paying,
    )
    if row.measured:
        # What was wanted and not told grows on, or a slow growth would never begin.
        untold = not is_worth_telling(room.per_second, together.wanted)
        now = together.wanted if untold else room.per_second
        return next_pace(now, seen, row.most_inside)
    return held_pace(Decision(row.per_minute / 60, Why.SET), seen, row.most_inside)


def _nobody(row: WaitingRoom) -> Look:
    """A room in which nobody waits, as it is not on."""
    room = Room(row.event_id, row.epoch, row.opens_at, row.pass_minutes * 60)
    return Look(room, time.time(), live=True)


def _pages_wait(app: Flask) -> float:
    """Seconds for which the first of the pages in line has waited."""
    line = cast("Admission", app.extensions["page_line"])
    return line.longest_wait


def _by_room(turns: Iterable[Turn]) -> defaultdict[tuple[int, int], list[int]]:
    found = defaultdict[tuple[int, int], list[int]](list)
    for turn in turns:
        found[turn.event_id, turn.epoch].append(turn.place)
    return found
