"""Who can't be shown a page just now is told so by a page that tries again by itself."""

import re

import pytest

from app.lib import admission
from app.lib.admission import MAX_INSIDE

HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def crowded_app(migrated_app, make_app):
    """Where nobody waits in line: half a thread is none."""
    return make_app(worker_class="gthread", worker_threads=1)


@pytest.fixture
def crowded(clean, crowded_app, monkeypatch):
    """A visitor who finds all places taken, however slow the machine is."""
    monkeypatch.setattr(admission, "FORGOTTEN_AFTER", 60)
    line, places = crowded_app.extensions["page_line"], [object() for _ in range(MAX_INSIDE)]
    for place in places:
        line.enter(place)
    yield crowded_app.test_client()
    for place in places:
        line.leave(place)


@pytest.mark.parametrize("path", ["/", "/bookings?show=past", "/sign-in"])
def test_a_page_says_when_it_tries_again_and_does_so_without_javascript(crowded, path):
    answer = crowded.get(path, headers=HTML)
    assert answer.status_code == 503
    seconds = answer.headers["Retry-After"]
    assert answer.headers["Refresh"] == seconds
    assert 5 <= int(seconds) <= 10
    assert "tries again by itself" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in answer.headers


def test_htmx_gets_a_sentence_above_the_page(crowded):
    answer = crowded.get("/", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (503, "#busy")
    assert "Refresh" not in answer.headers
    assert int(answer.headers["Retry-After"]) >= 5
    assert "<html" not in answer.text
    assert "tries again by itself" in answer.text


def test_the_page_that_is_kept_holds_nothing_of_who_was_told_first(crowded):
    first = crowded.get("/bookings?after=secret", headers=HTML | {"Host": "localhost"})
    second = crowded.get("/", headers=HTML)
    assert "secret" not in first.text + second.text
    for answer in (first, second):
        assert f"<strong>{answer.headers['X-Request-ID']}</strong>" in answer.text
    without = [re.sub("<strong>.*?</strong>", "", answer.text) for answer in (first, second)]
    assert without[0] == without[1]


def test_head_gets_no_body(crowded):
    answer = crowded.head("/", headers=HTML)
    assert (answer.status_code, answer.data) == (503, b"")


def test_what_belongs_to_a_page_programs_and_forms_do_not_wait(crowded):
    style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', crowded.get("/", headers=HTML).text)[1]
    with crowded.get(style, headers={"Accept": "text/css,*/*;q=0.1"}) as answer:
        assert answer.status_code == 200
    assert crowded.get("/events", headers={"Accept": "application/json"}).status_code == 200
    assert crowded.get("/health", headers=HTML).status_code == 200
    assert crowded.post("/sign-out", headers=HTML).status_code == 400


def test_all_is_well_once_there_is_a_place(crowded, crowded_app):
    assert crowded.get("/", headers=HTML).status_code == 503
    line = crowded_app.extensions["page_line"]
    line.leave(next(iter(line._inside)))
    assert crowded.get("/", headers=HTML).status_code == 200
