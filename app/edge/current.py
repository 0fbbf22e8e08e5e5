"""What belongs to the running application."""

from typing import cast

from flask import current_app
from redis import Redis

from app.booking.desk import BookingDesk
from app.booking.redis_keys import Names
from app.config import Settings
from app.services.catalogue import Catalogue


def settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])


def desk() -> BookingDesk:
    return cast("BookingDesk", current_app.extensions["desk"])


def redis_client() -> Redis:
    """For what is nice to know and no more; seats are the gate's."""
    return cast("Redis", current_app.extensions["redis"])


def catalogue() -> Catalogue:
    return cast("Catalogue", current_app.extensions["catalogue"])


def redis_names() -> Names:
    """What the site's keys there are called."""
    return cast("Names", current_app.extensions["redis_keys"])
