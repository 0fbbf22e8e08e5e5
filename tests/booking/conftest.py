"""The desk with a gate of its own, so that what befalls its Redis befalls nobody else."""

import pytest

from app.booking.desk import BookingDesk
from app.booking.gate import SeatGate
from app.booking.redis_client import connect
from app.demo.servers import RedisServer
from app.services import bookings


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def desk_at():
    """A desk whose gate asks the Redis at an address, with 100 ms of patience as in earnest."""
    clients = []

    def make(url, patience_ms=100):
        clients.append(connect(url, patience_ms))
        return BookingDesk(SeatGate(clients[-1], patience_ms))

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def desk(redis, redis_url, desk_at):
    return desk_at(redis_url, patience_ms=1000)


@pytest.fixture
def own_redis(folder, request):
    """A Redis server for this test alone, to be frozen and killed."""
    server = RedisServer(folder / f"redis-{request.node.name[:40]}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def book():
    def book(desk, user, event, seats=1, key=None):
        return bookings.book(
            desk, user_id=user.id, event_id=event.id, seats=seats, idempotency_key=key
        )

    return book
