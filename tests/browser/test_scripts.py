"""Titles of other scripts in a browser: whole, within the page, and with no font but their own."""

import re

import pytest

pytestmark = pytest.mark.browser
TITLES = {
    "telugu": "శ్రీకృష్ణ జన్మాష్టమి సంగీతోత్సవం",
    "devanagari": "शास्त्रीय संगीत और नृत्य महोत्सव",
}
LOADED = """() => document.fonts.ready.then(() => [...document.fonts].filter(
  face => face.family.includes("Anek Indic") && face.status == "loaded").length)"""


def fetched(page, path):
    """The Indic fonts that a first visit fetches."""
    seen = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto(path, wait_until="networkidle")
    return {found[1] for url in seen if (found := re.search(r"anek-(\w+)-600-", url))}


@pytest.mark.parametrize("script", TITLES)
def test_a_page_fetches_the_fonts_of_its_own_letters_alone(visit, make_event, script):
    plain = make_event(name="Jazz by the Bay")
    with visit(360, 740) as page:
        assert fetched(page, f"/events/{plain.id}/{plain.slug}") == set()
        assert page.evaluate(LOADED) == 0
    other = make_event(name=TITLES[script])
    with visit(360, 740) as page:
        # A device that has the script's letters fetches nothing.
        assert fetched(page, f"/events/{other.id}/{other.slug}") <= {script}
        assert page.evaluate(LOADED) == 1


def test_a_title_of_any_script_stands_whole_within_a_phones_width(visit, make_event):
    urdu = "بڑا موسیقی میلہ اور مشاعرہ"
    for name in (*TITLES.values(), urdu, "เทศกาลดนตรีที่ยิ่งใหญ่"):
        event = make_event(name=name)
        with visit(360, 740) as page:
            page.goto(f"/events/{event.id}/{event.slug}")
            wide = "() => document.documentElement.scrollWidth"
            assert page.evaluate(wide) <= 360
            title = page.locator("h1")
            assert (
                title.evaluate(
                    "e => parseFloat(getComputedStyle(e).lineHeight) / "
                    "parseFloat(getComputedStyle(e).fontSize)"
                )
                >= 1.35
            )
            right = title.evaluate("e => getComputedStyle(e).direction") == "rtl"
            assert right == (name == urdu)
