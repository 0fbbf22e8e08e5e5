"""The OpenAPI document names every call, as it is."""

import re

import pytest


@pytest.fixture
def document(client):
    answer = client.get("/api/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return answer.json


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def sample_of(path, operation):
    """A call's sample as Swagger UI sends it when nobody changes it."""
    for parameter in operation["parameters"]:
        if "example" in parameter:
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return path, {} if content is None else {"json": content["example"]}


@pytest.mark.long
def test_the_unchanged_sample_of_every_call_does_something_in_a_demo(document, open_app, admin):
    client = open_app.test_client()
    assert client.post("/api/admin/seed_demo_data", headers=admin).status_code == 201
    calls = sorted(operations(document), key=lambda call: call[1] == "delete")
    for path, method, operation in calls:
        address, facts = sample_of(path, operation)
        assert "{" not in address
        if operation["operationId"] == "setImage":
            continue  # a file is chosen
        answer = client.open(address, method=method.upper(), headers=admin, **facts)
        # Its event has just been deleted.
        done = {404} if operation["operationId"] == "removeImage" else {200, 201, 204}
        assert answer.status_code in done, (operation["operationId"], answer.text)


def test_the_document_is_openapi_3_1_below_api(document):
    assert re.fullmatch(r"3\.1\.\d", document["openapi"])
    assert all(path.startswith("/api/") for path in document["paths"])


def test_every_route_of_the_api_is_in_the_document(document, app):
    routed = {
        (re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and rule.endpoint != "openapi"
    }
    documented = {(path, method) for path, method, _operation in operations(document)}
    assert documented == routed


def test_the_contracts_calls_are_all_there(document):
    calls = """GET /health|GET /ready|POST /users|GET /events|GET /events/{event_id}
        |POST /bookings|GET /bookings/{booking_id}|DELETE /bookings/{booking_id}
        |GET /users/{user_id}/bookings|POST /admin/events|PUT /admin/events/{event_id}
        |DELETE /admin/events/{event_id}|GET /admin/events/{event_id}/bookings|GET /admin/users
        |GET /admin/analytics|POST /admin/seed_demo_data"""
    for call in calls.split("|"):
        method, path = call.split()
        assert method.lower() in document["paths"][f"/api{path}"]


def test_every_operation_has_a_name_and_a_summary_of_its_own(document):
    found = [operation for _path, _method, operation in operations(document)]
    for fact in ("operationId", "summary"):
        told = [operation[fact] for operation in found]
        assert all(told)
        assert len(set(told)) == len(told)


def test_every_reference_leads_somewhere(document):
    for reference in set(re.findall(r"'\$ref': '#/([^']+)'", str(document))):
        found = document
        for part in reference.split("/"):
            found = found[part]


def test_errors_are_said_to_be_problems(document):
    for path, _method, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and path != "/api/ready":
                assert list(answer["content"]) == ["application/problem+json"]


def test_every_call_may_be_refused_as_a_bad_request_and_be_away(document):
    for _path, _method, operation in operations(document):
        assert {"400", "503"} <= operation["responses"].keys()


def test_a_problem_may_carry_more_than_all_problems_have(document):
    assert document["components"]["schemas"]["ProblemOut"]["additionalProperties"] is True


def test_a_change_of_an_event_promises_no_defaults_and_needs_no_body(document):
    change = document["components"]["schemas"]["EventChange"]
    assert not [name for name, field in change["properties"].items() if "default" in field]
    assert {"type": "null"} not in change["properties"]["start_at"].get("anyOf", [])
    body = document["paths"]["/api/admin/events/{event_id}"]["put"]["requestBody"]
    assert body["required"] is False
    assert document["paths"]["/api/bookings"]["post"]["requestBody"]["required"] is True


def test_what_a_password_a_search_a_cursor_and_a_key_hold_is_said(document):
    assert (
        document["components"]["schemas"]["UserIn"]["properties"]["password"]["anyOf"][0][
            "minLength"
        ]
        == 8
    )
    listing = document["paths"]["/api/events"]["get"]["parameters"]
    booking = document["paths"]["/api/bookings"]["post"]["parameters"]
    patterns = {p["name"]: str(p["schema"]) for p in listing + booking}
    for name in ("q", "after", "Idempotency-Key"):
        assert "'pattern'" in patterns[name]


def test_links_lead_to_calls_that_there_are(document):
    found = {operation["operationId"]: operation for _p, _m, operation in operations(document)}
    links = [
        link
        for operation in found.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) >= 7
    for link in links:
        names = {p["name"] for p in found[link["operationId"]]["parameters"]}
        assert link["parameters"].keys() <= names


@pytest.mark.parametrize("path", ["/api/openapi.json", "/openapi.json"])
def test_the_document_is_where_the_contract_puts_it(client, path):
    assert client.get(path).json["openapi"].startswith("3.1")


def test_the_documentation_page_loads_nothing_from_elsewhere(client):
    page = client.get("/docs", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_the_documentation_page_follows_the_browsers_light_and_dark(client):
    page = client.get("/docs", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert '<meta name="color-scheme" content="light dark">' in page
    assert re.search(r'swagger-ui.css">\s*<link rel="stylesheet" href="/static/css/docs.css', page)
    with client.get("/static/js/docs.js") as answer:
        script = answer.get_data(as_text=True)
    assert 'matchMedia("(prefers-color-scheme: dark)")' in script
