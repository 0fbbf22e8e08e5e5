"""A site that lets everybody book, whosever turn it is: for the test that the verdict notices."""

from app.services import waiting_rooms
from wsgi import app

waiting_rooms.admit = lambda *_facts: None
__all__ = ["app"]
