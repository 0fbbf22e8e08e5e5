"""Connect to Redis or Valkey: one server, or the one that Sentinels name at the moment."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from app.lib.redis_urls import SENTINEL_SCHEMES, SentinelUrl


def connect(url: str, timeout_ms: int) -> redis.Redis:
    """Return a Redis client without retries: a repeated claim would take tokens twice.

    Behind Sentinels each new connection asks them for the server of the moment, and one to a
    server that has become a replica is given up with its first refused write.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout_ms / 1000,
        "socket_connect_timeout": timeout_ms / 1000,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
    }
    if not url.startswith(SENTINEL_SCHEMES):
        return redis.Redis.from_url(url, **options)
    named = SentinelUrl.parse(url)
    told = {**options, **named.sentinel_options}
    sentinels = Sentinel(named.sentinels, sentinel_kwargs=told)  # type: ignore[no-untyped-call]
    options |= named.options
    master: redis.Redis = sentinels.master_for(  # type: ignore[no-untyped-call]
        named.service, **options
    )
    return master
