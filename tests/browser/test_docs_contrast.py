"""The API's page can be read in light and dark: by the contrast of WCAG 2.2, as axe measures it."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_gallery import AUDIT, AXE, told


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.whole), "dark"])
def test_every_text_of_the_api_page_stands_out_from_its_ground(visit, clean, scheme):
    with visit(color_scheme=scheme) as page:
        page.goto("/docs")
        expect(page.get_by_text("Book seats")).to_be_visible()
        page.get_by_text("List events, the soonest first").click()
        page.get_by_text("Book seats").click()
        expect(page.get_by_role("button", name="Execute").first).to_be_visible()
        page.wait_for_timeout(500)  # the panels open gradually
        page.evaluate(AXE.read_text())
        violations = page.evaluate(AUDIT, ["color-contrast"])["violations"]
        assert not violations, "\n".join(told(violation) for violation in violations)
