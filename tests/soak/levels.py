"""What a site holds while nobody asks for anything, and whether it has come to hold more."""

from dataclasses import asdict, dataclass

import psutil

MEGABYTE = 1024 * 1024
MEMORY = 16.0
"""Megabytes by which a process may have grown: caches fill, and memory comes in large pieces."""
FILES = 12
"""Descriptors more of a worker: its pools open connections as they are needed, and keep them."""
MASTER_FILES = 2
CONNECTIONS = 12
"""More to PostgreSQL, or to Redis: of all workers together, as their pools keep them."""


@dataclass(frozen=True)
class Held:
    """By one process."""

    megabytes: float
    files: int


@dataclass(frozen=True)
class Level:
    """By the whole site."""

    master: Held
    workers: dict
    """Process number to `Held`."""
    database: int
    """Connections that PostgreSQL has of the site."""
    redis: int
    """Clients that Redis has."""

    @property
    def facts(self):
        """For JSON."""
        return asdict(self)


def level(house):
    """As it is now."""
    with house.redis_client() as eye:
        clients = len(eye.client_list()) - 1
    query = "SELECT count(*) FROM pg_stat_activity WHERE starts_with(application_name, 'utsavam')"
    ((database,),) = house.sql(query)
    workers = {worker.pid: held(worker) for worker in house.workers}
    return Level(held(psutil.Process(house.site.pid)), workers, database, clients)


def held(process):
    return Held(round(process.memory_info().rss / MEGABYTE, 1), process.num_fds())


def leaks(before, after):
    """What the site holds more than it may, a sentence each.

    A worker that lives through both is held against itself. One that came meanwhile is younger
    than any of before, so it may hold no more than the fullest of them. The master lives through.
    """
    if not before.workers.keys() & after.workers.keys():
        yield "no worker lived through, so nothing can be said of them"
        return
    yield from _grown("the master", before.master, after.master, MASTER_FILES)
    fullest = Held(
        max(worker.megabytes for worker in before.workers.values()),
        max(worker.files for worker in before.workers.values()),
    )
    for pid, worker in after.workers.items():
        kind = "worker" if pid in before.workers else "new worker"
        yield from _grown(f"{kind} {pid}", before.workers.get(pid, fullest), worker, FILES)
    for name in ("database", "redis"):
        was, now = getattr(before, name), getattr(after, name)
        if now > was + CONNECTIONS:
            yield f"connections to {name}: {was}, then {now}"


def _grown(name, was, now, files):
    if now.megabytes > was.megabytes + MEMORY:
        yield f"memory of {name}: {was.megabytes} MB, then {now.megabytes}"
    if now.files > was.files + files:
        yield f"open files of {name}: {was.files}, then {now.files}"
