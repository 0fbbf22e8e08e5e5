"""Typed access to the objects of the current application."""

from typing import cast

from flask import current_app
from redis import Redis

from app.booking.desk import BookingDesk
from app.booking.redis_keys import Names
from app.config import Settings
from app.services.catalogue import Catalogue
from app.services.payment_providers import Providers
from app.services.room_list import RoomList
from app.services.room_status import RoomStatuses
from app.waiting_room.reports import Reports
from app.waiting_room.spent import Spent


def settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])


def desk() -> BookingDesk:
    return cast("BookingDesk", current_app.extensions["desk"])


def redis_client() -> Redis:
    """Return the Redis client for non-essential data; seats go through the gate."""
    return cast("Redis", current_app.extensions["redis"])


def catalogue() -> Catalogue:
    return cast("Catalogue", current_app.extensions["catalogue"])


def redis_names() -> Names:
    """Return the naming of the site's Redis keys."""
    return cast("Names", current_app.extensions["redis_keys"])


def payment_providers() -> Providers:
    return cast("Providers", current_app.extensions["payment_providers"])


def waiting_rooms() -> RoomList:
    return cast("RoomList", current_app.extensions["waiting_rooms"])


def spent() -> Spent:
    return cast("Spent", current_app.extensions["spent"])


def room_reports() -> Reports:
    return cast("Reports", current_app.extensions["room_reports"])


def room_statuses() -> RoomStatuses:
    return cast("RoomStatuses", current_app.extensions["room_statuses"])
