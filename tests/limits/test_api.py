"""How often programs may call, and what wrong keys and tokens come to."""

import pytest

from tests.limits.conftest import HALL, JSON

WRONG = [{"X-Admin-Key": "no key of ours"}, {"Authorization": "Bearer utsavam_nobody"}]


def call(app, path, headers=(), address=HALL, **options):
    return app.test_client().open(
        path, headers=dict(headers), environ_base={"REMOTE_ADDR": address}, **options
    )


def statuses(app, path, number, headers=(), **options):
    return [call(app, path, headers, **options).status_code for _ in range(number)]


def test_who_needs_no_key_is_counted_by_address(limited):
    app = limited(limit_api_address="3 per minute")
    assert statuses(app, "/api/events", 4) == [200] * 3 + [429]
    assert call(app, "/api/events", address="198.51.100.7").status_code == 200
    assert statuses(limited(limit_api_address="off"), "/api/events", 10) == [200] * 10


def test_a_token_is_counted_by_its_user_wherever_it_calls_from(limited, make_user, make_token):
    app, user = limited(limit_api="3 per minute"), make_user()
    token, path = make_token(user), f"/api/users/{user.id}/bookings"
    answers = [call(app, path, token, f"192.0.2.{number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_keys_of_staff_are_not_counted(limited, admin):
    app = limited(limit_api="1 per minute", limit_api_address="1 per minute")
    assert statuses(app, "/api/admin/users", 5, admin) == [200] * 5


def test_health_is_asked_as_often_as_one_likes(limited):
    app = limited(limit_api_address="1 per minute")
    assert statuses(app, "/health", 5) == [200] * 5
    assert statuses(app, "/ready", 5) == [200] * 5


def test_a_page_is_no_call_of_the_api(limited):
    app = limited(limit_api_address="1 per minute")
    assert statuses(app, "/", 5, {"Accept": "text/html"}) == [200] * 5


@pytest.mark.parametrize("wrong", WRONG, ids=["key", "token"])
@pytest.mark.parametrize("path", ["/api/admin/users", "/api/bookings/1", "/api/admin/analytics"])
def test_wrong_keys_are_refused_and_then_not_answered(limited, path, wrong):
    app = limited(limit_wrong_keys="5 per minute")
    assert statuses(app, path, 6, wrong) == [401] * 5 + [429]
    assert call(app, path, wrong, "198.51.100.7").status_code == 401
    assert statuses(limited(limit_wrong_keys="off"), path, 10, wrong) == [401] * 10


@pytest.mark.parametrize("wrong", WRONG, ids=["key", "token"])
def test_wrong_keys_on_the_express_lane_are_counted_once_each(limited, make_event, wrong):
    app, wish = limited(limit_wrong_keys="5 per minute"), {"event_id": make_event().id}
    order = {"method": "POST", "json": wish}
    assert statuses(app, "/api/bookings", 6, {**JSON, **wrong}, **order) == [401] * 5 + [429]


def test_good_keys_are_never_slowed_by_wrong_ones(
    limited, admin, make_event, make_user, make_token
):
    app = limited(limit_wrong_keys="2 per minute")
    user, event = make_user(), make_event(capacity=100)
    token = make_token(user)
    assert statuses(app, "/api/admin/users", 5, WRONG[0]) == [401] * 2 + [429] * 3
    assert statuses(app, "/api/admin/users", 5, admin) == [200] * 5
    assert statuses(app, f"/api/users/{user.id}/bookings", 5, token) == [200] * 5
    wish = {"event_id": event.id, "user_id": user.id}
    for headers in (admin, token):
        made = call(app, "/api/bookings", {**JSON, **headers}, method="POST", json=wish)
        assert made.status_code == 201


def test_no_credentials_at_all_are_no_wrong_ones(limited):
    app = limited(limit_wrong_keys="1 per minute")
    assert statuses(app, "/api/admin/users", 4) == [401] * 4


@pytest.mark.parametrize("hops", [0, 1])
def test_a_forged_address_lets_nobody_try_more_keys(limited, hops):
    app = limited(limit_wrong_keys="3 per minute", proxy_hops=hops)
    answers = [
        call(app, "/api/admin/users", {**WRONG[0], "X-Forwarded-For": f"10.0.0.{n}, 192.0.2.1"})
        for n in range(4)
    ]
    assert [answer.status_code for answer in answers] == [401] * 3 + [429]


def test_a_refusal_is_a_problem_with_a_page_of_its_own(limited, client):
    answer = [call(limited(limit_wrong_keys="1 per minute"), "/api/admin/users", WRONG[0])][0]
    assert answer.status_code == 401
    app = limited(limit_api_address="1 per minute")
    call(app, "/api/events")
    problem = call(app, "/api/events")
    assert (problem.status_code, problem.mimetype) == (429, "application/problem+json")
    assert problem.headers["Cache-Control"] == "no-store"
    slug = problem.json["type"].partition("#")[2]
    assert f'id="{slug}"' in client.get("/docs/problems", headers={"Accept": "text/html"}).text


def test_the_document_names_the_refusal_of_every_call_but_health(client):
    document = client.get("/api/openapi.json").json
    told = {
        operation["operationId"]: operation["responses"].get("429")
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    assert {name for name, answer in told.items() if not answer} == {"getHealth", "getReadiness"}
    assert all("Retry-After" in answer["headers"] for answer in told.values() if answer)
