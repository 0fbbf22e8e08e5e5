"""The API is asked below /api; test_negotiation proves that the bare addresses
answer alike."""

import pytest


@pytest.fixture
def prefix():
    return "/api"


class Caller:
    """A program that sends the same headers with every request, below one prefix."""

    def __init__(self, client, prefix="", headers=None):
        self._client, self._prefix, self._headers = client, prefix, headers or {}

    def __call__(self, method, path, headers=None, **facts):
        headers = {**self._headers, **(headers or {})}
        return self._client.open(self._prefix + path, method=method, headers=headers, **facts)

    def get(self, path, **facts):
        return self("GET", path, **facts)

    def post(self, path, body=None, **facts):
        return self("POST", path, **({"json": body} if body is not None else {}), **facts)

    def put(self, path, body, **facts):
        return self("PUT", path, json=body, **facts)

    def patch(self, path, body, **facts):
        return self("PATCH", path, json=body, **facts)

    def delete(self, path, **facts):
        return self("DELETE", path, **facts)


@pytest.fixture
def anyone(client, prefix):
    """A program without a key."""
    return Caller(client, prefix)


@pytest.fixture
def organiser(client, prefix, admin):
    """A program with the admin key."""
    return Caller(client, prefix, admin)


@pytest.fixture
def as_user(client, prefix, make_token):
    """A program with a user's API token: `as_user(user).get(...)`."""

    def caller(user):
        return Caller(client, prefix, make_token(user))

    return caller


@pytest.fixture
def trusted(open_app, prefix):
    """A program of the demo, whose user ids are taken on trust."""
    return Caller(open_app.test_client(), prefix)


@pytest.fixture
def problem():
    """Asserts that an answer is a problem of this status, and answers what it says."""

    def check(answer, status, slug=None):
        assert answer.status_code == status, answer.get_data(as_text=True)
        assert answer.mimetype == "application/problem+json"
        said = answer.json
        assert said["status"] == status
        assert said["title"]
        assert said["detail"]
        assert said["type"].endswith(f"#{slug}" if slug else said["type"])
        return said

    return check
