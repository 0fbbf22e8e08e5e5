"""Line 4: whoever guesses is stopped at the eleventh try, wherever they say they are."""

import statistics
import time

import pytest

from app.errors import WrongCredentials
from app.services import accounts
from tests.web.conftest import HTML, PASSWORD, Visitor

DOORS = {
    "/sign-in": {"email": "alice@example.com", "password": "wrong password"},
    "/admin/login": {"key": "no key of ours"},
}
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def without_redis(make_app, clean):
    """Makes an application whose Redis is away: its limits count in memory."""
    return lambda **changes: make_app(redis_url=NOWHERE, **changes)


def tries(visitor, door, times, **options):
    return [visitor.post(door, DOORS[door], **options).status_code for _ in range(times)]


@pytest.mark.parametrize("door", DOORS)
def test_line_04_the_eleventh_failure_in_a_minute_is_refused(visitor, alice, door):
    assert tries(visitor, door, 11) == [422] * 10 + [429]
    answer = visitor.post(door, DOORS[door])
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert "Too many tries" in answer.text


@pytest.mark.parametrize("door", DOORS)
def test_line_04_the_right_password_does_not_open_after_that_either(visitor, alice, settings, door):
    tries(visitor, door, 10)
    visitor_in = visitor.sign_in(alice.email) if door == "/sign-in" else None
    answer = visitor_in or visitor.log_in(settings.admin_key[0])
    assert answer.status_code == 429


@pytest.mark.parametrize("door", DOORS)
def test_line_04_the_eleventh_failure_is_refused_without_redis_as_well(without_redis, alice, door):
    assert tries(Visitor(without_redis()), door, 11) == [422] * 10 + [429]


def from_many_addresses(visitor, door, times):
    return [
        visitor.post(
            door, DOORS[door], environ_overrides={"REMOTE_ADDR": f"192.0.2.{n}"}
        ).status_code
        for n in range(times)
    ]


@pytest.mark.parametrize("door", DOORS)
def test_line_04_all_addresses_together_are_limited_too(make_app, clean, alice, door):
    visitor = Visitor(make_app(limit_sign_in_everyone="12 per minute"))
    assert from_many_addresses(visitor, door, 14) == [422] * 12 + [429] * 2


@pytest.mark.parametrize("door", DOORS)
def test_line_04_all_addresses_together_are_limited_without_redis_as_well(
    without_redis, alice, door
):
    visitor = Visitor(without_redis(limit_sign_in_everyone="12 per minute"))
    assert from_many_addresses(visitor, door, 14) == [422] * 12 + [429] * 2


def test_line_04_three_hundred_a_minute_is_the_limit_of_all(settings):
    assert settings.limit_sign_in == "10 per minute"
    assert settings.limit_sign_in_everyone == "300 per minute"


@pytest.mark.parametrize(
    ("door", "name"),
    [
        ("/sign-in", "X-Forwarded-For"),
        ("/admin/login", "X-Forwarded-For"),
        ("/admin/login", "X-Real-IP"),
        ("/admin/login", "Forwarded"),
        ("/admin/login", "True-Client-IP"),
    ],
)
def test_line_04_a_forged_address_does_not_help_where_no_proxy_stands(visitor, alice, door, name):
    statuses = [
        visitor.post(door, DOORS[door], headers={**HTML, name: f"10.0.0.{number}"}).status_code
        for number in range(11)
    ]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize("claimed", ["1.2.3.4, ", '"', '"a, ', '1.2.3.4, "b', '"\\", ', ", , "])
def test_line_04_whatever_a_visitor_claims_a_proxy_is_believed_about_the_address(
    make_app, clean, claimed
):
    visitor = Visitor(make_app(proxy_hops=1))

    def try_a_key(claimed):
        # The proxy adds the true address after it.
        headers = {**HTML, "X-Forwarded-For": f"{claimed}, 192.0.2.7"}
        return visitor.post("/admin/login", {"key": "no key"}, headers=headers).status_code

    assert [try_a_key(f"{number}{claimed}") for number in range(10)] == [422] * 10
    assert try_a_key("192.0.2.9") == 429


def test_line_04_an_unknown_user_and_a_wrong_password_look_the_same(visitor, alice, make_user):
    make_user("nopassword@example.com")
    answers = [
        (email, visitor.sign_in(email, "wrong password"))
        for email in (alice.email, "nobody@example.com", "nopassword@example.com")
    ]
    token = 'name="csrf_token"'
    pages = {
        "\n".join(line.replace(email, "") for line in answer.text.splitlines() if token not in line)
        for email, answer in answers
    }
    assert len(pages) == 1
    varying = {"Set-Cookie", "X-Request-Id", "Content-Length", "X-RateLimit-Remaining"}
    varying |= {"X-RateLimit-Reset", "Retry-After"}
    headers = {
        tuple((name, value) for name, value in answer.headers if name not in varying)
        for _, answer in answers
    }
    assert len(headers) == 1
    assert {answer.status_code for _, answer in answers} == {422}


def seconds(email):
    began = time.process_time()
    with pytest.raises(WrongCredentials):
        accounts.authenticate(email, "wrong password")
    return time.process_time() - began


def test_line_04_an_unknown_user_and_a_wrong_password_take_the_same(app, alice, make_user):
    """By the medians of the processor time of tries in turn, generously: an unknown user who cost
    no hash would take a tenth of it."""
    make_user("nopassword@example.com")
    emails = (alice.email, "nobody@example.com", "nopassword@example.com")
    with app.app_context():
        for email in emails:
            seconds(email)
        rounds = [[seconds(email) for email in emails] for _ in range(9)]
    medians = [statistics.median(times) for times in zip(*rounds, strict=True)]
    assert max(medians) < 1.6 * min(medians), medians


def test_line_04_passwords_are_kept_by_argon2id_as_owasp_asks_and_in_one_thread(alice, sql):
    ((kept,),) = sql("SELECT password_hash FROM users")
    _, kind, version, parameters, salt, _hash = kept.split("$")
    found = dict(part.split("=") for part in parameters.split(","))
    assert (kind, version) == ("argon2id", "v=19")
    # OWASP's Password Storage Cheat Sheet: 19 MiB and two passes at least in one lane, which is
    # one thread; a hash of four would take all processors from the bookings. 128 bits of salt.
    assert int(found["m"]) >= 19_456
    assert int(found["t"]) >= 2
    assert found["p"] == "1"
    assert len(salt) >= 22
    assert PASSWORD not in kept
