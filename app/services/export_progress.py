"""Progress of a long export: written to Redis, and polled by the page that waits for it.

Without Redis the export still runs, without a progress report.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

import redis

from app.booking.redis_keys import Names
from app.lib.text import whole

T = TypeVar("T")
PLAIN = Names()
REPORT_EVERY = 500
"""Rows between two reports."""
TTL = 300
"""Seconds until Redis expires a report."""


@dataclass(frozen=True)
class Progress:
    rows: int
    total: int

    @property
    def done(self) -> bool:
        return self.rows >= self.total


def followed(
    client: redis.Redis, token: str, rows: Iterable[T], total: int, names: Names = PLAIN
) -> Iterator[T]:
    """Yield the same rows, reporting their number in Redis under the token."""
    _report(client, names, token, Progress(0, max(total, 1)))
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        # `total` was counted earlier and may be too low; only the last report says "done".
        if number % REPORT_EVERY == 0 and number < total:
            _report(client, names, token, Progress(number, total))
    _report(client, names, token, Progress(max(number, 1), max(number, 1)))


def progress_of(client: redis.Redis, token: str, names: Names = PLAIN) -> Progress | None:
    """The progress of an export; None if it has not begun, has expired, or Redis is down."""
    try:
        stored = cast("bytes | None", client.get(names.of(_key(token))))
    except redis.RedisError:
        return None
    rows, _, total = (stored or b"").partition(b"/")
    numbers = whole(rows), whole(total)
    return None if None in numbers else Progress(*cast("tuple[int, int]", numbers))


def _key(token: str) -> str:
    return f"export:{token}:progress"


def _report(client: redis.Redis, names: Names, token: str, progress: Progress) -> None:
    try:
        client.set(names.of(_key(token)), f"{progress.rows}/{progress.total}", ex=TTL)
    except redis.RedisError:
        return
