"""Finding events and moving about."""

from playwright.sync_api import expect


def test_the_first_tab_leads_past_the_header(visit, clean):
    with visit() as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_the_list_searches_as_one_types_and_says_what_it_found(visit, make_event):
    make_event(name="Indie Concert")
    make_event(name="Tech Talk")
    with visit() as page:
        page.reload()
        page.get_by_label("Search events").press_sequentially("talk")
        expect(page.locator("#found")).to_contain_text("1 event found")
        expect(page.get_by_role("status").first).to_have_text("1 event found")
        assert "q=talk" in page.url
        page.get_by_role("link", name="Clear all").click()
        expect(page.locator("#found")).to_contain_text("2 events found")


def test_more_events_load_below_and_by_a_plain_link(visit, factories):
    for number in range(20):
        factories.event(name=f"Evening {number}")
    with visit() as page:
        page.reload()
        expect(page.locator(".card")).to_have_count(12)
        page.get_by_role("link", name="Load more events").click()
        expect(page.locator(".card")).to_have_count(20)
    with visit(java_script_enabled=False) as page:
        page.get_by_role("link", name="Load more events").click()
        expect(page.locator(".card")).to_have_count(8)


def test_swagger_ui_shows_the_api_from_our_own_files(visit, clean):
    with visit() as page:
        page.goto("/docs")
        expect(page.get_by_text("Book seats")).to_be_visible()
