"""Headers: whose host, whose address, which representation, which caller, which key."""

import json

import pytest
from flask import request, url_for
from hypothesis import given
from hypothesis import strategies as st

from app.edge.negotiation import asks_for_page
from tests.fuzz.search import examples, quick, served
from tests.fuzz.texts import header_texts, texts
from tests.web.conftest import Visitor

HTML = {"Accept": "text/html"}
OURS = {"localhost", "127.0.0.1", "tickets.example.org"}
hosts = header_texts | st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "evil.example", "x@", "evil.example#", "evil.example/", ".", " ", "["]),
    st.sampled_from([*sorted(OURS), "LOCALHOST", "localhost.evil.example", "[::1]"]),
    st.sampled_from(
        ["", ":8000", ":", ":x", ".", "@evil.example", "/", "\\", "#", "?", " ", ":8:8"]
    ),
)


@pytest.fixture(scope="module")
def proxied(make_app):
    """By the number of proxies: an application that tells who it thinks is asking."""
    made = {}

    def behind(hops):
        if hops not in made:
            made[hops] = make_app(proxy_hops=hops, trusted_hosts=("tickets.example.org",))
            made[hops].before_request(_tell)
        return made[hops]

    return behind


def _tell():
    if "X-Tell" in request.headers:
        facts = (request.remote_addr, request.host, url_for("events.index", _external=True))
        return json.dumps(facts)
    return None


@served
@given(hosts, st.sampled_from(["/events", "/api/events", "/api/bookings"]))
def test_only_our_own_hosts_are_answered(proxied, clean, host, path):
    client = proxied(0).test_client()
    answer = client.get(path, headers={"Host": host, "X-Tell": "1"})
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert host.partition(":")[0].lower().rstrip(".") in OURS


forged = st.lists(header_texts.filter(lambda text: "," not in text), max_size=4)


@served
@given(st.integers(0, 3), forged, st.ip_addresses(v=4).map(str), header_texts)
def test_a_forged_address_is_never_believed(proxied, clean, hops, forged, true, others):
    """Each proxy adds who asked it; what stood there before is the asker's own invention."""
    told = [*forged, true, *["10.0.0.9"] * (hops - 1)] if hops else [*forged, true]
    headers = {"X-Forwarded-For": ", ".join(told), "X-Forwarded-Host": others, "X-Tell": "1"}
    for name in ("Forwarded", "X-Real-IP", "X-Forwarded-Port", "X-Forwarded-Prefix"):
        headers[name] = others
    answer = proxied(hops).test_client().get("/events", headers=headers)
    seen, host, _address = json.loads(answer.text)
    assert seen == (true if hops else "127.0.0.1")
    assert host == "localhost"


@served
@given(st.integers(0, 1), header_texts | st.sampled_from(["https", "javascript", "ftp", "HTTPS"]))
def test_addresses_that_are_sent_out_are_of_the_web(proxied, clean, hops, scheme):
    headers = {"X-Forwarded-Proto": scheme, "X-Forwarded-For": "10.0.0.9", "X-Tell": "1"}
    answer = proxied(hops).test_client().get("/events", headers=headers)
    assert json.loads(answer.text)[2].startswith(("http://localhost/", "https://localhost/"))


media = st.sampled_from(["application/json", "*/*", "text/*", "image/webp", "text/plain;q=0.3"])


@quick
@given(st.lists(media), st.lists(media), st.sampled_from(["", ";q=0.1", ";charset=utf-8", ";q=1"]))
def test_whoever_names_html_among_others_asks_for_a_page(before, after, quality):
    accept = ", ".join([*before, f"text/html{quality}", *after])
    assert asks_for_page({"HTTP_ACCEPT": accept})
    assert not asks_for_page({"HTTP_ACCEPT": ", ".join([*before, *after])})
    assert not asks_for_page({"HTTP_ACCEPT": ", ".join([*before, "text/html;q=0", *after])})


accepts = header_texts | st.text("texhml/*;q=0.19, ", max_size=40) | st.sampled_from(["text/html"])


@served
@given(accepts, st.sampled_from(["/", "/events", "/events/1/x", "/health", "/nothing"]))
def test_an_answer_is_what_its_accept_asked_for(client, clean, accept, path):
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code < 500
    page = asks_for_page({"HTTP_ACCEPT": accept}) or path in {"/", "/events/1/x"}
    if path == "/health":
        page = False
    assert answer.mimetype.endswith("html" if page else "json")


@pytest.fixture
def guest(factories, clean):
    return factories.user(email="guest@example.com", password="correct horse battery")


@served
@given(header_texts | st.text('abc=;," \\%{}[]1', max_size=60), st.booleans())
def test_no_cookie_breaks_a_page_or_opens_a_door(app, clean, cookie, named):
    name = app.config["SESSION_COOKIE_NAME"]
    headers = {**HTML, "Cookie": f"{name}={cookie}" if named else cookie}
    for path, status in (("/", 200), ("/bookings", 303), ("/admin/events", 303)):
        answer = app.test_client(use_cookies=False).get(path, headers=headers)
        assert answer.status_code == status


@examples(20)
@given(st.data())
def test_a_cookie_with_one_sign_changed_is_nobodys(app, guest, data):
    if "kept" not in vars(guest):
        browser = Visitor(app)
        browser.sign_in(guest.email)
        vars(guest)["kept"] = browser.cookie()
    cookie = vars(guest)["kept"]
    at = data.draw(st.integers(0, len(cookie.value) - 2))
    other = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda c: c != cookie.value[at]))
    changed = cookie.value[:at] + other + cookie.value[at + 1 :]
    ask = app.test_client(use_cookies=False).get
    headers = {**HTML, "Cookie": f"{cookie.key}={changed}"}
    assert ask("/bookings", headers=headers).status_code == 303
    headers = {**HTML, "Cookie": f"{cookie.key}={cookie.value}"}
    assert ask("/bookings", headers=headers).status_code == 200


@served
@given(header_texts, st.sampled_from(["X-Admin-Key", "Authorization"]), st.booleans())
def test_what_is_no_key_and_no_token_opens_nothing(client, settings, clean, text, name, near):
    secret = settings.admin_key[0]
    if near:
        text = {"X-Admin-Key": f"{secret}{text}"}.get(name, f"Bearer utsavam_{text}")
        if text.strip() == secret:
            return
    for path in ("/api/bookings/1", "/api/admin/users", "/api/users/1/bookings"):
        answer = client.get(path, headers={name: text})
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@served
@given(header_texts | st.sampled_from(['"x"', "*", 'W/"x"', '"' * 99]), st.sampled_from("MN"))
def test_no_condition_breaks_an_answer(client, factories, clean, condition, kind):
    name = {"M": "If-Match", "N": "If-None-Match"}[kind]
    factories.event()
    headers = {name: condition, "If-Modified-Since": condition, "Range": condition}
    assert client.get("/api/events/1", headers=headers).status_code in {200, 304}
    assert client.get("/static/css/site.css", headers=headers).status_code < 500


keys = (
    header_texts | st.from_regex(r"[!-~]{1,210}", fullmatch=True) | st.sampled_from(["", "k" * 201])
)


@pytest.fixture
def desk_of_one(app, factories, admin):
    """An event without end, a user, and the two ways to the desk: the fast path and Flask."""
    event, user = factories.event(capacity=1_000_000), factories.user()
    client = app.test_client()

    def book(body, kind, **headers):
        # Spelled so, the type is the same, and the order is not plain.
        types = {"express": "application/json", "flask": "application/json; charset=utf-8"}
        return client.post(
            "/api/bookings", data=body, content_type=types[kind], headers={**admin, **headers}
        )

    book.wish = {"event_id": event.id, "user_id": user.id}
    return book


@served
@given(keys, st.sampled_from(["express", "flask"]))
def test_a_key_is_refused_or_books_once(desk_of_one, sql, key, kind):
    sql("TRUNCATE bookings CASCADE")
    body = json.dumps(desk_of_one.wish)
    first, again = (desk_of_one(body, kind, **{"Idempotency-Key": key}) for _ in range(2))
    fair = 1 <= len(key.strip()) <= 200 and all("!" <= c <= "~" for c in key.strip())
    assert first.status_code == again.status_code
    if first.status_code == 201:
        assert fair
        assert first.json == again.json
        assert again.headers["Idempotency-Replayed"] == "true"
        assert sql("SELECT count(*) FROM bookings") == [(1,)]
    else:
        assert first.status_code == 422
        assert first.json["errors"][0]["field"] == "Idempotency-Key"
        assert sql("SELECT count(*) FROM bookings") == [(0,)]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 1001) | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
NAMES = st.sampled_from(["user_id", "event_id", "seats", "idempotency_key"]) | texts
bodies = (
    st.builds(json.dumps, st.dictionaries(NAMES, values, max_size=4) | values)
    | texts
    | st.binary(max_size=40)
    | st.text('{}[]":,01\\ue event_id', max_size=30)
)


@examples(75)
@given(bodies, st.dictionaries(NAMES, values, max_size=1), st.booleans())
def test_the_express_lane_and_flask_say_the_same(desk_of_one, body, change, near):
    if near:
        body = json.dumps({**desk_of_one.wish, **change})
    lane, flask = (desk_of_one(body, kind) for kind in ("express", "flask"))
    assert lane.status_code < 500
    assert (lane.status_code, lane.mimetype) == (flask.status_code, flask.mimetype)
    told = {"booking_id", "reference"}
    said = [{k: v for k, v in a.json.items() if k not in told} for a in (lane, flask)]
    assert said[0] == said[1]
