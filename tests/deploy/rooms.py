"""A waiting room's file, as each proxy serves it."""

from app.edge.current import waiting_rooms
from app.services.room_settings import change_room
from app.waiting_room.files import file_of
from tests.deploy.proxies import ROOMS
from tests.support.servers import wait_until

OF_THE_SITE = "X-Request-Id"
"""A header of all that the site answers itself."""


def check_the_room_is_told_from_a_file(app, ask, folder, event_id):
    """`ask` sends a question for a path to the proxy; the event has no room yet."""
    path = f"/events/{event_id}/waiting-room.json"
    without = ask(path)
    assert (without.status_code, without.json()["status"]) == (404, 404)
    assert OF_THE_SITE in without.headers
    with app.app_context():
        change_room(waiting_rooms(), event_id, {"mode": "on"})
    wait_until(file_of(folder / ROOMS, event_id).exists)
    first = ask(path)
    assert first.json()["live"]
    assert OF_THE_SITE not in first.headers
    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["Cache-Control"] == "public, max-age=1"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(path, **{"If-None-Match": first.headers["ETag"]}).status_code in {200, 304}
    wait_until(lambda: ask(path).json()["at"] >= first.json()["at"] + 1)
    # Who finds the file late asks the site itself.
    itself = ask(f"{path}?late")
    assert itself.json()["epoch"] == first.json()["epoch"]
    assert OF_THE_SITE in itself.headers
    with app.app_context():
        change_room(waiting_rooms(), event_id, {"mode": "off"})
    wait_until(lambda: ask(path).status_code == 404)
