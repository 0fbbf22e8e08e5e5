"""Alive, and ready."""

from app.demo.servers import free_port


def test_the_process_is_alive(anyone):
    answer = anyone.get("/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_the_site_is_ready_when_all_parts_are_there(anyone):
    answer = anyone.get("/ready")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "database": "ok", "migrations": "ok", "redis": "ok"}


def test_without_redis_the_site_is_degraded_and_still_200(make_app, clean, prefix):
    client = make_app(redis_url=f"redis://127.0.0.1:{free_port()}/0").test_client()
    answer = client.get(f"{prefix}/ready")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["database"] == "ok"
    assert answer.json["redis"] != "ok"


def test_without_the_database_the_site_is_alive_and_not_ready(make_app, prefix):
    nowhere = "postgresql+psycopg://postgres@/utsavam?host=/nowhere"
    client = make_app(database_url=nowhere).test_client()
    answer = client.get(f"{prefix}/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.mimetype == "application/json"
    assert client.get(f"{prefix}/health").status_code == 200


def test_without_the_database_everything_else_is_503_and_says_when_to_come_again(
    make_app, admin, prefix, problem
):
    nowhere = "postgresql+psycopg://postgres@/utsavam?host=/nowhere"
    client = make_app(database_url=nowhere).test_client()
    wish = {"user_id": 1, "event_id": 1}
    answers = [
        client.get(f"{prefix}/events"),
        client.get(f"{prefix}/events/1"),
        client.post(f"{prefix}/bookings", json=wish, headers=admin),
        client.delete(f"{prefix}/bookings/1", headers=admin),
    ]
    for answer in answers:
        said = problem(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "2"
        assert "psycopg" not in str(said)
