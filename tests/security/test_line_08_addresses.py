"""Line 8: whatever a visitor claims about an address, the next one's page is as it was.

Asked over gunicorn as it is served: what it believes, no test client would notice.
"""

import re
from http.client import HTTPConnection

import pytest

from tests.support.site import Site
from tests.web.conftest import HTML

HOST = "tickets.example.org"
KEY = re.compile(rb'name="idempotency_key"[^>]*>')
"""Each page that is shown has another, whoever asks."""
EVIL = "//evil.example"
# FORWARDED_ALLOW_IPS as Heroku sets it; and the peer is on this machine, whom gunicorn trusts.
TRUSTING = {"WEB_CONCURRENCY": "1", "TRUSTED_HOSTS": HOST, "FORWARDED_ALLOW_IPS": "*"}

CLAIMS = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Scheme": "https",
    "X-Url-Scheme": "https",
    "Front-End-Https": "on",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Path": "/evil",
    "X-Forwarded-Uri": "/evil",
    "X-Forwarded-For": "203.0.113.66",
    "X-Real-Ip": "203.0.113.66",
    "X-Host": "evil.example",
    "X-Script-Name": EVIL,
    "Forwarded": "for=203.0.113.66;host=evil.example;proto=https",
    "X-Original-Url": "/evil",
    "X-Original-Host": "evil.example",
    "X-Rewrite-Url": "/evil",
    "X-Http-Method-Override": "DELETE",
    "X-Method-Override": "DELETE",
    "Path_Info": "/evil",
    "Remote_User": "evil",
    "Script_Name": "/events",
    "Http_Host": "evil.example",
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_Proto": "https",
}
"""Every header that some server or framework makes an address of, and one that gunicorn fits."""
TARGETS = [EVIL, f"http:{EVIL}", f"http:{EVIL}{EVIL}", "//", "/"]
"""What stands before the path: a host in its place, and the absolute form of RFC 9112 3.2.2."""
HOSTS = [HOST.upper(), f"{HOST}:666", f"{HOST}.", "localhost", "evil.example"]

OTHERWISE = {"Date", "X-Request-Id", "Vary"}
"""Headers of an answer that differ by the moment, and by whether a page was just made."""


def attacks(one_by_one):
    """(what stands before the path, headers, the `Host`); all claims at once in any case."""
    if one_by_one:
        yield from [("", {name: value}, HOST) for name, value in CLAIMS.items()]
    yield "", CLAIMS, HOST
    for before in TARGETS:
        yield before, {}, HOST
        yield before, {"SCRIPT_NAME": before}, HOST
        yield before, {"SCRIPT-NAME": before}, HOST
        yield before, {**CLAIMS, "Script_Name": before}, HOST
    yield from [("", {}, host) for host in HOSTS]


@pytest.fixture(scope="module")
def sites(migrated_app, settings, folder):
    """One that is attacked, and one whose visitors are all honest."""
    attacked = Site(settings, folder / "attacked", **TRUSTING)
    honest = Site(settings, folder / "honest", **TRUSTING)
    with attacked, honest:
        yield attacked, honest


@pytest.fixture
def paths(make_event):
    """Everything that is kept as it was sent, each under a name that nobody has asked for yet."""
    event = make_event()
    own = f"/events/{event.id}"
    asked = ["/", "/events", f"{own}/{event.slug}", f"{own}/seats", f"{own}/calendar.ics"]
    asked += ["/events.atom", "/events.ics", f"/api{own}", f"/api{own}/", "/robots.txt"]
    return lambda n: [*(f"{path}?n={n}" for path in asked), f"/api/events?limit={n + 1}"]


def ask(site, target, headers, host=HOST):
    line = HTTPConnection(site.url.removeprefix("http://"), timeout=10)
    line.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": host, **headers}.items():
        line.putheader(name, value)
    line.endheaders()
    answer = line.getresponse()
    body = answer.read()
    line.close()
    body = KEY.sub(b"", body)
    said = {name: value for name, value in answer.getheaders() if name not in OTHERWISE}
    return answer.status, said, body


def differences(seen, due, *case):
    """For whoever reads of a failure: the lines that should be others."""
    told = [
        {status, *headers.items(), *body.decode(errors="replace").splitlines()}
        for status, headers, body in (seen, due)
    ]
    return case, told[0] - told[1], told[1] - told[0]


PROGRAM, HTMX = {"Accept": "*/*"}, {**HTML, "HX-Request": "true"}


@pytest.mark.parametrize(
    ("as_whom", "one_by_one"),
    [
        (HTML, True),
        (PROGRAM, False),
        (HTMX, False),
        pytest.param(PROGRAM, True, marks=pytest.mark.whole),
        pytest.param(HTMX, True, marks=pytest.mark.whole),
    ],
)
def test_line_08_the_next_visitor_sees_what_they_would_have_seen(sites, paths, as_whom, one_by_one):
    attacked, honest = sites
    for n, (before, claims, host) in enumerate(attacks(one_by_one)):
        for path in paths(n):
            ask(attacked, before + path, {**as_whom, **claims}, host)
            seen, due = ask(attacked, path, as_whom), ask(honest, path, as_whom)
            assert seen == due, differences(seen, due, before, claims, path)


def test_line_08_who_claims_something_is_told_nothing_else_either(sites, paths):
    attacked, honest = sites
    known = {name: value for name, value in CLAIMS.items() if name != "Script_Name"}
    for path in paths(0):
        for claims in (known, *({name: value} for name, value in CLAIMS.items())):
            assert ask(attacked, path, {**HTML, **claims}) == ask(honest, path, HTML), claims


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_line_08_two_slashes_are_no_address(sites, make_event, accept):
    attacked, _ = sites
    event = make_event()
    own = f"events/{event.id}"
    ways = [f"//{own}/{event.slug}", f"/events//{event.id}", f"{EVIL}/{own}", "//", f"///{own}"]
    ways += [f"/api//{own}", f"//api/{own}", "/api//bookings", "/static//css/site.css", "/events//"]
    ways += [f"/%2F{own}", f"/%2f%2Fevil.example/{own}", f"//evil.example/%2e%2e/{own}"]
    for way in ways:
        status, headers, body = ask(attacked, way, {"Accept": accept})
        assert status == 404, way
        assert "Location" not in headers
        assert b"evil" not in body


def test_line_08_a_server_that_was_told_of_a_prefix_changes_no_link(app, make_event):
    """What a server other than ours, or gunicorn by its environment, makes of SCRIPT_NAME."""
    event = make_event()
    path = f"/events/{event.id}/{event.slug}"
    told = {"SCRIPT_NAME": "//evil.example"}
    client = app.test_client()
    for _ in range(2):
        page = client.get(path, headers=HTML, environ_overrides=told)
        assert "evil" not in page.text
    assert "evil" not in client.get(path, headers=HTML).text


@pytest.mark.parametrize(
    ("hops", "told", "secure"),
    [
        (0, "https", False),
        (1, "https", True),
        (1, "https, http", False),
        (1, "http, https", True),
        (2, "https", True),
        (2, "https, http", True),
        (2, "https, http, http", False),
        (1, '"https', True),
        (1, "ftp", False),
        (1, "", False),
        (2, ",", False),
    ],
)
def test_line_08_a_scheme_is_what_the_outermost_of_our_proxies_says(
    make_app, clean, hops, told, secure
):
    client = make_app(proxy_hops=hops).test_client()
    feed = client.get("/events.atom", headers={"X-Forwarded-Proto": told}).text
    assert ("https://localhost" in feed) is secure
