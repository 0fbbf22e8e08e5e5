"""A Redis behind a password, and behind TLS: the doors that a managed service has."""

import logging
from urllib.parse import quote

import pytest
import redis
import trustme

from app.demo.servers import RedisServer, free_port
from tests.support.servers import SYSTEM_REDIS
from tests.support.sums import seats_left

PASSWORD = "p@ss/word:ü"
pytestmark = pytest.mark.usefixtures("invariants")


class TlsServer(RedisServer):
    """With further options; it keeps a plain port beside, on which its start is awaited."""

    def __init__(self, data, *options):
        super().__init__(data, program=SYSTEM_REDIS)
        self._more = options

    def _options(self):
        return [*super()._options(), *self._more]


@pytest.fixture(scope="module")
def guarded(folder):
    """The port of a Valkey that wants a password of everybody."""
    server = RedisServer(folder / "guarded")
    with redis.Redis.from_url(server.start()) as client:
        client.config_set("requirepass", PASSWORD)
    yield server.port
    server.stop()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_port(folder, authority):
    """Where a Redis speaks TLS; a plain connection is closed there."""
    if not SYSTEM_REDIS:
        pytest.skip("the Valkey of the wheel has no TLS, and redis-server is not on PATH")
    place = folder / "tls"
    place.mkdir()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(place / "server.pem")
    port, pem = str(free_port()), str(place / "server.pem")
    files = ("--tls-cert-file", pem, "--tls-key-file", pem, "--tls-ca-cert-file", pem)
    options = ("--tls-port", port, "--tls-auth-clients", "no", *files)
    server = TlsServer(place, *options)
    server.start()
    yield port
    server.stop()


@pytest.fixture
def ca_file(folder, authority):
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def sells_with_tokens(desk, book, user, event):
    """Whether the gate was used: the tokens are there, and tell of the booking."""
    book(desk, user, event)
    return desk.gate.available and desk.gate.tokens([event.id]) == [b"4"]


def books_without_redis(desk, book, user, event, sql, caplog):
    with caplog.at_level(logging.WARNING):
        book(desk, user, event)
    assert not desk.gate.available
    assert seats_left(sql, event) == 4
    (told,) = [entry.getMessage() for entry in caplog.records]
    assert told.startswith("Redis is away, booking without the gate: ")
    return told


def test_a_password_in_the_address_opens_redis(desk_at, guarded, book, make_user, make_event):
    desk = desk_at(f"redis://:{quote(PASSWORD, safe='')}@127.0.0.1:{guarded}/0", 1000)
    assert sells_with_tokens(desk, book, make_user(), make_event())


@pytest.mark.parametrize("login", [":wrong@", ""], ids=["a wrong one", "none"])
def test_without_the_right_password_booking_works_and_the_log_says_why(
    desk_at, guarded, book, make_user, make_event, sql, caplog, login
):
    desk = desk_at(f"redis://{login}127.0.0.1:{guarded}/0", 1000)
    told = books_without_redis(desk, book, make_user(), make_event(), sql, caplog)
    assert "invalid username-password pair" in told or "already authenticated" in told
    assert "wrong@" not in told


def test_rediss_with_the_authoritys_file_speaks_tls(
    desk_at, tls_port, ca_file, book, make_user, make_event
):
    desk = desk_at(f"rediss://127.0.0.1:{tls_port}/0?ssl_ca_certs={ca_file}", 1000)
    assert sells_with_tokens(desk, book, make_user(), make_event())


def test_a_certificate_of_an_unknown_authority_is_not_believed(
    desk_at, tls_port, book, make_user, make_event, sql, caplog
):
    desk = desk_at(f"rediss://127.0.0.1:{tls_port}/0", 1000)
    told = books_without_redis(desk, book, make_user(), make_event(), sql, caplog)
    assert "certificate verify failed" in told.lower()
