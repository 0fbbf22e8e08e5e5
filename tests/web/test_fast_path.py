"""A plain booking form is answered without Flask's request, and exactly as the view answers it."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from app.edge import request_ids
from app.models.columns import now
from app.web.fast_path import PageFastPath
from tests.web.conftest import HTML, HTMX

ORIGIN = {"Origin": "http://localhost"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OWN = re.compile(r'(name="(?:idempotency_key|csrf_token)"[^>]* value=")[^"]*')
COOKIE = re.compile(r"^([^=]+)=[^;]*|(Expires)=[^;]*")
"""A cookie's value, and when it ends: the answers may be a second apart."""
KEY = "a-key-of-one-page"


@pytest.fixture
def lanes(app, monkeypatch):
    """Send a form by the fast path and by the view; both answers, and what the path said itself."""
    monkeypatch.setattr(request_ids, "new_id", lambda: "one-name")
    answer = PageFastPath._answer

    def send(event, fields, headers=HTML, keys=(KEY, KEY[::-1]), path=None, **options):
        answers, said = [], []

        def note(lane, environ):
            said.append(answer(lane, environ))
            return said[-1]

        for key, is_fast in zip(keys, (True, False), strict=True):
            with monkeypatch.context() as patch:
                patch.setattr(PageFastPath, "_answer", note)
                if not is_fast:
                    patch.setattr(PageFastPath, "_is_plain", lambda *_: False)
                body = fields if isinstance(fields, bytes) else _body(fields, key)
                answers.append(
                    app.test_client(use_cookies=False).post(
                        path or f"/events/{event.id}/bookings",
                        data=body,
                        headers={**FORM, **ORIGIN, **headers},
                        **options,
                    )
                )
        return [_told(one) for one in answers], said

    return send


@pytest.fixture
def cookie(signed_in):
    """The headers of a browser that is signed in, and its form's token."""
    token = signed_in.csrf_token()
    found = signed_in.cookie()
    return {**HTML, "Cookie": f"{found.key}={found.value}"}, token


GUEST = {"seats": "2", "name": "లక్ష్మి", "email": "lakshmi@example.com"}


@pytest.mark.parametrize("htmx", [False, True])
def test_who_is_signed_in_is_led_to_their_ticket(lanes, cookie, alice, make_event, sql, htmx):
    headers, token = cookie
    headers = headers | (HTMX if htmx else {})
    answers, said = lanes(make_event(), {"csrf_token": token, "seats": "2"}, headers)
    ids = [row[0] for row in sql("SELECT id FROM bookings WHERE seats = 2 ORDER BY id")]
    fast, slow = [
        _without(one, f"/bookings/{booking}") for one, booking in zip(answers, ids, strict=True)
    ]
    assert fast == slow
    assert fast[0] == (204 if htmx else 303)
    assert ("HX-Redirect" if htmx else "Location", "ticket?new=1") in fast[2]
    assert said[0] is not None
    assert sql("SELECT DISTINCT user_id FROM bookings") == [(alice.id,)]


@pytest.mark.parametrize("htmx", [False, True])
def test_a_guest_is_led_to_a_secret_address_which_the_browser_keeps(
    app, lanes, make_event, htmx, sql
):
    headers = HTMX if htmx else HTML
    answers, said = lanes(make_event(), GUEST, headers)
    places = [dict(one[2])["HX-Redirect" if htmx else "Location"] for one in answers]
    fast, slow = [
        _without(one, place.partition("?")[0]) for one, place in zip(answers, places, strict=True)
    ]
    assert fast == slow
    assert said[0] is not None
    assert sql("SELECT name, email FROM users") == [(GUEST["name"], GUEST["email"])]
    browser = app.test_client()
    name, value = dict(said[0].headers)["Set-Cookie"].partition(";")[0].split("=", 1)
    browser.set_cookie(name, value)
    assert places[0].partition("?")[0] in browser.get("/tickets", headers=HTML).text


def test_a_browser_that_has_tickets_keeps_them_beside_the_new_one(app, make_event):
    event, browser = make_event(), app.test_client()
    for number in range(2):
        browser.post(
            f"/events/{event.id}/bookings",
            data=_body(GUEST, f"key-{number}-of-it"),
            headers={**FORM, **ORIGIN, **HTML},
        )
    assert browser.get("/tickets", headers=HTML).text.count('href="/tickets/') >= 2


def test_a_form_that_is_sent_twice_books_once(lanes, cookie, make_event, sql):
    headers, token = cookie
    event, fields = make_event(), {"csrf_token": token, "seats": "1"}
    first, _ = lanes(event, fields, headers, keys=(KEY, KEY))
    again, _ = lanes(event, fields, headers, keys=(KEY, KEY))
    assert first[0] == first[1] == again[0] == again[1]
    assert len(sql("SELECT id FROM bookings")) == 1
    other, _ = lanes(event, fields | {"seats": "3"}, headers, keys=(KEY, KEY))
    assert other[0] == other[1]
    assert other[0][0] == 422


def test_every_refusal_is_told_as_the_view_tells_it(lanes, cookie, make_event):
    headers, token = cookie
    for status, event, seats in [
        (409, make_event(capacity=3), "4"),
        (409, make_event(sales_close_at=now() - timedelta(days=1)), "1"),
        (409, make_event(capacity=30, max_per_person=2), "3"),
    ]:
        for extra in ({}, HTMX):
            told, _ = lanes(event, {"csrf_token": token, "seats": seats}, headers | extra)
            assert told[0] == told[1]
            assert told[0][0] == status


def test_a_refused_booking_is_tried_once_and_told_by_the_view(
    app, lanes, cookie, make_event, monkeypatch
):
    headers, token = cookie
    tries, book = [], app.extensions["desk"].book
    monkeypatch.setattr(
        app.extensions["desk"], "book", lambda order: tries.append(order) or book(order)
    )
    lanes(make_event(capacity=1), {"csrf_token": token, "seats": "2"}, headers)
    assert len(tries) == 2  # once by each of the two ways


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (422, {"seats": "0"}),
        (422, {"seats": "two"}),
        (422, {"seats": "1001"}),
        (422, {"seats": "2", "name": ""}),
        (422, {"seats": "2", "name": "\u200b"}),
        (422, {"seats": "2", "email": "no address"}),
        (400, {"seats": "2", "name": "a\x00b"}),
        (422, b"idempotency_key=short&seats=1&name=A&email=a%40example.com"),
        (422, b"seats=1&name=A&email=a%40example.com"),
        (422, b"name=%ff"),
        (422, b"name=\xff\xfe"),
        (422, b""),
        (413, b"name=" + b"x" * 70_000),
    ],
)
def test_bad_input_is_left_to_the_view(lanes, make_event, sql, status, fields, clean):
    fields = fields if isinstance(fields, bytes) else GUEST | fields
    (fast, slow), said = lanes(make_event(), fields)
    assert fast == slow
    assert fast[0] == status
    assert said in ([], [None])
    assert sql("SELECT id FROM bookings") == []


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "", "Referer": "http://localhost/events/1/x"}, True),
        ({"Origin": "", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://elsewhere.example"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
    ],
)
def test_a_guests_form_without_a_token_is_taken_from_our_pages_alone(
    lanes, make_event, sql, headers, is_taken
):
    answers, said = lanes(make_event(), GUEST, HTML | headers)
    places = [dict(one[2]).get("Location", "") for one in answers]
    assert [place.startswith("/tickets/") for place in places] == [is_taken] * 2
    assert (said[0] is not None) is is_taken
    assert len(sql("SELECT id FROM bookings")) == 2 * is_taken


def test_the_token_of_another_session_books_nothing(lanes, cookie, new_visitor, make_event, sql):
    headers, _token = cookie
    other = new_visitor().csrf_token()
    for token in (other, "", "x.y.z"):
        (fast, slow), said = lanes(make_event(), {"csrf_token": token, "seats": "1"}, headers)
        assert fast == slow
        assert said == [None]
    assert sql("SELECT id FROM bookings") == []


def test_who_was_signed_out_elsewhere_books_nothing(lanes, cookie, signed_in, make_event, sql):
    headers, token = cookie
    signed_in.post("/sign-out")
    (fast, slow), said = lanes(make_event(), {"csrf_token": token, "seats": "1"}, headers)
    assert fast == slow
    assert fast[0] == 422
    assert said == [None]
    assert sql("SELECT id FROM bookings") == []


@pytest.mark.parametrize(
    ("status", "path", "headers"),
    [
        (404, "/events/0/bookings", {}),
        (404, "/events/9999999999999999999/bookings", {}),
        (404, "/events/99999999/bookings", {}),
        (400, "/events/1/bookings", {"Host": "elsewhere.example"}),
    ],
)
def test_addresses_and_hosts_that_are_not_ours_are_refused(lanes, status, path, headers):
    (fast, slow), _ = lanes(None, GUEST, HTML | headers, path=path)
    assert fast == slow
    assert fast[0] == status


def test_an_unforeseen_error_is_our_fault(app, lanes, cookie, make_event, monkeypatch):
    def break_down(_order):
        raise ZeroDivisionError

    monkeypatch.setattr(app.extensions["desk"], "book", break_down)
    headers, token = cookie
    (fast, slow), _ = lanes(make_event(), {"csrf_token": token, "seats": "1"}, headers)
    assert fast == slow
    assert fast[0] == 500


def _body(fields, key):
    return urlencode({"idempotency_key": key, **fields}).encode()


def _told(answer):
    headers = [
        (name, COOKIE.sub(r"\1\2", value) if name == "Set-Cookie" else value)
        for name, value in sorted(answer.headers)
    ]
    return answer.status_code, OWN.sub(r"\1", answer.text), headers


def _without(told, address):
    """The answer with the ticket's own address left out."""
    status, text, headers = told
    kept = [
        (name, value.replace(address, "ticket"))
        for name, value in headers
        if name != "Content-Length"
    ]
    return status, text.replace(address, "ticket"), kept


def test_ticket_types_are_booked_by_the_fast_path_too(lanes, make_event, factories, sql):
    event = make_event()
    types = factories.ticket_types(event, {"name": "VIP"})
    asked = {f"items-{kind.id}": "1" for kind in types.values()}
    answers, said = lanes(event, {"name": "Asha", "email": "asha@example.com", **asked})
    assert [one[0] for one in answers] == [303, 303]
    assert said[0] is not None
    assert sql("SELECT count(*), count(DISTINCT order_reference) FROM bookings") == [(4, 2)]


def test_what_a_ticket_type_refuses_is_told_by_the_view(lanes, make_event, factories):
    event = make_event()
    vip = factories.ticket_types(event, {"name": "VIP", "quota": 1})["VIP"]
    asked = {"name": "Asha", "email": "asha@example.com", f"items-{vip.id}": "2"}
    (fast, slow), said = lanes(event, asked)
    assert fast == slow
    assert fast[0] == 409
    assert said[0] is None
