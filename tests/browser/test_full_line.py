"""Who comes with too many others waits without doing anything, and then has the page."""

import pytest
from playwright.sync_api import expect

from tests.browser.full_line import FULL
from tests.support.site import Site


@pytest.fixture(scope="module")
def crowded_site(migrated_app, settings, folder):
    entry = "tests.browser.full_line:make_app()"
    with Site(settings, folder / "full", entry, WEB_CONCURRENCY="1") as site:
        yield site


@pytest.fixture
def site(clean, crowded_site):
    return crowded_site.url


@pytest.fixture
def crowd(crowded_site):
    """There is one until this file is gone."""
    file = crowded_site.folder / FULL
    yield file
    file.unlink(missing_ok=True)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_page_comes_by_itself_with_and_without_scripts(visit, make_event, crowd, scripts):
    event = make_event(name="Evening ragas")
    with visit(complaints_expected=True, java_script_enabled=scripts) as page:
        crowd.touch()
        page.goto(f"/events/{event.id}/evening-ragas?seats=2")
        expect(page.get_by_role("heading", name="Many people are here")).to_be_visible()
        crowd.unlink()
        expect(page.get_by_role("heading", name="Evening ragas")).to_be_visible()
        assert page.url.endswith("?seats=2")


def test_a_search_is_repeated_by_itself_where_it_stands(visit, make_event, crowd):
    make_event(name="Evening ragas")
    make_event(name="Morning market")
    with visit(complaints_expected=True) as page:
        crowd.touch()
        page.get_by_role("searchbox").fill("ragas")
        expect(page.locator("#busy")).to_contain_text("tries again by itself")
        expect(page.locator("#offline")).to_be_hidden()
        expect(page.get_by_role("link", name="Morning market")).to_be_visible()
        crowd.unlink()
        expect(page.get_by_role("link", name="Morning market")).to_be_hidden()
        expect(page.get_by_role("link", name="Evening ragas")).to_be_visible()
        expect(page.locator("#busy")).to_be_empty()
