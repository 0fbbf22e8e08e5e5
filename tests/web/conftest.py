"""Pages as a browser without JavaScript, or HTMX, asks for them."""

import re
from datetime import timedelta

import pytest
from flask import template_rendered

from app.models import Role
from app.models.columns import now
from app.services import staff

HTML = {"Accept": "text/html"}
HTMX = {"Accept": "*/*", "HX-Request": "true"}
PASSWORD = "correct horse battery"


class Visitor:
    """A browser: it keeps cookies, asks for pages and sends the forms it is shown."""

    def __init__(self, app):
        self._client = app.test_client()
        self._tokens = {}

    def get(self, path, headers=HTML, **options):
        return self._client.get(path, headers=headers, **options)

    def post(self, path, data=None, headers=HTML, csrf=True, body=None, **options):
        """A form; or a body as it is, for what a form of the client can not be."""
        if body is not None:
            return self._client.post(path, data=body, headers=headers, **options)
        data = dict(data or {})
        if csrf:
            data["csrf_token"] = self.csrf_token()
        return self._client.post(path, data=data, headers=headers, **options)

    def csrf_token(self):
        """That of a form it was shown: all forms of a session have the same."""
        if self.cookies() not in self._tokens:
            page = self.get("/sign-in").text
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
            self._tokens = {self.cookies(): token}
        return self._tokens[self.cookies()]

    def cookies(self):
        return tuple(cookie.value for cookie in self._client._cookies.values())

    def cookie(self):
        return next(iter(self._client._cookies.values()))

    def sign_in(self, email, password=PASSWORD, **data):
        return self.post("/sign-in", {"email": email, "password": password, **data})

    def log_in(self, key):
        return self.post("/admin/login", {"key": key})


@pytest.fixture(autouse=True)
def hashes(cheap_hashes):
    return cheap_hashes


@pytest.fixture
def new_visitor(app):
    return lambda: Visitor(app)


@pytest.fixture
def new_newcomer(sign_up_app):
    """As `new_visitor`, where people make accounts themselves, without a letter."""
    return lambda: Visitor(sign_up_app)


@pytest.fixture
def visitor(new_visitor):
    return new_visitor()


@pytest.fixture
def alice(make_user):
    return make_user(email="alice@example.com", name="Alice", password=PASSWORD)


@pytest.fixture
def signed_in(visitor, alice):
    visitor.sign_in(alice.email)
    return visitor


@pytest.fixture
def organiser(visitor, settings):
    visitor.log_in(settings.admin_key[0])
    return visitor


@pytest.fixture
def renders(app):
    """The names of the templates that were rendered."""
    names = []

    def note(_app, template, **_rest):
        names.append(template.name)

    with template_rendered.connected_to(note, app):
        yield names


@pytest.fixture
def key_ends():
    return now() + timedelta(hours=3)


@pytest.fixture
def volunteer(app, visitor, event, key_ends):
    """Logged in with a key for the door of the tests' event."""
    with app.app_context():
        limits = {"event_ids": [event.id], "expires_at": key_ends}
        _, secret = staff.create_key("Asha", Role.DOOR, **limits)
    visitor.log_in(secret)
    return visitor
