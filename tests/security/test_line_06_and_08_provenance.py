"""Line 6: a form with its right token is taken, unless another site is said to have sent it."""

import html
import json
import re

import pytest
from itsdangerous import URLSafeTimedSerializer

from tests.web.conftest import HTML, HTMX, PASSWORD

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
HOST = "tickets.example.org"
OWN = f"https://{HOST}"


@pytest.fixture(scope="module")
def apps(make_app):
    """Sites with and without TLS, made once."""
    hosts = {"trusted_hosts": (HOST, "[2001:db8::1]")}
    return {https: make_app(https=https, **hosts) for https in (True, False)}


@pytest.fixture
def send(apps, clean):
    """Sends the sign-in form, with its right token, with these headers."""

    def send(headers, url=OWN, base=HTML):
        client = apps[url.startswith("https")].test_client()
        page = client.get("/sign-in", base_url=url, headers=HTML).text
        form = {"csrf_token": TOKEN.search(page)[1], "email": "a@example.org", "password": "x"}
        return client.post("/sign-in", base_url=url, data=form, headers={**base, **headers})

    return send


TAKEN = {
    "nothing": {},
    "the origin": {"Origin": OWN},
    "the default port": {"Origin": f"{OWN}:443"},
    "capitals": {"Origin": "https://Tickets.Example.org"},
    "a hidden origin": {"Origin": "null"},
    "a hidden origin, of ours": {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    "a referrer alone": {"Referer": f"{OWN}/sign-in?next=/"},
    "a referrer that names no site": {"Referer": "about:blank"},
    "another's referrer with our origin": {"Origin": OWN, "Referer": "https://other.example/"},
    "typed or loaded again": {"Sec-Fetch-Site": "none"},
    "the same origin": {"Sec-Fetch-Site": "same-origin"},
    "a word of the future": {"Sec-Fetch-Site": "same-planet"},
}
FOREIGN = {
    "another host": {"Origin": "https://other.example"},
    "a subdomain": {"Origin": f"https://www.{HOST}"},
    "a longer name": {"Origin": f"https://{HOST}.evil.example"},
    "another port": {"Origin": f"{OWN}:8443"},
    "no encryption": {"Origin": f"http://{HOST}"},
    "no encryption on our port": {"Origin": f"http://{HOST}:443"},
    "an extension": {"Origin": "chrome-extension://abcdef"},
    "a file": {"Origin": "file://"},
    "rubbish": {"Origin": "rubbish"},
    "a broken address": {"Origin": "https://["},
    "a port out of range": {"Origin": f"{OWN}:99999"},
    "a referrer alone": {"Referer": "https://other.example/form"},
    "a referrer of a hidden origin": {"Origin": "null", "Referer": "https://other.example/"},
    "the browser's word": {"Sec-Fetch-Site": "cross-site"},
    "a sandboxed frame": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "a sibling": {"Origin": OWN, "Sec-Fetch-Site": "same-site"},
    "another host, said to be ours": {
        "Origin": "https://other.example",
        "Sec-Fetch-Site": "same-origin",
    },
}


@pytest.mark.parametrize("headers", TAKEN.values(), ids=TAKEN)
def test_line_06_a_form_with_its_right_token_is_taken(send, headers):
    """422: the form was looked at, and the password is wrong."""
    assert send(headers).status_code == 422


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_line_06_a_form_of_another_site_is_refused_with_the_right_token_too(send, headers):
    answer = send(headers)
    assert answer.status_code == 400
    assert "A page of another site sent this form" in answer.text
    # One press on our page must not do what another site wants.
    assert "a@example.org" not in answer.text
    assert "HX-Trigger" not in send(headers, base=HTMX).headers


PROXIES = {
    "no port in Host": (f"https://{HOST}", {"Origin": OWN}),
    "a port of its own": (f"https://{HOST}:8443", {"Origin": f"{OWN}:8443"}),
    "TLS that ends before us": (f"http://{HOST}", {"Origin": OWN}),
    "TLS that ends before us, with a port": (f"http://{HOST}:8443", {"Origin": f"{OWN}:8443"}),
    "a dropped port": (
        f"https://{HOST}",
        {"Origin": f"{OWN}:8443", "Sec-Fetch-Site": "same-origin"},
    ),
    "an added port": (f"http://{HOST}:8000", {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}),
    "plain HTTP": (f"http://{HOST}:8000", {"Origin": f"http://{HOST}:8000"}),
    "an IPv6 address": ("http://[::1]:8000", {"Origin": "http://[::1]:8000"}),
    "an IPv6 address and TLS": ("https://[2001:db8::1]", {"Origin": "https://[2001:db8::1]"}),
}


@pytest.mark.parametrize(("url", "headers"), PROXIES.values(), ids=PROXIES)
def test_line_06_it_is_taken_behind_any_proxy(send, url, headers):
    assert send(headers, url).status_code == 422


@pytest.mark.parametrize(("hops", "status"), [(0, 422), (1, 400)])
def test_line_06_the_scheme_is_believed_of_our_own_proxy_only(make_app, clean, hops, status):
    """Behind one that says https, a page without encryption is another site."""
    client = make_app(https=False, trusted_hosts=(HOST,), proxy_hops=hops).test_client()
    told = {**HTML, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    token = TOKEN.search(client.get("/sign-in", base_url=f"http://{HOST}", headers=told).text)[1]
    form = {"csrf_token": token, "email": "a@example.org", "password": "x"}
    headers = {**told, "Origin": f"http://{HOST}", "X-Forwarded-Host": "other.example"}
    answer = client.post("/sign-in", base_url=f"http://{HOST}", data=form, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("[::1]:5000", 200),
        ("[::1]", 200),
        ("[2001:db8::1]:443", 200),
        ("[2001:db8::2]", 400),
        ("[::1].evil.example", 400),
        ("[::1", 400),
    ],
)
def test_line_08_an_ipv6_address_is_a_host_like_others(apps, clean, host, status):
    answer = apps[False].test_client().get("/sign-in", headers={**HTML, "Host": host})
    assert answer.status_code == status


def refusals(visitor, settings):
    """Each way in which a token can be wrong: its reason, the token, and the cookie."""
    serializer = URLSafeTimedSerializer(settings.secret_key, salt="wtf-csrf-token")

    class Old(type(serializer.make_signer())):
        def get_timestamp(self):
            return super().get_timestamp() - 32 * 24 * 3600

    old = URLSafeTimedSerializer(settings.secret_key, salt="wtf-csrf-token", signer=Old)
    return {
        "token-missing": None,
        "token-unreadable": "x.y.z",
        "token-too-old": old.dumps("0" * 40),
        "other-session": serializer.dumps("0" * 40),
        "no-cookie": visitor.csrf_token(),
    }


WORDS = {
    "token-missing": "without the mark",
    "token-unreadable": "not one of ours",
    "token-too-old": "over a month ago",
    "other-session": "signed in or out, perhaps in another tab",
    "no-cookie": "sent no cookie along",
}


@pytest.mark.parametrize("reason", WORDS)
def test_line_06_each_reason_has_its_own_words_and_nothing_typed_is_lost(
    new_visitor, settings, reason
):
    visitor = new_visitor()
    token = refusals(visitor, settings)[reason]
    if reason == "no-cookie":
        visitor._client._cookies.clear()
    typed = {"email": "lakshmi@example.org", "password": "not shown 1", "next": "/bookings"}
    sent = typed if token is None else {**typed, "csrf_token": token}
    answer = visitor.post("/sign-in", sent, csrf=False)
    assert answer.status_code == 400
    page = html.unescape(answer.text)
    assert [word for word in WORDS.values() if word in page] == [WORDS[reason]]
    assert "Nothing was lost: press again" in page
    assert 'name="email" value="lakshmi@example.org"' in page
    assert 'name="next" value="/bookings"' in page
    assert "not shown 1" not in page
    # The form of that page is taken: the sign-in fails for its password alone.
    again = {**typed, "csrf_token": TOKEN.search(answer.text)[1]}
    assert visitor.post("/sign-in", again, csrf=False).status_code == 422


@pytest.mark.parametrize("reason", WORDS)
def test_line_06_htmx_is_told_above_the_page_and_given_a_new_token(new_visitor, settings, reason):
    visitor = new_visitor()
    token = refusals(visitor, settings)[reason]
    if reason == "no-cookie":
        visitor._client._cookies.clear()
    typed = {"email": "lakshmi@example.org", "password": "x"}
    answer = visitor.post("/sign-in", {**typed, "csrf_token": token or ""}, HTMX, csrf=False)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (400, "#busy")
    assert WORDS[reason] in html.unescape(answer.text)
    fresh = json.loads(answer.headers["HX-Trigger"])["utsavam:token"]["token"]
    assert (
        visitor.post("/sign-in", {**typed, "csrf_token": fresh}, HTMX, csrf=False).status_code
        == 422
    )


@pytest.mark.parametrize(
    ("form", "headers", "reason"),
    [
        ({}, {}, "token-missing"),
        ({"csrf_token": "x"}, {}, "token-unreadable"),
        ({"csrf_token": "%"}, {"Origin": "null"}, "token-unreadable"),
        ({"csrf_token": "right"}, {"Origin": "https://other.example"}, "foreign-origin"),
    ],
)
def test_line_06_a_program_is_told_the_reason_in_json(visitor, form, headers, reason):
    form = {name: visitor.csrf_token() if text == "right" else text for name, text in form.items()}
    answer = visitor.post(
        "/account/name", form, {"Accept": "application/json", **headers}, csrf=False
    )
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json["reason"] == reason


def test_line_06_who_was_signed_out_loses_nothing_on_the_way_back_in(signed_in, alice):
    """In three presses: to the sign-in page in another tab, back, and once for the new token."""
    typed = {"name-name": "Alice Amma", "csrf_token": signed_in.csrf_token()}
    signed_in.post("/sign-out")
    for _press in range(2):
        answer = signed_in.post("/account/name", typed, csrf=False)
        assert answer.status_code == 400
        assert 'href="/sign-in" target="_blank"' in answer.text
        assert 'value="Alice Amma"' in answer.text
        typed = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
    signed_in.sign_in(alice.email)
    answer = signed_in.post("/account/name", typed, csrf=False)
    typed = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
    assert "Nothing was lost: press again" in answer.text
    assert signed_in.post("/account/name", typed, csrf=False).status_code == 303
    assert "Alice Amma" in signed_in.get("/account").text


def test_line_06_a_form_that_may_be_another_sites_is_not_offered_for_one_press(new_visitor):
    """Its origin is hidden, with our cookie as from a sibling subdomain, or without."""
    headers = {**HTML, "Origin": "null"}
    visitor = new_visitor()
    answer = visitor.post("/sign-in", {"email": "evil@example.org"}, headers, csrf=False)
    assert answer.status_code == 400
    assert "evil@example.org" not in answer.text
    assert "Set-Cookie" not in answer.headers
    visitor.get("/sign-in")
    answer = visitor.post("/sign-in", {"email": "evil@example.org"}, headers, csrf=False)
    assert answer.status_code == 400
    assert "evil@example.org" not in answer.text
    answer = visitor.post("/sign-in", {"email": "me@example.org"}, csrf=False)
    assert "me@example.org" in answer.text


def test_line_06_several_values_and_unicode_survive_the_refusal(signed_in):
    """As a form of several boxes sends them, in an address with a query."""
    body = "name-name=%3Cb%3E%E0%B0%85&box=1&box=2"
    headers = {**HTML, "Content-Type": "application/x-www-form-urlencoded"}
    page = signed_in.post("/account/name?a=1", body=body, headers=headers).text
    assert 'value="&lt;b&gt;అ"' in page
    assert page.count('name="box"') == 2
    assert 'action="/account/name?a=1"' in page


def test_line_06_over_https_the_password_of_one_without_referrer_signs_in(make_app, clean, alice):
    client = make_app(https=True).test_client()
    site = {"base_url": "https://localhost", "headers": HTML}
    token = TOKEN.search(client.get("/sign-in", **site).text)[1]
    form = {"csrf_token": token, "email": alice.email, "password": PASSWORD}
    assert client.post("/sign-in", data=form, **site).status_code == 303
