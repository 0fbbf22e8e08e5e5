"""What all tests make the application log is searched for what is private, when they have ended.

The search is the fixture's, `nothing_private_is_logged`; that it finds what there is, is seen here,
with requests that carry secrets wherever a request can.
"""

import json
import secrets
import socket

import httpx
import pytest

from tests.support.logbook import LOGBOOK, PASSWORDS, PRIVATE, Logbook, private_parts
from tests.support.site import Site
from tests.web.conftest import HTML

PLANTED = {
    "an API token or a staff key": "the key utsavam_staff_Zm9vYmFyYmF6 is revoked",
    "an email address": "no mail to asha@example.com",
    "a password": f"tried {PASSWORDS[0]}",
    "a password's hash": "$argon2id$v=19$m=65536",
    "an Authorization header": "Authorization: Bearer abc",
    "a cookie": "Cookie: utsavam_8000=eyJ",
    "a form's token": "csrf_token=ImFi",
    "a query string": "GET /events?q=jazz",
    "a gift's address": "GET /gifts/7-xo1p-kT_abcdefghijklmn",
    "a ticket's address": "GET /tickets/7Q2K9F4MXT3Bxo1p-kT_abcdefghijklmn",
    "a sign-in link": "GET /sign-in/links/xo1p-kT_abcdefghijklmn",
    "a booking's reference": "booking 2B4DFGHJKMNP",
    "what the guard had to hide": "token [hidden]",
}


@pytest.fixture
def quiet_site(migrated_app, settings, folder):
    """As in production, with a line for each request, and a proxy that names them."""
    environment = {
        **{"DEMO": "0", "API_ACCESS": "token", "HTTPS": "0"},
        **{"PROXY_HOPS": "1", "ACCESS_LOG": "1", "WEB_CONCURRENCY": "1"},
    }
    with Site(settings, folder / "quiet", **environment) as site:
        yield site


def send_secrets(url, key, booking):
    """Requests with something private in the address, each header, and the body."""
    headers = {"X-Admin-Key": key, "Idempotency-Key": "utsavam_" + "x" * 30}
    private = {"email": "asha@example.com", "password": PASSWORDS[0], "name": "Asha"}
    with httpx.Client(base_url=url, cookies={"utsavam_1": "a cookie"}) as client:
        names = [
            client.get("/events?q=asha@example.com", headers=HTML),
            client.get(f"/{booking.reference}/utsavam_{'x' * 30}", headers=HTML),
            client.get(f"/tickets/{booking.reference}{'z' * 22}", headers=HTML),
            client.get(f"/gifts/{booking.id}-{'z' * 22}", headers=HTML),
            client.post(f"/gifts/{booking.id}-{'z' * 22}", data=private),
            client.post(f"/tickets/{booking.reference}{'z' * 22}/cancellation", data=private),
            client.get("/api/admin/users", headers=headers),
            client.get("/api/admin/users", headers={"Authorization": "Bearer utsavam_" + "y" * 30}),
            client.post("/api/users", json=private, headers=headers),
            client.post("/api/bookings", json=private, headers=headers),
            client.post("/sign-in?password=rice+flour", data=private, headers=HTML),
            client.delete(f"/api/bookings/{booking.id}", headers=headers),
        ]
    return [answer.headers["X-Request-Id"] for answer in names]


def send_what_is_no_http(url, key):
    """gunicorn refuses these before the application sees them, and says what they were."""
    host, port = url.removeprefix("http://").split(":")
    for text in (
        f"GET /?key={key} HTTP/9\r\n\r\n",
        f"GET / HTTP/1.1\r\nX-Admin-Key : {key}\r\n\r\n",
        f"GET /{key}\r\n\r\n",
        f"GET /tickets/7Q2K9F4MXT3B{'z' * 22} HTTP/9\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(text.encode())
            while connection.recv(1000):
                pass


def test_requests_full_of_secrets_leave_none_in_the_log(
    clean, quiet_site, admin, settings, make_event, make_booking
):
    key = settings.admin_key[0]
    names = send_secrets(quiet_site.url, key, make_booking(make_event()))
    send_what_is_no_http(quiet_site.url, key)
    text = quiet_site.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    told = [line["request_id"] for line in lines if line["logger"] == "app.access"]
    assert [name for name in told if name in names] == names
    assert sum(line["event"].startswith("Invalid request") for line in lines) == 4
    assert any(line["event"].startswith("Booting worker") for line in lines)
    assert private_parts(text, [key, settings.secret_key]) == []
    addressed = [line["event"] for line in lines if "127.0.0.1" in json.dumps(line)]
    assert [event for event in addressed if not event.startswith("Listening at")] == []


@pytest.mark.parametrize("what", PRIVATE)
def test_each_kind_of_secret_would_be_found(what):
    assert private_parts('{"event": "all is well"}', []) == []
    (found, *more) = private_parts(PLANTED[what], [])
    assert found.startswith(what)
    assert all("what the guard" in other for other in more)


def test_a_key_that_gets_into_the_log_is_found(app, settings, caplog):
    """The same search, of a line that goes the way of all lines."""
    planted = secrets.token_urlsafe(32)
    with caplog.at_level("WARNING"):
        app.logger.warning("The key %s was refused", planted)
    assert len(private_parts(LOGBOOK.of_tests(), [planted])) == 1


def test_a_line_of_a_site_that_is_no_json_is_found():
    logbook = Logbook()
    logbook.new_file().write_text('utsavam: no key\n{"event": "Booting"}\nTraceback\n["a list"]\n')
    assert logbook.faults() == ["no JSON: Traceback", 'no JSON: ["a list"]']
