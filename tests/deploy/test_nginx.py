"""The site behind its proxy, as docker-compose.yml has it, but for the containers."""

import json
import secrets
import signal

import httpx
import pytest

from tests.deploy.proxies import HOST
from tests.deploy.rooms import check_the_room_is_told_from_a_file
from tests.faults.buyers import Buyers, check_history
from tests.support.own_pages import PEOPLE, Crowd, cookie_name
from tests.support.servers import wait_until
from tests.support.sums import assert_seats_add_up
from tools.vendored import ROOT

ADDRESS = {"Host": HOST}
PAGE = {**ADDRESS, "Accept": "text/html"}
UNANSWERED = {503}
"""What the proxy says when nobody answers it: nothing is known then, and the key asks again."""


class Behind(Buyers):
    """Buyers whose program has a key, and names the host."""

    headers, stays = None, True

    def _ask(self, method, path, **facts):
        return super()._ask(method, path, headers=self.headers, **facts)


@pytest.fixture
def behind(town, clean, make_event, make_user):
    """Buyers at the proxy, and their event."""
    buyers = Behind(town.url, make_event(capacity=1_000_000).id, [make_user().id for _ in range(8)])
    buyers.headers = town.admin
    return buyers


@pytest.mark.whole
def test_bookings_come_through_by_both_sites_and_the_seats_add_up(town, behind, sql):
    with behind:
        behind.wait_for_bookings(100)
    check_history(behind, sql)
    assert_seats_add_up(sql)
    assert set(behind.statuses) == {201}


def check_that_nothing_was_lost(behind, sql):
    check_history(behind, sql)
    assert_seats_add_up(sql)
    assert set(behind.statuses) <= {201, *UNANSWERED}
    print(f"{behind.statuses[503]} of {behind.statuses.total()} had to be sent again")
    assert behind.statuses[503] < 0.02 * behind.statuses.total()
    assert not behind.unknown


@pytest.mark.whole
def test_a_site_that_is_stopped_under_load_loses_no_booking_that_was_answered(town, behind, sql):
    site = town.sites[0]
    with behind:
        behind.wait_for_bookings(50)
        site.signal(signal.SIGTERM)
        behind.wait_for_bookings(200)
    check_that_nothing_was_lost(behind, sql)
    site.signal(signal.SIGQUIT)
    site.wait(15)
    site.__enter__()


@pytest.mark.whole
def test_sites_are_replaced_one_after_the_other_under_load(town, behind, sql):
    """A rolling update. gunicorn ends when the proxy has let go of its idle connections: after ten
    seconds at most."""
    with behind:
        for site in town.sites:
            behind.wait_for_bookings(50)
            site.signal(signal.SIGTERM)
            site.wait(15)
            behind.wait_for_bookings(50)
            site.__enter__()
        behind.wait_for_bookings(50)
    check_that_nothing_was_lost(behind, sql)


def fail_to_sign_in(browser):
    browser.get("/sign-in")
    return browser.post("/sign-in", {"email": "nobody@example.com", "password": "wrong one"})


def test_each_visitor_is_told_apart_and_no_claim_of_theirs_is_believed(make_browser, redis):
    claims = [{"X-Forwarded-For": f"10.9.8.{n}"} for n in range(11)]
    answers = [fail_to_sign_in(make_browser("127.0.0.1", **c)).status_code for c in claims]
    assert 429 not in answers[:10]
    assert answers[10] == 429, "ten a minute, whatever they claim"
    assert fail_to_sign_in(make_browser("127.0.0.2")).status_code == answers[0]


@pytest.mark.parametrize(
    "claim",
    [
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "proto=https;host=evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Prefix": "/evil"},
    ],
)
def test_nobody_claims_another_scheme_host_or_place(town, clean, claim):
    answer = httpx.get(f"{town.url}/", headers={**PAGE, **claim})
    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer.headers
    assert "evil" not in answer.text


def test_a_host_that_is_not_ours_is_refused_and_health_is_told_to_all(town):
    assert httpx.get(town.url, headers={"Host": "evil.example"}).status_code == 400
    for path in ("/health", "/ready"):
        assert httpx.get(town.url + path, headers={"Host": "10.1.2.3"}).status_code == 200


def test_the_address_of_a_ticket_or_a_gift_stands_in_no_log(town, clean, folder):
    secret = "7" * 12 + "x" * 22
    for path in (f"/tickets/{secret}?new=1", f"/tickets/{secret}/calendar.ics"):
        httpx.get(town.url + path, headers=PAGE)
    for path in (f"/gifts/7-{secret}", "/?q=dance"):
        httpx.get(town.url + path, headers=PAGE)
    logs = folder / "town" / "nginx"
    wait_until(lambda: "/?q=dance" in (logs / "access.log").read_text())
    logged = (logs / "access.log").read_text() + (logs / "error.log").read_text()
    assert logged.count('"GET /tickets/- HTTP/1.1" 404') == 2
    assert '"GET /gifts/- HTTP/1.1" 404' in logged
    assert "7" * 12 not in logged


def test_the_address_of_a_sign_in_link_stands_in_no_log(town, clean, folder):
    httpx.get(f"{town.url}/sign-in/links/{'7' * 43}", headers=PAGE)
    logs = folder / "town" / "nginx"
    wait_until(lambda: "/sign-in/links/- HTTP" in (logs / "access.log").read_text())
    assert "7" * 12 not in (logs / "access.log").read_text() + (logs / "error.log").read_text()


def test_a_waiting_room_is_told_from_a_file(app, town, clean, folder, make_event):
    def ask(path, **headers):
        return httpx.get(town.url + path, headers={**ADDRESS, **headers})

    check_the_room_is_told_from_a_file(app, ask, folder / "town", make_event().id)


def test_pages_are_sent_small_and_with_their_headers(town, clean):
    answer = httpx.get(town.url, headers={**PAGE, "Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Server"] == "nginx"


@pytest.mark.parametrize(
    ("size", "status"), [(4_900_000, 303), (5_600_000, 413), (17_000_000, 413)]
)
def test_a_picture_as_large_as_the_site_takes_comes_through(
    town, make_browser, make_event, size, status
):
    event = make_event()
    browser = make_browser()
    browser.get("/admin/login")
    assert browser.post("/admin/login", {"key": town.admin["X-Admin-Key"]}).status_code == 303
    browser.get(f"/admin/events/{event.id}/edit")
    file = {"image": ("stage.jpg", picture(size), "image/jpeg")}
    answer = browser.post(f"/admin/events/{event.id}/image", files=file)
    assert answer.status_code == status, answer.text


def picture(size):
    """A JPEG of so many bytes, most of which are a comment."""
    from io import BytesIO

    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (1200, 800), "teal").save(made, "JPEG")
    plain = made.getvalue()
    comments = b""
    while len(plain) + len(comments) < size - 65_537:
        comments += b"\xff\xfe\xff\xff" + secrets.token_bytes(65_533)
    return plain[:2] + comments + plain[2:]


def test_a_body_far_too_large_is_refused_at_the_door(town):
    body = json.dumps({"name": "x" * 400_000})
    answer = httpx.post(f"{town.url}/api/users", content=body, headers=town.admin)
    assert answer.status_code == 413


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
def test_files_come_in_the_encoding_that_each_browser_wants(town, encoding):
    """The proxy keeps files, and must not give one browser what another one asked for."""
    style = f"{town.url}/static/css/site.css?v=1"
    for _ in range(2):
        answer = httpx.get(style, headers={**ADDRESS, "Accept-Encoding": encoding})
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert answer.text == (ROOT / "static/css/site.css").read_text()
    known = {"If-None-Match": answer.headers["ETag"], "Accept-Encoding": encoding}
    assert httpx.get(style, headers={**ADDRESS, **known}).status_code == 304


def test_sixty_people_behind_the_proxy_see_each_their_own(
    app, town, clean, make_event, make_user, make_booking
):
    way = {"base_url": town.url, "host": HOST}
    crowd = Crowd(app, cookie_name(**way), make_event(capacity=1000), make_user, make_booking)
    crowd.look(3, **way)
    assert not crowd.faults
    assert crowd.statuses == {200: PEOPLE * 3}


def test_what_never_changes_is_kept_and_the_rest_says_when_to_come_again(town, redis):
    """The last one here: nobody is in town afterwards."""
    page = httpx.get(town.url, headers=PAGE).text
    kept = page.split('href="/static/css/')[1].split('"')[0]
    asset = f"{town.url}/static/css/{kept}"
    assert "immutable" in httpx.get(asset, headers=ADDRESS).headers["Cache-Control"]
    town.stop()
    assert httpx.get(asset, headers=ADDRESS).status_code == 200
    away = httpx.get(town.url, headers=PAGE)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "2")
    assert away.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Back in a moment" in away.text
    told = httpx.get(f"{town.url}/api/events", headers=ADDRESS)
    assert (told.status_code, told.headers["Retry-After"]) == (503, "2")
    assert told.headers["Content-Type"] == "application/problem+json"
    assert told.json()["status"] == 503
