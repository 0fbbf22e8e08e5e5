"""Who asks for a page: whoever accepts HTML by name, and HTMX."""

import pytest

from app.edge.negotiation import asks_for_page

PAGES = [
    "text/html",
    "text/html,application/xhtml+xml,*/*;q=0.8",
    "application/json, text/html;q=0.1",
    "application/xhtml+xml",
    "TEXT/HTML",
    "text/html;charset=utf-8",
]
PROGRAMS = [
    "",
    "*/*",
    "text/*",
    "application/json",
    "application/json, text/plain, */*",
    "text/html;q=0",
    "text/htmlx",
    ";;;",
    "\xff",
]


@pytest.mark.parametrize("accept", PAGES)
def test_whoever_accepts_html_by_name_asks_for_a_page(accept):
    assert asks_for_page({"HTTP_ACCEPT": accept})


@pytest.mark.parametrize("accept", PROGRAMS)
def test_whoever_does_not_name_html_asks_for_json(accept):
    assert not asks_for_page({"HTTP_ACCEPT": accept})


def test_without_an_accept_header_json_is_asked_for():
    assert not asks_for_page({})


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_htmx_asks_for_a_page_whatever_it_accepts(accept):
    assert asks_for_page({"HTTP_ACCEPT": accept, "HTTP_HX_REQUEST": "true"})
