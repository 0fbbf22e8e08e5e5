import pytest

from app.demo.servers import RedisServer
from app.services import waiting_rooms
from app.services.room_list import RoomList
from app.services.room_settings import change_room
from app.services.waiting_rooms import standing
from app.waiting_room.rooms import WaitingRooms

KEY = "a key for tickets"


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def names(app):
    return app.extensions["redis_keys"]


@pytest.fixture
def known(app, clean, names):
    """The rooms as one process sees them."""
    return RoomList(app, WaitingRooms(app.extensions["redis"], names))


@pytest.fixture
def another(app, clean, names):
    """Another process."""
    return RoomList(app, WaitingRooms(app.extensions["redis"], names))


@pytest.fixture
def room(known, factories):
    """Open a waiting room for an event, with these settings."""

    def make(event=None, **changes):
        event = event or factories.event()
        change_room(known, event.id, {"mode": "on", **changes})
        return event.id

    return make


class Person:
    """Somebody who waits, by one process's eyes after the other's."""

    def __init__(self, event_id, holder, user_id=None):
        self.event_id, self.holder, self.user_id, self.ticket = event_id, holder, user_id, None

    def join(self, known):
        self.ticket = waiting_rooms.join(known, self.event_id, self.holder, KEY, self.user_id)
        return self

    def stands(self, known):
        known.rooms.forget()
        return self.still_stands(known)

    def still_stands(self, known):
        """As that process reckons by its last look."""
        return standing(known, self.event_id, self.ticket, self.holder, [KEY])

    def tries(self, known):
        waiting_rooms.admit(known, self.event_id, self.ticket, self.holder, [KEY])


@pytest.fixture
def person():
    count = iter(range(10_000))
    return lambda event_id, **facts: Person(event_id, f"b{next(count)}", **facts)


@pytest.fixture
def own_redis(folder, request):
    """A Redis server for this test alone."""
    server = RedisServer(folder / f"redis-{request.node.name[:40]}")
    server.start()
    yield server
    server.stop()
