"""Static files come whole, in the encoding that is asked for, and nothing else comes with them."""

import gzip
import http.client
import re
import shutil
from urllib.parse import urlsplit

import brotli
import pytest

from app.edge.static_files import StaticFolder, is_copy
from tests.web.test_request_ids import access_line
from tools.vendored import ROOT

FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "static").rglob("*")
    if path.is_file() and not is_copy(path.name)
)
SHRUNK = [name for name in FILES if name.endswith((".css", ".js", ".svg"))]
DECODE = {"br": brotli.decompress, "gzip": gzip.decompress}
STYLE = "/static/css/site.css"
BROWSER = "gzip, deflate, br, zstd"
HTML = {"Accept": "text/html"}


@pytest.fixture
def ask(client):
    def ask(path, encoding=None, method="GET", **headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if encoding is not None:
            given["Accept-Encoding"] = encoding
        return client.open(path, method=method, headers=given, buffered=True)

    return ask


@pytest.fixture
def folder_of_one(tmp_path):
    """A style with its copies, to be changed."""
    for end in ("", ".br", ".gz"):
        shutil.copy(ROOT / f"static/css/site.css{end}", tmp_path)
    return tmp_path


def test_every_file_is_served_byte_for_byte(ask):
    assert len(FILES) >= 30
    for name in FILES:
        answer = ask(f"/{name}")
        assert (answer.status_code, answer.data) == (200, (ROOT / name).read_bytes()), name
        assert "Content-Encoding" not in answer.headers
        assert answer.content_length == len(answer.data)


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_every_style_script_and_drawing_is_served_compressed(ask, encoding):
    assert len(SHRUNK) >= 9
    for name in SHRUNK:
        answer, plain = ask(f"/{name}", encoding), ask(f"/{name}")
        assert answer.headers["Content-Encoding"] == encoding
        assert DECODE[encoding](answer.data) == plain.data, name
        assert answer.content_length == len(answer.data) < len(plain.data)
        assert answer.content_type == plain.content_type
        assert answer.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["ETag"] != plain.headers["ETag"]


def test_fonts_and_pictures_are_served_as_they_are(ask):
    for name in set(FILES) - set(SHRUNK):
        answer = ask(f"/{name}", BROWSER)
        assert answer.data == (ROOT / name).read_bytes()
        assert not {"Content-Encoding", "Vary"} & set(answer.headers.keys())


def test_each_kind_of_file_says_what_it_is(ask):
    kinds = {name.rpartition(".")[2]: ask(f"/{name}", BROWSER).content_type for name in FILES}
    assert kinds["css"] == "text/css; charset=utf-8"
    assert kinds["js"] == "text/javascript; charset=utf-8"
    assert kinds["svg"] == "image/svg+xml; charset=utf-8"
    assert kinds["woff2"] == "font/woff2"
    assert kinds["png"] == "image/png"


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        (BROWSER, "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("gzip;q=0, br;q=0.0", None),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity", None),
        ("zstd, notbr, gzipped", None),
        ("gzip;q=nonsense", None),
        (";;,=", None),
        ("", None),
    ],
)
def test_the_encoding_is_one_that_is_wanted_most(ask, accepted, sent):
    answer = ask(STYLE, accepted)
    assert answer.headers.get("Content-Encoding") == sent
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("encoding", ["", "br", "gzip"])
def test_what_the_browser_has_is_not_sent_again(ask, encoding):
    first = ask(STYLE, encoding)
    for known in (
        first.headers["ETag"],
        f"W/{first.headers['ETag']}",
        f'"x", {first.headers["ETag"]}',
    ):
        again = ask(STYLE, encoding, If_None_Match=known)
        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "Vary", "Cache-Control", "Last-Modified"):
            assert again.headers[name] == first.headers[name]
        assert not {"Content-Encoding", "Content-Type"} & set(again.headers.keys())
    since = ask(STYLE, encoding, If_Modified_Since=first.headers["Last-Modified"])
    assert since.status_code == 304


def test_what_the_browser_has_in_another_encoding_or_of_another_day_is_sent(ask):
    plain = ask(STYLE)
    assert ask(STYLE, "br", If_None_Match=plain.headers["ETag"]).status_code == 200
    assert ask(STYLE, If_None_Match='"another"').status_code == 200
    assert ask(STYLE, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status_code == 200
    # The ETag has the last word.
    known = plain.headers["Last-Modified"]
    assert ask(STYLE, If_None_Match='"x"', If_Modified_Since=known).status_code == 200


@pytest.mark.parametrize("encoding", ["", "br", "gzip"])
def test_a_question_about_a_file_tells_the_same_headers_and_no_body(ask, encoding):
    told, sent = ask(STYLE, encoding, method="HEAD"), ask(STYLE, encoding)
    assert (told.status_code, told.data) == (200, b"")
    assert set(told.headers) - {("X-Request-Id", told.headers["X-Request-Id"])} == set(
        sent.headers
    ) - {("X-Request-Id", sent.headers["X-Request-Id"])}


def test_a_part_of_a_file_is_of_the_file_as_it_is(ask):
    plain = ask(STYLE)
    part = ask(STYLE, BROWSER, Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, plain.data[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(plain.data)}"
    assert part.headers["ETag"] == plain.headers["ETag"]
    assert plain.headers["Accept-Ranges"] == part.headers["Accept-Ranges"] == "bytes"
    assert part.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in part.headers
    last = ask(STYLE, Range="bytes=-7", If_Range=plain.headers["ETag"])
    assert (last.status_code, last.data) == (206, plain.data[-7:])
    assert ask(STYLE, Range="bytes=99999999-").status_code == 416


def test_the_rest_of_another_encoding_is_not_put_behind_this_one(ask):
    compressed = ask(STYLE, "br")
    whole = ask(STYLE, "br", Range="bytes=100-", If_Range=compressed.headers["ETag"])
    assert (whole.status_code, whole.data) == (200, ask(STYLE).data)


def test_only_what_bears_its_version_is_kept_for_ever(ask):
    def kept(path):
        return ask(path, BROWSER).headers["Cache-Control"]

    assert kept(STYLE) == "no-cache"
    for path in (f"{STYLE}?v=1", "/static/vendor/htmx@2.0.11/htmx.min.js", f"/{FILES[-1]}"):
        assert kept(path) == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nobody_writes_a_file(ask, method):
    answer = ask(STYLE, method=method)
    assert answer.status_code in {400, 405}
    assert answer.data != (ROOT / "static/css/site.css").read_bytes()


def test_a_file_that_is_not_there_is_answered_with_the_page_of_errors(ask):
    answer = ask("/static/css/none.css", BROWSER, Accept="text/html")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "<h1" in answer.text


@pytest.mark.parametrize("end", [".br", ".gz"])
def test_a_copy_has_no_address_of_its_own(ask, end):
    assert (ROOT / f"static/css/site.css{end}").is_file()
    assert ask(f"{STYLE}{end}").status_code == 404
    assert ask(f"{STYLE}{end}", Range="bytes=0-9").status_code == 404


def test_another_host_gets_no_file(ask):
    assert ask(STYLE, BROWSER, Host="evil.example").status_code == 400


def test_a_nul_byte_is_refused_as_everywhere(ask):
    assert ask(f"{STYLE}?v=%00").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/static/../wsgi.py",
        "/static/css/../../wsgi.py",
        "/static/%2e%2e/wsgi.py",
        "/static/..%2fwsgi.py",
        "/static/..%5cwsgi.py",
        "/static//etc/passwd",
        "/static//css/site.css",
        "/static/css/./site.css",
        "/static/css/site.css/",
        "/static/css/site.css.gz/",
        "/static/css",
        "/static/",
        "/static/css/site.css%00",
        "/static/%63ss/../css/site.css",
    ],
)
def test_a_file_has_one_address_and_none_leads_out_of_the_folder(site, path):
    """Sent as it is: clients and test clients would tidy it first."""
    connection = http.client.HTTPConnection(urlsplit(site).netloc)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": BROWSER})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert answer.status in {400, 404}
    assert not re.search(rb"create_app|root:x|--paper", body)


def test_the_largest_file_arrives_whole_over_a_real_line(site):
    name = max(FILES, key=lambda name: (ROOT / name).stat().st_size)
    connection = http.client.HTTPConnection(urlsplit(site).netloc)
    try:
        for method, size in (("GET", (ROOT / name).stat().st_size), ("HEAD", 0)):
            connection.request(method, f"/{name}")
            answer = connection.getresponse()
            body = answer.read()
            assert (answer.status, len(body)) == (200, size)
    finally:
        connection.close()
    assert size == 0


def test_the_log_tells_of_files_as_of_every_request(ask):
    known = ask(STYLE).headers["ETag"]
    answers = [
        ask(STYLE, BROWSER),
        ask(STYLE, If_None_Match=known),
        ask(STYLE, Range="bytes=0-9"),
        ask(STYLE, method="HEAD"),
        ask("/static/none.css"),
    ]
    told = [access_line(answer)[0] for answer in answers]
    assert {facts["route"] for facts in told} == {"/static/<path:filename>"}
    assert [facts["status"] for facts in told] == [200, 304, 206, 200, 404]


def test_files_bear_the_headers_of_every_answer(ask):
    headers = ask(STYLE, BROWSER).headers
    for name in ("X-Request-Id", "X-Content-Type-Options", "Content-Security-Policy"):
        assert name in headers
    assert "Set-Cookie" not in headers


def test_a_changed_file_is_seen_and_its_old_copies_are_not_sent(folder_of_one):
    folder = StaticFolder(folder_of_one)
    before = folder.find("site.css")
    assert before.accepted(BROWSER).etag.endswith(".br")
    assert folder.find("site.css") is before
    (folder_of_one / "site.css").write_bytes(b"body { color: red }")
    after = folder.find("site.css")
    assert after.accepted(BROWSER).body == [b"body { color: red }"]
    assert after.accepted(BROWSER).etag != before.plain.etag


@pytest.mark.parametrize("end", [".br", ".gz"])
def test_a_file_without_one_of_its_copies_is_sent_as_it_is(folder_of_one, end):
    (folder_of_one / f"site.css{end}").unlink()
    found = StaticFolder(folder_of_one).find("site.css")
    assert found.accepted(BROWSER) is found.plain


def test_a_file_that_is_gone_is_not_found(folder_of_one):
    folder = StaticFolder(folder_of_one)
    (folder_of_one / "site.css").unlink()
    assert folder.find("site.css") is None
