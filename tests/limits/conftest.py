"""People behind addresses. Passwords are hashed by Argon2 as ever, at its least cost: what a hash
takes is not the matter here, and a lecture hall would take a minute of it."""

import pytest

from app.models import User
from tests.web.conftest import HTML, PASSWORD, Visitor

HALL = "192.0.2.1"
"""Where a whole lecture hall sits behind."""
JSON = {"Content-Type": "application/json"}


class Guest(Visitor):
    """A browser at an address. It sends no CSRF token: the sites here ask for none."""

    def __init__(self, app, address=HALL):
        super().__init__(app)
        self._client.environ_base["REMOTE_ADDR"] = address

    def post(self, path, data=None, headers=HTML, **options):
        return self._client.post(path, data=data, headers=headers, **options)


@pytest.fixture
def limited(make_app, clean):
    """A site with limits of its own: those that are named, and the defaults. It sends no mail, and
    people sign up all the same."""

    def make(**limits):
        app = make_app(sign_up="open", **limits)
        app.config["WTF_CSRF_ENABLED"] = False
        return app

    return make


@pytest.fixture
def crowd(app, cheap_hashes):
    """So many users, all with the same password; their emails."""

    def make(number):
        from app.db import transaction

        known = cheap_hashes.hash(PASSWORD)
        emails = [f"student{n}@example.com" for n in range(number)]
        with app.app_context(), transaction() as session:
            session.add_all(User(email=email, password_hash=known) for email in emails)
        return emails

    return make
