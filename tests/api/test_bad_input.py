"""Whatever is sent, the answer is a 4xx that says what was wrong: never a 500, never a change."""

import json

import pytest

NUL, SURROGATE = "a\x00b", "\ud800"
WISH = {"name": "Kolam Morning", "start_at": "2099-01-02T06:30:00Z", "capacity": 40}


@pytest.fixture
def untouched(sql):
    """Nothing is written by any of this."""
    query = "SELECT (SELECT count(*) FROM bookings), (SELECT sum(version) FROM events)"
    before = sql(query)
    yield
    assert sql(query) == before


@pytest.fixture
def event(make_event):
    return make_event()


@pytest.fixture
def user(make_user):
    return make_user()


def named(said, field):
    return field in [error["field"] for error in said["errors"]]


SEATS = [-1, 0, 1.5, 1.0, True, False, 1e9, 1e400, 1001, 2**63, None, "2", "", [], [1], {}, "two"]


@pytest.mark.parametrize("seats", SEATS, ids=repr)
def test_line_10_seats_are_a_whole_number_in_range(
    organiser, problem, event, user, untouched, seats
):
    body = json.dumps({"user_id": user.id, "event_id": event.id, "seats": seats})
    answer = organiser.post("/bookings", data=body, content_type="application/json")
    assert named(problem(answer, 422, "invalid"), "seats")


@pytest.mark.parametrize("field", ["user_id", "event_id"])
@pytest.mark.parametrize("ident", [-1, 0, 1.5, True, 10**18, 2**63, "1", [], {}], ids=repr)
def test_line_10_ids_are_whole_numbers_in_range(
    organiser, problem, event, user, untouched, field, ident
):
    body = {"user_id": user.id, "event_id": event.id, field: ident}
    assert named(problem(organiser.post("/bookings", body), 422, "invalid"), field)


def test_an_event_to_book_is_needed(organiser, problem, user):
    said = problem(organiser.post("/bookings", {"user_id": user.id}), 422, "invalid")
    assert said["errors"][0]["field"] == "event_id"


def test_the_organiser_says_for_whom_to_book(organiser, problem, event):
    said = problem(organiser.post("/bookings", {"event_id": event.id}), 422, "invalid")
    assert said["errors"][0]["field"] == "user_id"


@pytest.mark.parametrize("key", ["", "x" * 201, "with space", "ключ", NUL, SURROGATE, 7, [], True])
def test_an_idempotency_key_is_printable_ascii(organiser, problem, event, user, untouched, key):
    body = {"user_id": user.id, "event_id": event.id, "idempotency_key": key}
    assert named(problem(organiser.post("/bookings", body), 422, "invalid"), "idempotency_key")


@pytest.mark.parametrize("key", ["", "x" * 201, "with space", "\xe4"])
def test_an_idempotency_key_of_the_header_is_printable_ascii(
    organiser, problem, event, user, untouched, key
):
    body, headers = {"user_id": user.id, "event_id": event.id}, {"Idempotency-Key": key}
    answer = organiser.post("/bookings", body, headers=headers)
    assert named(problem(answer, 422, "invalid"), "Idempotency-Key")


def test_two_keys_that_differ_are_refused(organiser, problem, event, user, untouched):
    body = {"user_id": user.id, "event_id": event.id, "idempotency_key": "k-1"}
    answer = organiser.post("/bookings", body, headers={"Idempotency-Key": "k-2"})
    assert named(problem(answer, 422, "invalid"), "idempotency_key")


@pytest.mark.parametrize(
    ("path", "body"),
    [("/bookings", {"event_id": 1}), ("/users", {"email": "a@b.in"}), ("/admin/events", WISH)],
)
def test_unknown_fields_are_refused_by_name(organiser, problem, path, body):
    answer = organiser.post(path, {**body, "is_admin": True})
    assert named(problem(answer, 422, "invalid"), "is_admin")


EVENT_FIELDS = [
    ("name", ["", "  ", "x" * 201, NUL, SURROGATE, "two\nlines", 7, None]),
    ("capacity", [-1, 0, 1.5, True, "5", None, 10_000_001, 2**63]),
    ("start_at", ["", "soon", "2099-01-02", "2099-01-02T06:30:00", 4070908800, None, True]),
    ("start_at", ["4070908800", "4070908800.5", "0", "-1", "2099-01-02T06:30:00"]),
    ("start_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]),
    ("start_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]),
    ("end_at", ["soon", 1, "2098-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"]),
    ("price_minor", [-1, 1.5, "5", None, True, 2**63]),
    ("max_per_person", [0, -1, 1.5, "5", True, 2**63]),
    ("currency", ["", "RUPEE", "inr", "XXQ", NUL, 7]),
    ("time_zone", ["", "Mars/Olympus", "../../etc/passwd", "asia/kolkata ", NUL, 7]),
    ("status", ["sold", "", None, 7]),
    ("sales_paused", [0, 1, "true", "no", None]),
    ("reminds_guests", [0, 1, "true", "no", None]),
    ("venue", ["x" * 201, NUL, SURROGATE, "two\nlines", "a\x7fb", "a\ufffe", None, 7]),
    ("description", ["x" * 20_001, NUL, SURROGATE, None, []]),
]


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in EVENT_FIELDS for value in values],
    ids=lambda value: repr(value)[:24],
)
def test_line_10_a_bad_fact_of_an_event_is_named(
    organiser, problem, event, untouched, field, value
):
    answers = [
        organiser.post("/admin/events", {**WISH, field: value}),
        organiser.put(f"/admin/events/{event.id}", {"start_at": WISH["start_at"], field: value}),
    ]
    for answer in answers:
        assert named(problem(answer, 422, "invalid"), field)


# A start and an id of 22 digits.
BEYOND_BIGINT = "MjAzMC0wMS0wMVQwMDowMDowMFp8OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ"
QUERIES = [
    ("/events", "limit", ["0", "101", "-1", "x", "", "1.5", "9" * 40]),
    ("/events", "upcoming_only", ["maybe", "2", ""]),
    ("/events", "q", ["x" * 101, "%01", "a%0Db%7F"]),
    ("/events", "after", ["rubbish", "%FF", "x" * 301, BEYOND_BIGINT]),
    ("/events", "page", ["2"]),
    ("/users/1/bookings", "limit", ["0", "101", "x"]),
    ("/users/1/bookings", "after", ["rubbish", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ"]),
    ("/admin/events/1/bookings", "status", ["confirmed", "x"]),
    ("/admin/events/1/bookings", "q", ["%01"]),
    ("/admin/users", "after", ["rubbish"]),
    ("/admin/analytics", "from", ["0", "1700006400", "2030-1-2", "2030-01-02T00:00:00"]),
    ("/admin/analytics", "to", ["", "2030-02-30", "soon"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [(path, field, value) for path, field, values in QUERIES for value in values],
    ids=lambda value: repr(value)[:24],
)
def test_a_bad_query_is_named(organiser, problem, event, user, path, field, value):
    answer = organiser.get(f"{path}?{field}={value}")
    assert named(problem(answer, 422, "invalid"), field)


@pytest.mark.parametrize("ident", ["0", "-1", "1.5", "x", "%00", "01", "1e3", str(2**63), "9" * 99])
@pytest.mark.parametrize("path", ["/events/{}", "/bookings/{}", "/users/{}/bookings"])
def test_line_10_an_address_with_an_impossible_id_is_404(organiser, problem, path, ident):
    problem(organiser.get(path.format(ident)), 404)


@pytest.mark.parametrize("path", ["/events", "/admin/users", "/admin/events/1/bookings"])
def test_a_nul_byte_in_a_search_is_a_4xx(organiser, event, path):
    answer = organiser.get(f"{path}?q=%00")
    assert (400 <= answer.status_code < 500, answer.mimetype) == (True, "application/problem+json")


@pytest.mark.parametrize("word", ["%ED%A0%80", "%FF", "%F0%9F%8E%AB"])
def test_a_search_for_any_other_bytes_breaks_nothing(organiser, event, word):
    for path in ("/events", "/admin/users", "/admin/events/1/bookings"):
        assert organiser.get(f"{path}?q={word}").status_code < 500
