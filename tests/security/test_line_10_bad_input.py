"""Line 10: whatever a call of the API is sent, it answers a 4xx, and never a 500."""

import json
import re

import pytest

from app.models import Role
from tests.access.world import headers_of, rules_of

BAD_SEATS = ["-1", "0", "1.5", "true", "1e9", "null", '"2"']
BAD_VALUES = [*BAD_SEATS, "9223372036854775808", '"a\\u0000b"', '"\\ud800"', "[]", "{}", "1e400"]
SEATS_CALLS = ["api_bookings.create_booking", "api_bookings.change_booking"]


def calls(app, *methods):
    """`(endpoint, method, rule)` of each call of the API."""
    for endpoint, rule in rules_of(app).items():
        if rule.rule.startswith("/api/"):
            for method in sorted(rule.methods & set(methods)):
                yield endpoint, method, rule.rule


def address(rule, ids, **others):
    ids = {**ids, **others}
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found: str(ids[found[1]]), rule)


@pytest.fixture
def owner(world):
    return headers_of(world.personas[Role.OWNER])


@pytest.fixture
def send(client, owner):
    """A body as it is, said to be JSON."""

    def send(method, path, body):
        data = body if isinstance(body, bytes) else body.encode()
        answer = client.open(
            path, method=method, data=data, content_type="application/json", headers=owner
        )
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json"
        return answer.status_code

    return send


@pytest.fixture
def fields(client):
    """The fields of each call's body, by the API's own document."""
    document = client.get("/api/openapi.json").json

    def of(endpoint_path, method):
        path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", endpoint_path)
        operation = document["paths"][path][method.lower()]
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return {}
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        return document["components"]["schemas"][name]["properties"]

    return of


@pytest.mark.parametrize("seats", [*BAD_SEATS, "1001", "1e400", "[1]", '""', '"two"'])
def test_line_10_no_number_of_seats_but_a_whole_one_in_range_is_taken(app, world, send, sql, seats):
    booked = sql("SELECT id, seats, status FROM bookings ORDER BY id")
    for endpoint, method, rule in calls(app, "POST", "PATCH"):
        if endpoint not in SEATS_CALLS:
            continue
        body = f'{{"user_id": {world.ids["user_id"]}, "event_id": {world.ids["event_id"]}, '
        body = (body if method == "POST" else "{") + f'"seats": {seats}}}'
        assert send(method, address(rule, world.ids), body) == 422, endpoint
    assert sql("SELECT id, seats, status FROM bookings ORDER BY id") == booked


@pytest.mark.parametrize("seats", ["-1", "0", "1.5", "true", "1e9", "", "2 ", "９", "9" * 30])
def test_line_10_nor_by_the_form(signed_in, make_event, sql, seats):
    event = make_event()
    form = {"seats": seats, "idempotency_key": "k" * 10}
    status = signed_in.post(f"/events/{event.id}/bookings", form).status_code
    # As a browser's form sends it, "2 " is the number two, and so is a nine of any script.
    assert status == 422 or (seats in {"2 ", "９"} and status in {303, 409, 422})
    assert sql("SELECT coalesce(sum(seats), 0) FROM bookings")[0][0] in {0, 2}


def test_line_10_any_field_of_any_call_with_any_value_is_never_a_500(app, world, send, fields):
    sent = 0
    for endpoint, method, rule in calls(app, "POST", "PUT", "PATCH"):
        for name in fields(rule, method):
            for value in BAD_VALUES:
                sent += 1
                status = send(method, address(rule, world.ids), f'{{"{name}": {value}}}')
                assert status < 500, (endpoint, name, value)
    assert sent > 300


NO_JSON = [
    b"",
    b"{",
    b"[1]",
    b"null",
    b'"x"',
    b"{'a': 1}",
    b"\xff\xfe",
    b"{}{}",
    b"\x00",
    b"[" * 9999,
]


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: repr(body[:9]))
def test_line_10_what_is_no_json_object_is_a_4xx_at_every_call(app, world, send, fields, body):
    for endpoint, method, rule in calls(app, "POST", "PUT", "PATCH"):
        if fields(rule, method):
            status = send(method, address(rule, world.ids), body)
            whole = {
                *("api_admin_operations.reconcile_some", "api_admin_events.update_event"),
                *("api_admin_holds.change_hold", "api_admin_bookings.change_guest"),
                *("api_gifts.give_seat", "api_admin_ticket_types.change_type"),
                *("api_admin_vouchers.add_voucher", "api_admin_vouchers.change_voucher"),
                "api_waiting_rooms.change_settings",
            }
            # Nothing at all is an empty object: it asks for no change, for the beginning, or for
            # the last seat.
            assert 400 <= status < 500 or (body == b"" and endpoint in whole), endpoint


def test_line_10_a_body_over_64_kib_is_413_at_every_call(app, world, send, fields):
    body = json.dumps({"name": "x" * (64 * 1024)})
    for endpoint, method, rule in calls(app, "POST", "PUT", "PATCH"):
        if fields(rule, method):
            assert send(method, address(rule, world.ids), body) == 413, endpoint


IDS = ["0", "-1", str(2**63), str(2**63 - 1), "9" * 99, "1.5", "%00", "x%00", "%ED%A0%80", "1e3"]


@pytest.mark.parametrize("ident", IDS)
def test_line_10_no_id_in_any_address_is_a_500(app, world, client, owner, ident):
    asked = 0
    for endpoint, method, rule in calls(app, "GET", "POST", "PUT", "PATCH", "DELETE"):
        for name in re.findall(r"<id:(\w+)>", rule):
            path = address(rule, world.ids, **{name: ident})
            answer = client.open(path, method=method, json={"seats": 1}, headers=owner)
            asked += 1
            assert 400 <= answer.status_code < 500, (endpoint, name)
    assert asked >= 13


IN_EACH_RUN = ["%00", "%ED%A0%80", str(2**63), "-1"]
OTHERS = [pytest.param(value, marks=pytest.mark.whole) for value in ("1.5", "null", "true", "%FF")]


@pytest.mark.parametrize("value", [*IN_EACH_RUN, *OTHERS])
def test_line_10_no_query_of_any_call_is_a_500(app, world, client, owner, value):
    names = ("limit", "after", "q", "status", "from", "to", "event_id", "past", "force", "x")
    query = "&".join(f"{name}={value}" for name in names)
    for endpoint, method, rule in calls(app, "GET", "DELETE"):
        for asked in (query, *(f"{name}={value}" for name in names)):
            path = f"{address(rule, world.ids)}?{asked}"
            status = client.open(path, method=method, headers=owner).status_code
            assert status < 500, (endpoint, asked)


@pytest.mark.parametrize("path", ["/?q=%00", "/events/1/%00", "/?after=%00", "/?when=%00"])
def test_line_10_a_nul_byte_in_the_address_of_a_page_breaks_nothing(visitor, make_event, path):
    make_event()
    assert visitor.get(path, follow_redirects=True).status_code in {200, 400, 404}


def test_line_10_a_nul_byte_in_a_form_is_a_bad_request(visitor, clean):
    wish = {"email": "a\x00b@example.com", "password": "long enough"}
    assert visitor.post("/sign-in", wish).status_code == 400
