"""Small sites that are flooded, and an event whose row somebody else holds."""

import httpx
import psycopg
import pytest

from tests.overload.flood import Flood
from tests.support.servers import libpq
from tests.support.site import Site

MAX_QUEUE = 10
FEW_THREADS = "gthread with few threads"
KINDS = {
    "gevent": {"WORKER_CLASS": "gevent"},
    # Each waits in a thread, so that more threads than room are needed to fill the room.
    "gthread": {"WORKER_CLASS": "gthread", "WORKER_THREADS": "64"},
    # Most requests wait for a thread, where the desk does not see them.
    FEW_THREADS: {"WORKER_CLASS": "gthread", "WORKER_THREADS": "4"},
}


@pytest.fixture(scope="module", autouse=True)
def as_where_people_book(durable):
    """Bookings are measured."""


@pytest.fixture(scope="module")
def small_site(request, migrated_app, settings, folder):
    """One process of a kind, for which ten bookings may wait."""
    kind = {"WEB_CONCURRENCY": "1", "BOOKING_QUEUE_SIZE": str(MAX_QUEUE), **KINDS[request.param]}
    with Site(settings, folder / f"small-{request.param}".replace(" ", "-"), **kind) as site:
        yield site.url


@pytest.fixture
def hold(postgres_url):
    """Lock an event's row as somebody else, until the block ends."""

    def hold(event):
        connection = psycopg.connect(libpq(postgres_url))
        connection.execute("SELECT 1 FROM events WHERE id = %s FOR UPDATE", [event.id])
        return connection

    return hold


@pytest.fixture
def flood():
    """Bookings sent at once, each over a connection of its own."""
    floods = []

    def start(url, wishes):
        floods.append(Flood(url, wishes))
        return floods[-1]

    yield start
    for each in floods:
        each.join()


@pytest.fixture
def buyer(small_site):
    with httpx.Client(base_url=small_site, timeout=10) as client:
        client.get("/health")
        yield client
