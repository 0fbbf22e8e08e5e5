"""What an application needs for its waiting rooms."""

from typing import Any

import redis
from flask import Flask

from app.booking.desk import BookingDesk
from app.booking.redis_client import connect
from app.booking.redis_keys import Names
from app.config import Settings
from app.services.room_files import RoomFiles
from app.services.room_list import RoomList
from app.services.room_pace import RoomPacer
from app.services.room_status import RoomStatuses
from app.waiting_room.reports import Reports
from app.waiting_room.rooms import WaitingRooms
from app.waiting_room.spent import Spent

PATIENCE_MS = 500
"""How long a room's answer is waited for, at least: when hundreds join at once, a process may look
late, and that is not to be taken for a Redis that is away."""


def room_parts(
    app: Flask, settings: Settings, client: redis.Redis, names: Names, desk: BookingDesk
) -> dict[str, Any]:
    """Return the application's extensions for waiting rooms."""
    patient = connect(settings.redis_url, max(settings.redis_timeout_ms, PATIENCE_MS))
    rooms = RoomList(app, WaitingRooms(patient, names))
    reports = Reports(client, names)
    statuses = RoomStatuses(app, rooms, desk.gate)
    return {
        "waiting_rooms": rooms,
        "spent": Spent(client, names),
        "room_reports": reports,
        "room_pacer": RoomPacer(app, rooms, reports, desk),
        "room_statuses": statuses,
        "room_files": RoomFiles(settings.waiting_room_files, rooms, statuses),
    }
