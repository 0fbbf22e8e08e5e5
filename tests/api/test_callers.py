"""Who may call: the organiser by key, a user by token, and in the demo anybody on loopback."""

import secrets

import pytest

KEY, NEXT_KEY = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
ADMIN_CALLS = [
    ("POST", "/admin/events"),
    ("PUT", "/admin/events/1"),
    ("DELETE", "/admin/events/1"),
    ("GET", "/admin/events/1/bookings"),
    ("GET", "/admin/users"),
    ("GET", "/admin/analytics"),
    ("POST", "/admin/seed_demo_data"),
]
USER_CALLS = [
    ("POST", "/bookings"),
    ("GET", "/bookings/1"),
    ("DELETE", "/bookings/1"),
    ("GET", "/users/1/bookings"),
]
BODIES = {
    "/admin/events": {"name": "x", "start_at": "2099-01-01T00:00:00Z", "capacity": 5},
    "/admin/events/1": {"capacity": 9},
    "/bookings": {"event_id": 1, "user_id": 1},
}
WRONG_KEYS = ["", "wrong", "ключ", "\xe4\xf6", "x" * 5000, "*", "None"]


def ask(caller, method, path, **facts):
    body = {"json": BODIES[path]} if path in BODIES and method != "GET" else {}
    return caller(method, path, **{**body, **facts})


@pytest.fixture
def things(make_event, make_user, make_booking):
    """Event 1, user 1 and their booking 1."""
    return make_booking(make_event(), make_user())


@pytest.mark.parametrize(("method", "path"), ADMIN_CALLS + USER_CALLS)
def test_line_01_without_a_key_everything_but_reading_events_is_401(
    anyone, problem, things, method, path
):
    answer = ask(anyone, method, path)
    problem(answer, 401, "not-allowed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), ADMIN_CALLS)
def test_a_users_token_opens_nothing_of_the_organisers(
    as_user, problem, make_user, things, method, path
):
    problem(ask(as_user(make_user()), method, path), 401)


@pytest.mark.parametrize(("method", "path"), ADMIN_CALLS)
def test_the_open_demo_opens_nothing_of_the_organisers(trusted, problem, things, method, path):
    problem(ask(trusted, method, path), 401)


@pytest.mark.parametrize("key", WRONG_KEYS, ids=lambda key: repr(key)[:12])
def test_line_02_a_wrong_key_is_401(anyone, problem, things, key):
    headers = {"X-Admin-Key": key.encode().decode("latin-1")}
    for method, path in ADMIN_CALLS + USER_CALLS:
        problem(ask(anyone, method, path, headers=headers), 401)


def test_a_wrong_key_is_refused_though_the_demo_is_open(trusted, problem, things):
    problem(ask(trusted, "GET", "/bookings/1", headers={"X-Admin-Key": "wrong"}), 401)


def test_a_wrong_token_is_refused_though_the_demo_is_open(trusted, problem, things):
    problem(ask(trusted, "GET", "/bookings/1", headers={"Authorization": "Bearer wrong"}), 401)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer utsavam_x", "Basic dXNlcjpwYXNz", "\xe4", "utsavam_x"],
)
def test_a_wrong_token_is_401(anyone, problem, things, authorization):
    answer = ask(anyone, "GET", "/bookings/1", headers={"Authorization": authorization})
    problem(answer, 401, "not-allowed")


def test_both_keys_open_while_they_are_rotated(make_app, clean):
    client = make_app(admin_key=(KEY, NEXT_KEY)).test_client()
    for key, status in ((KEY, 200), (NEXT_KEY, 200), (f"{KEY},{NEXT_KEY}", 401)):
        answer = client.get("/api/admin/users", headers={"X-Admin-Key": key})
        assert answer.status_code == status


def test_an_app_without_a_key_lets_no_organiser_in(make_app, clean):
    client = make_app(admin_key=()).test_client()
    for key in ("", "None", "()"):
        answer = client.get("/api/admin/users", headers={"X-Admin-Key": key})
        assert answer.status_code == 401


def test_line_02_a_key_in_the_query_or_the_body_is_no_key(anyone, problem, settings, things):
    key = settings.admin_key[0]
    problem(anyone.get("/bookings/1", query_string={"X-Admin-Key": key}), 401)
    problem(anyone.get("/admin/users", query_string={"admin_key": key}), 401)
    body = {**BODIES["/bookings"], "X-Admin-Key": key}
    problem(anyone.post("/bookings", body), 401)


def test_line_06_cookies_open_nothing(client, anyone, problem, settings, things, make_token):
    from app.models import User

    token = make_token(User(id=1))["Authorization"].removeprefix("Bearer ")
    for name, value in (("X-Admin-Key", settings.admin_key[0]), ("Authorization", token)):
        client.set_cookie(name, value)
    with client.session_transaction() as session:
        session["user"] = session["admin"] = token
    for method, path in ADMIN_CALLS + USER_CALLS:
        problem(ask(anyone, method, path), 401)


def test_a_token_books_reads_lists_and_cancels_for_its_own_user(as_user, make_user, make_event):
    user, event = make_user(), make_event()
    caller = as_user(user)
    made = caller.post("/bookings", {"event_id": event.id})
    assert (made.status_code, made.json["user_id"]) == (201, user.id)
    address = made.headers["Location"]
    assert caller.get(address).status_code == 200
    assert len(caller.get(f"/users/{user.id}/bookings").json) == 1
    assert caller.delete(address).json["status"] == "CANCELLED"


def test_a_token_may_name_its_own_user(as_user, make_user, make_event):
    user = make_user()
    wish = {"event_id": make_event().id, "user_id": user.id}
    assert as_user(user).post("/bookings", wish).status_code == 201


def test_line_01_the_booking_of_another_user_is_404_and_stays_as_it_is(
    as_user, problem, make_user, things, sql
):
    stranger = as_user(make_user())
    unknown = problem(stranger.get("/bookings/999"), 404)
    for method, path in USER_CALLS[1:]:
        said = problem(ask(stranger, method, path), 404, "not-found")
        assert path.startswith("/users") or said == unknown
    problem(stranger.post("/bookings", {"event_id": 1, "user_id": things.user_id}), 404)
    assert sql("SELECT count(*) FROM bookings WHERE status = 'CONFIRMED'") == [(1,)]


def test_the_key_of_another_user_replays_nothing(as_user, make_user, make_event):
    wish = {"event_id": make_event().id, "idempotency_key": "k-1"}
    first, second = (as_user(make_user()).post("/bookings", wish) for _ in range(2))
    assert second.status_code == 201
    assert second.json["booking_id"] != first.json["booking_id"]


def test_the_open_demo_takes_a_bare_user_id_on_trust(trusted, make_user, make_event):
    user, event = make_user(), make_event()
    made = trusted.post("/bookings", {"user_id": user.id, "event_id": event.id})
    assert made.status_code == 201
    assert trusted.get(made.headers["Location"]).status_code == 200
    assert trusted.delete(made.headers["Location"]).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "", "unix:"])
def test_the_open_demo_trusts_loopback_only(trusted, problem, things, address):
    environ = {"REMOTE_ADDR": address}
    for method, path in USER_CALLS:
        problem(ask(trusted, method, path, environ_overrides=environ), 401)


def test_the_open_demo_believes_no_forwarded_address(trusted, problem, things):
    problem(
        trusted.get(
            "/bookings/1",
            headers={"X-Forwarded-For": "127.0.0.1"},
            environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
        ),
        401,
    )


def test_line_02_a_refusal_shows_no_key(anyone, settings, things):
    answer = anyone.get("/admin/users", headers={"X-Admin-Key": "wrong"})
    assert settings.admin_key[0] not in answer.get_data(as_text=True) + str(answer.headers)
