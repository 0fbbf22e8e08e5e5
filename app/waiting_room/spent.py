"""What of a waiting room is used up: the seats that may be booked with one place, and proofs."""

import logging

import redis

from app.booking.redis_keys import Names

KEPT_FOR = 172_800
"""Seconds for which Redis keeps what places have booked: as long as the room itself."""

log = logging.getLogger(__name__)


class Spent:
    """Counted in Redis by all processes; one instance per process."""

    def __init__(self, client: redis.Redis, names: Names) -> None:
        self._client, self._names = client, names

    def add_seats(self, event_id: int, epoch: int, number: int, seats: int) -> int:
        """Count seats for the place of a number, negative ones back; returns how many it has now,
        and 0 while that can't be known."""
        try:
            key = self._names.of(f"{{event:{event_id}}}:waiting-room:{epoch}:seats")
            with self._client.pipeline(transaction=False) as pipe:
                pipe.hincrby(key, str(number), seats)
                pipe.expire(key, KEPT_FOR)
                return int(pipe.execute()[0])
        except redis.RedisError as error:
            log.warning("The seats of a place are not counted (%s)", type(error).__name__)
            return 0

    def use_once(self, event_id: int, nonce: str, seconds: int) -> bool | None:
        """Remember a proof for as long as it would be good; returns whether it is new, and None
        while that can't be known."""
        try:
            key = self._names.of(f"{{event:{event_id}}}:waiting-room:proof:{nonce}")
            return bool(self._client.set(key, b"", nx=True, ex=seconds))
        except redis.RedisError as error:
            log.warning("A proof of work is not taken (%s)", type(error).__name__)
            return None
