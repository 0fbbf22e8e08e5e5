"""The seat gate: tokens in Redis that spare the database orders which cannot succeed.

PostgreSQL is the source of truth. A granted token only lets an order proceed to the database;
"insufficient" means sold out only while this process's own snapshot of the row is at most one
second old. Whatever happens to Redis, the worst outcome is an unnecessary database query.
"""

import logging
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import redis

from app.booking.orders import Item, Order, PublishedCount, SeatSnapshot
from app.booking.redis_keys import Names, SiteUnknown
from app.errors import TicketTypeSoldOut

if TYPE_CHECKING:
    from app.metrics import Metrics

log = logging.getLogger(__name__)

SNAPSHOT_VALID_FOR = 1.0
"""Seconds for which a snapshot of the row may answer "sold out"."""
ASK_AGAIN_AFTER = 0.01
"""Seconds after which a refusal by the tokens is checked with Redis again."""
TOKENS_TTL = 24 * 3600
"""Seconds. Keys that are not refreshed expire, including those left by a restored database."""
CIRCUIT_OPEN_FOR = 1.0
"""Seconds for which the circuit breaker stays open after a Redis error."""
MAX_SNAPSHOTS = 20_000
"""Events to remember; beyond that, all snapshots are dropped and read again."""

CHANGES_KEY = "events:changes"
"""Holds a new random value after each change of an event's facts, as opposed to its seats."""

PROBE_KEY = "ready:probe"
"""Written to find out whether Redis takes writes."""
PROBE_TTL = 60
"""Seconds."""

_SCRIPTS = Path(__file__).parent
_PUBLISHED = re.compile(rb"(\d{1,15}):(\d{1,18}):(\d{1,9})")


class Verdict(IntEnum):
    """What the tokens say to an order; the numbers are those of `claim.lua`."""

    GRANTED = 1
    INSUFFICIENT = 0
    MISSING = -1
    LATE = -2


def tokens_key(event_id: int) -> str:
    return f"event:{event_id}:tokens"


def version_key(event_id: int) -> str:
    return f"{{event:{event_id}:tokens}}:version"


def parse_published_count(published: bytes | None) -> PublishedCount | None:
    """Parse the value of a version key; None if it is missing or not in our format."""
    found = _PUBLISHED.fullmatch(published or b"")
    return PublishedCount(*map(int, found.groups())) if found else None


def proves_sold_out(snapshot: SeatSnapshot | None, seats: int, at: float) -> bool:
    """Return whether a snapshot is recent enough, and shows fewer than `seats` left.

    `at` is a `time.monotonic()` value; a snapshot is valid for `SNAPSHOT_VALID_FOR` seconds, and
    not once a reservation has ended.
    """
    return snapshot is not None and snapshot.seats < seats and is_valid(snapshot, at)


def is_valid(snapshot: SeatSnapshot, at: float) -> bool:
    """Return whether what a snapshot shows may still refuse an order."""
    return at - snapshot.at <= SNAPSHOT_VALID_FOR and at < snapshot.until


def _is_to_be_asked(order: Order) -> bool:
    """Whether only the database can tell if the order is refused."""
    return order.idempotency_key is not None or order.code is not None


@dataclass(frozen=True)
class Refusal:
    """A refusal by the tokens for `seats` seats; `at` is when Redis was last asked."""

    seats: int
    at: float


class SeatGate:
    """Claims and publishes tokens in Redis; one instance per process.

    Thread-safe: its state is replaced as a whole and never seen half-updated.
    """

    def __init__(
        self, client: redis.Redis, timeout_ms: int = 100, names: Names | None = None
    ) -> None:
        self.metrics: Metrics | None = None
        """None where metrics are not enabled."""
        self._client, self._names = client, names or Names()
        self._timeout_us = timeout_ms * 1000
        self._claim = client.register_script((_SCRIPTS / "claim.lua").read_text())
        self._publish = client.register_script((_SCRIPTS / "publish.lua").read_text())
        self._snapshots: dict[int, SeatSnapshot] = {}
        self._refusals: dict[int, Refusal] = {}
        self._circuit_open_until = 0.0
        self._clock_offset: float | None = None

    def claim(self, orders: Sequence[Order]) -> list[Verdict]:
        """Take tokens for the orders in one call; all are `MISSING` if Redis is unavailable."""
        missing = [Verdict.MISSING] * len(orders)
        if not self.available:
            return missing
        try:
            prefix = self._names.of("")
            keys = [f"{prefix}{tokens_key(order.event_id)}" for order in orders]
            sent = time.monotonic()
            answer = cast(
                "list[int]",
                self._claim(keys=keys, args=[self._deadline(sent), *(o.seats for o in orders)]),
            )
        except redis.RedisError as error:
            self._open_circuit(error)
            return missing
        # Measured on arrival, the clock offset comes out too small, never too large: a claim can
        # only expire too early.
        self._clock_offset = answer[0] - time.monotonic() * 1e6
        verdicts = [Verdict(verdict) for verdict in answer[1:]]
        self._remember_refusals(orders, verdicts, sent)
        return verdicts

    def refuses(self, order: Order, verdict: Verdict) -> SeatSnapshot | None:
        """Return the snapshot that proves the event sold out; None if the database must decide.

        An order with an idempotency key is never refused here: it may repeat a successful one. Nor
        is one with a voucher's code, which may draw on seats that are not on sale.
        """
        if verdict != Verdict.INSUFFICIENT or _is_to_be_asked(order):
            return None
        snapshot = self._snapshots.get(order.event_id)
        return snapshot if proves_sold_out(snapshot, order.seats, time.monotonic()) else None

    def refuses_at_once(self, order: Order) -> SeatSnapshot | None:
        """Like `refuses`, without asking Redis, if a similar order has just been refused.

        Every `ASK_AGAIN_AFTER` seconds, one order is let through to ask Redis again.
        """
        refusal = self._refusals.get(order.event_id)
        if refusal is None or order.seats < refusal.seats:
            return None
        at = time.monotonic()
        if at - refusal.at > ASK_AGAIN_AFTER:
            self._refusals[order.event_id] = Refusal(refusal.seats, at)
            return None
        return self.refuses(order, Verdict.INSUFFICIENT)

    def refuses_type_at_once(self, order: Order) -> TicketTypeSoldOut | None:
        """Return the refusal of a ticket type that was sold out a moment ago; None to go and ask.

        Redis counts the event's seats alone. Its types are known to this process from its own last
        look at them, which every order that is let through renews.
        """
        snapshot = self._snapshots.get(order.event_id)
        if snapshot is None or not snapshot.left_by_type or _is_to_be_asked(order):
            return None
        if not is_valid(snapshot, time.monotonic()):
            return None
        for item in order.items or (Item(None, order.seats),):
            left = snapshot.left_by_type.get(item.ticket_type_id)
            if left is not None and left < item.seats <= snapshot.seats:
                return TicketTypeSoldOut(order.event_id, item.ticket_type_id, item.seats, left)
        return None

    def publish(self, snapshots: Iterable[SeatSnapshot], *, changed: bool = False) -> None:
        """Remember the snapshots, and publish them to the other processes through Redis.

        `changed` means that facts of events have changed too, or the list of events has.
        """
        snapshots = list(snapshots)
        for snapshot in snapshots:
            self._remember(snapshot)
            self._refusals.pop(snapshot.event_id, None)
        if not (snapshots or changed) or not self.available:
            return
        try:
            self._send(snapshots, changed)
        except redis.exceptions.NoScriptError:
            self._load_and_send(snapshots, changed)
        except redis.RedisError as error:
            self._open_circuit(error)

    def _send(self, snapshots: Sequence[SeatSnapshot], changed: bool) -> None:
        """Send by the script's digest only: redis-py would check each time that it is loaded."""
        with self._client.pipeline(transaction=False) as pipe:
            if changed:
                pipe.set(self._names.of(CHANGES_KEY), secrets.token_hex(8))
            if snapshots:
                prefix = self._names.of("")
                keys = [
                    f"{prefix}{key}"
                    for snapshot in snapshots
                    for key in (tokens_key(snapshot.event_id), version_key(snapshot.event_id))
                ]
                facts = [str(f) for o in snapshots for f in (o.seats, o.version, o.incarnation)]
                ttl = str(TOKENS_TTL)
                pipe.evalsha(self._publish.sha, len(keys), *keys, ttl, *facts)
            pipe.execute()

    def _load_and_send(self, snapshots: Sequence[SeatSnapshot], changed: bool) -> None:
        """Load the script into Redis, and send again. Publishing twice does no harm."""
        try:
            self._client.script_load(self._publish.script)
            self._send(snapshots, changed)
        except redis.RedisError as error:
            self._open_circuit(error)

    def published(self, keys: Sequence[str]) -> list[bytes | None] | None:
        """Return the values of these keys; None if Redis is unavailable."""
        if not self.available:
            return None
        try:
            names = [self._names.of(key) for key in keys]
            return cast("list[bytes | None]", self._client.mget(names))
        except redis.RedisError as error:
            self._open_circuit(error)
            return None

    def snapshot(self, event_id: int) -> SeatSnapshot | None:
        """Return this process's latest snapshot of the event's row."""
        return self._snapshots.get(event_id)

    def forget(self, event_ids: Sequence[int]) -> None:
        """Drop what is published about these events.

        For events whose rows are older than that, because the database was restored.
        """
        self._snapshots = {
            id: snapshot for id, snapshot in list(self._snapshots.items()) if id not in event_ids
        }
        if not self.available:
            return
        try:
            self._client.delete(*(self._names.of(version_key(id)) for id in event_ids))
        except redis.RedisError as error:
            self._open_circuit(error)

    def tokens(self, event_ids: Sequence[int]) -> list[Any]:
        """Return the values of the events' token keys. Raises `redis.RedisError`."""
        keys = [self._names.of(tokens_key(id)) for id in event_ids]
        return cast("list[Any]", self._client.mget(keys))

    def check(self) -> None:
        """Raise `redis.RedisError` unless Redis answers and stores what is written.

        A replica, a full server and one whose snapshots fail all answer a ping. That is all that
        can be asked while no key can be named, because the database was never there.
        """
        try:
            name = self._names.of(PROBE_KEY)
        except SiteUnknown:
            self._client.ping()
        else:
            self._client.set(name, "1", ex=PROBE_TTL)

    @property
    def available(self) -> bool:
        """Whether the circuit breaker is closed."""
        return time.monotonic() >= self._circuit_open_until

    def _deadline(self, sent: float) -> int:
        """Return the time by Redis's clock, in microseconds, until which tokens may be taken.

        0 (no deadline) until the clock offset is known.
        """
        if self._clock_offset is None:
            return 0
        return int(sent * 1e6 + self._clock_offset + self._timeout_us)

    def _remember(self, snapshot: SeatSnapshot) -> None:
        known = self._snapshots.get(snapshot.event_id)
        if (
            known is None
            or known.incarnation != snapshot.incarnation
            or known.version <= snapshot.version
        ):
            if len(self._snapshots) >= MAX_SNAPSHOTS:
                self._snapshots = {}
            self._snapshots[snapshot.event_id] = snapshot

    def _remember_refusals(
        self, orders: Sequence[Order], verdicts: Sequence[Verdict], sent: float
    ) -> None:
        for order, verdict in zip(orders, verdicts, strict=True):
            if verdict == Verdict.INSUFFICIENT:
                if len(self._refusals) >= MAX_SNAPSHOTS:
                    self._refusals = {}
                self._refusals[order.event_id] = Refusal(order.seats, sent)
            elif verdict == Verdict.GRANTED:
                self._refusals.pop(order.event_id, None)

    def _open_circuit(self, error: redis.RedisError) -> None:
        # Without the database the site's name is not known; that is no fault of Redis.
        if not isinstance(error, SiteUnknown):
            if self.metrics:
                self.metrics.redis_failed()
            if self.available:
                log.warning("Redis is away, booking without the gate: %s", error)
        self._circuit_open_until = time.monotonic() + CIRCUIT_OPEN_FOR
