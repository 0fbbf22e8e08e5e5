"""Addresses: `next` stays on the site, and no path or query breaks a page."""

import re
from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.edge.htmx import go_to
from app.edge.session import safe_next, sign_in_url
from tests.fuzz.search import examples, quick, served
from tests.fuzz.texts import plain, texts
from tests.web.conftest import PASSWORD, Visitor

HTML, HTMX = {"Accept": "text/html"}, {"HX-Request": "true"}
HOME = "https://tickets.example.org/sign-in"
ENVIRON = {"wsgi.url_scheme": "https", "HTTP_HOST": "tickets.example.org", "SERVER_PORT": "443"}
links = (
    texts
    | st.text("/\\.:@?#%09e\t\n\r []", max_size=12)
    | st.builds("{}{}".format, st.sampled_from(["/", "//", "/\\", "/.", "/..//"]), plain)
)


def as_browsers_read(link, base=HOME):
    """Where a browser goes: the steps of the URL standard that ours might overlook."""
    link = re.sub(r"[\t\n\r]", "", link.strip("".join(map(chr, range(33)))))
    return urljoin(base, link.replace("\\", "/"))


@quick
@given(links)
def test_next_never_leads_off_the_site(target):
    try:
        there = urlsplit(as_browsers_read(safe_next(target, "/")))
    except ValueError:
        pytest.fail("a browser may read this as another site")
    assert (there.scheme, there.netloc) == ("https", "tickets.example.org")


@quick
@given(st.from_regex(r"/([a-z0-9-]{1,9}/?){0,3}(\?[a-z]{1,3}=[a-z0-9]{0,5})?", fullmatch=True))
def test_an_address_of_ours_is_kept(target):
    assume("//" not in target[:2])
    assert safe_next(target, "/elsewhere") == target


@quick
@given(links, st.booleans())
def test_an_answer_that_sends_on_has_a_location_that_can_be_sent(app, target, htmx):
    with app.test_request_context(headers=HTMX if htmx else {}, base_url=HOME):
        headers = go_to(safe_next(target, "/")).get_wsgi_headers(ENVIRON)
    there = headers.get("HX-Redirect") or headers["Location"]
    there.encode("latin-1")
    assert not set(there) & {"\r", "\n", "\0"}
    assert urlsplit(as_browsers_read(there)).netloc == "tickets.example.org"


@quick
@given(links)
def test_the_way_back_survives_the_sign_in_page(app, target):
    with app.test_request_context():
        address = sign_in_url(target)
    with app.test_request_context(address) as context:
        assert context.request.args["next"] == target
        assert list(context.request.args) == ["next"]


@pytest.fixture
def keeper(app, factories, settings):
    """One browser that is signed in as a guest and as the organiser, with something to see."""
    guest = factories.user(email="guest@example.com", password=PASSWORD)
    factories.booking(factories.event(capacity=9, max_per_person=3), guest)
    browser = Visitor(app)
    browser.sign_in(guest.email)
    browser.log_in(settings.admin_key[0])
    return browser


@examples(7)
@given(links)
def test_signing_in_sends_nobody_off_the_site(app, keeper, target):
    browser = Visitor(app)
    answer = browser.sign_in("guest@example.com", next=target)
    assert answer.status_code == 303
    there = urlsplit(as_browsers_read(answer.location, "http://localhost/sign-in"))
    assert (there.scheme, there.netloc) == ("http", "localhost")
    shown = browser.get("/sign-in?next=" + quote(target, safe="")).text
    assert "<script>alert" not in shown


@pytest.fixture
def addresses(app):
    """Every address that is looked at, with ids of things that are there."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and rule.endpoint != "static":
            path = re.sub("<id:[a-z_]+>", "1", rule.rule)
            found.append(re.sub("<[^>]+>", "x" * 64, path))
    return sorted(set(found))


# All that any view reads, what Flask's own url_for would read, and what nobody reads.
NAMES = [
    "after",
    "q",
    "when",
    "city",
    "price",
    "available",
    "sort",
    "show",
    "from",
    "new",
    "seats",
    "v",
    "next",
    "event",
    "status",
    "range",
    "limit",
    "upcoming_only",
    "to",
    "subject",
    "force",
    "endpoint",
    "values",
    "self",
    "_external",
    "_scheme",
    "_anchor",
    "_method",
    "_values",
    "csrf_token",
    "x",
]
queries = st.lists(st.tuples(st.sampled_from(NAMES) | plain, texts), max_size=20)


@examples(6)
@given(queries, st.sampled_from([HTML, HTMX, {}]))
def test_no_query_breaks_any_address(keeper, addresses, query, headers):
    for path in addresses:
        answer = keeper.get(path, headers=headers, query_string=query)
        assert answer.status_code < 500, path
        there = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or "/"
        assert urlsplit(as_browsers_read(there, "http://localhost/")).netloc == "localhost", path
        answer.close()


@served
@given(plain | st.text("/.%\\;?#a1é", max_size=20), st.sampled_from(["GET", "POST", "PUT", "HEAD"]))
def test_no_path_breaks_the_site(client, path, method):
    for headers in (HTML, {}):
        answer = client.open("/" + quote(path, safe="/%"), method=method, headers=headers)
        assert answer.status_code < 500, answer.text


FORMS = [
    "name",
    "email",
    "password",
    "current",
    "next",
    "seats",
    "idempotency_key",
    "key",
    "role",
    "had",
    "give",
    "city",
    "venue",
    "address",
    "category",
    "description",
    "time_zone",
    "start_at",
    "end_at",
    "capacity",
    "price",
    "max_per_person",
    "sales_open_at",
    "status",
    "seen",
    "pause",
    "force",
    "csrf_token",
]
forms = st.dictionaries(st.sampled_from(FORMS) | plain, texts, max_size=8)


@examples(125)
@given(data=st.data(), form=forms)
def test_no_form_breaks_any_address(app, keeper, data, form):
    posts = [
        re.sub("<id:[a-z_]+>", "1", rule.rule)
        for rule in app.url_map.iter_rules()
        # Not those that end what is looked at, or take a password's time.
        if "POST" in rule.methods
        and not rule.rule.startswith("/api")
        and not re.search("sign-|log|account|keys", rule.rule)
    ]
    path = data.draw(st.sampled_from(sorted(posts)))
    answer = keeper.post(path, {**form, "csrf_token": _token(keeper)})
    assert answer.status_code < 500, answer.text


def _token(browser):
    if not hasattr(browser, "token"):
        browser.token = browser.csrf_token()
    return browser.token
