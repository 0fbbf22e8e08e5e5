"""Redis key names that keep two sites on one Redis apart.

The first site uses the plain names, such as `event:7:tokens`, and stores its id in an owner key.
Any other site finds that key taken, and prefixes all its keys.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import redis
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, TimeoutError

from app.booking.connections import LEDGER
from app.db import db

log = logging.getLogger(__name__)

OWNER_KEY = "utsavam:site"
"""Holds the id of the site that uses the plain names."""
OWNER_TTL = 3600
"""Seconds after which the plain names of a site that is gone become free."""
CHECK_INTERVAL = 1.0
"""Seconds between checks of the owner key: how long a site may be wrong after a flush of Redis."""

_CLAIM = (Path(__file__).parent / "own_names.lua").read_text()
_SITE = text("SELECT system_identifier, current_database() FROM pg_control_system()")


class SiteUnknown(redis.RedisError):
    """The site's id could not be read from the database yet, so its keys can't be named."""


class Names:
    """Key names without a prefix; the base class of `SiteNames`. One instance per process."""

    def of(self, key: str) -> str:
        """Return the key's name for this site. Raises `redis.RedisError` if it can't be known."""
        return key


class SiteNames(Names):
    """Key names of the site that a database identifies: processes that share it share the names."""

    def __init__(self, client: redis.Redis, identify: Callable[[], str]) -> None:
        self._claim = client.register_script(_CLAIM)
        self._identify = identify
        self._site: str | None = None
        self._prefix: str | None = None
        self._checked_at = self._failed_at = float("-inf")
        self._checking = threading.Lock()

    def of(self, key: str) -> str:
        if time.monotonic() - self._checked_at > CHECK_INTERVAL:
            self._check_owner()
        if self._prefix is None:
            raise SiteUnknown("not known yet")
        return f"{self._prefix}{key}"

    def _check_owner(self) -> None:
        # While another thread asks, use the known prefix, if there is one.
        if not self._checking.acquire(blocking=self._prefix is None):
            return
        try:
            if time.monotonic() - self._checked_at <= CHECK_INTERVAL:
                return
            if time.monotonic() - self._failed_at <= CHECK_INTERVAL:
                raise SiteUnknown("not known yet")
            self._claim_plain_names()
        finally:
            self._checking.release()

    def _claim_plain_names(self) -> None:
        try:
            self._site = self._site or self._identify()
            owner = self._claim(keys=[OWNER_KEY], args=[self._site, OWNER_TTL])
        except redis.RedisError:
            # Timed from the end of the attempt, which may have taken seconds: whoever waits for
            # the lock meanwhile must not try in turn. Whoever is only told to wait moves nothing,
            # or steady traffic would put the next attempt off for ever.
            self._failed_at = time.monotonic()
            raise
        self._set_prefix(owner.decode() if isinstance(owner, bytes) else owner)
        self._checked_at = time.monotonic()

    def _set_prefix(self, owner: str) -> None:
        prefix = "" if owner == self._site else f"utsavam:{self._site}:"
        if prefix != self._prefix and (prefix or self._prefix is not None):
            log.warning(
                "Another site has the plain names in Redis (%s): ours begin with %s"
                if prefix
                else "The plain names in Redis are ours (%s)%s",
                OWNER_KEY,
                prefix,
            )
        self._prefix = prefix


def names_of(app: Flask, client: redis.Redis) -> SiteNames:
    """Return the key names of the site that the application's database identifies."""

    def identify() -> str:
        try:
            with app.app_context():
                # The exporter has the pages' engine alone.
                engine = db.engines.get(LEDGER, db.engine)
                with engine.connect() as connection:
                    system, database = connection.execute(_SITE).one()
        except (DBAPIError, TimeoutError) as error:
            raise SiteUnknown(type(error).__name__) from error
        return hashlib.sha256(f"{system}/{database}".encode()).hexdigest()[:16]

    return SiteNames(client, identify)
