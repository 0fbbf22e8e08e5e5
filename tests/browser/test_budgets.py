"""What a page may weigh, and that nothing in it jumps: the goals of the design, measured."""

import gzip

import pytest

from tests.browser.metrics import METRICS

KB = 1024


def weigh(page, path):
    """Every answer of a first visit: (address, type, bytes as they travel compressed)."""
    seen = []

    def note(answer):
        seen.append(answer)

    page.on("response", note)
    page.goto(path, wait_until="networkidle")
    return [
        (answer.url, answer.headers.get("content-type", ""), travelling(answer))
        for answer in seen
        if not 300 <= answer.status < 400
    ]


def travelling(answer):
    body = answer.body()
    compressible = "woff2" not in answer.url and "png" not in answer.headers.get("content-type", "")
    return len(gzip.compress(body, 6)) if compressible else len(body)


def weight(found, kind):
    return sum(size for _url, mime, size in found if kind in mime)


@pytest.mark.parametrize("path", ["/", "/events/1", "/sign-in"])
def test_a_first_visit_is_light_and_all_from_one_place(visit, season, site, path):
    with visit() as page:
        fresh = page.context.browser.new_context(base_url=site)
        found = weigh(fresh.new_page(), path)
        fresh.close()
    assert all(url.startswith(site) for url, _mime, _size in found)
    assert sum(size for *_rest, size in found) <= 120 * KB
    assert weight(found, "javascript") <= 22 * KB
    assert weight(found, "css") <= 8 * KB
    assert sum(size for url, *_rest, size in found if "woff2" in url) <= 50 * KB


def test_a_first_visit_takes_few_requests(visit, season, site):
    """Posters below the fold wait until they are needed."""
    with visit() as page:
        fresh = page.context.browser.new_context(
            base_url=site, viewport={"width": 360, "height": 740}
        )
        assert len(weigh(fresh.new_page(), "/")) <= 16
        assert len(weigh(fresh.new_page(), "/events/1")) <= 16
        fresh.close()


def shifts_when_fonts_come_late(pages, path):
    """How far things move in each page when the fonts arrive after it was shown, as on a first
    visit. In all of them meanwhile: most of the time is waited."""
    held, is_over = [[] for _ in pages], False

    def hold_in(page, kept):
        def hold(route):
            route.continue_() if is_over else kept.append(route)

        page.route("**/*.woff2", hold)

    for page, kept in zip(pages, held, strict=True):
        hold_in(page, kept)
        page.goto(path, wait_until="domcontentloaded")
    pages[-1].wait_for_timeout(300)
    assert all(len(kept) >= 2 for kept in held)
    is_over = True
    for kept in held:
        for route in kept:
            route.continue_()
    for page in pages:
        page.evaluate("document.fonts.ready.then(() => true)")
        page.evaluate(f"() => {{ window.measured = ({METRICS})() }}")
    return [page.evaluate("measured")["cls"] for page in pages]


@pytest.mark.parametrize("path", ["/", "/events/1", "/sign-in"])
def test_fonts_that_come_late_move_nothing(browser, season, site, path):
    widths = (360, 390, 412)
    fresh = [
        browser.new_context(base_url=site, viewport={"width": width, "height": 740})
        for width in widths
    ]
    shifts = shifts_when_fonts_come_late([context.new_page() for context in fresh], path)
    for context in fresh:
        context.close()
    assert max(shifts) <= 0.05, dict(zip(widths, shifts, strict=True))


def test_without_stand_ins_of_their_width_late_fonts_would_be_seen_to_move_things(
    browser, season, site
):
    fresh = browser.new_context(base_url=site, viewport={"width": 412, "height": 740})
    page = fresh.new_page()

    def without_stand_ins(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('local("', 'local("None '))

    page.route("**/site.css*", without_stand_ins)
    # The menu would not fit beside the name, and goes back there.
    assert shifts_when_fonts_come_late([page], "/")[0] > 0.05
    fresh.close()


def test_a_poll_without_news_is_a_few_bytes_and_a_fragment_is_small(visit, season, site):
    import httpx

    with httpx.Client(base_url=site, headers={"HX-Request": "true"}) as client:
        counter = client.get("/events/1/seats")
        version = counter.text.partition("v=")[2].partition('"')[0]
        quiet = client.get(f"/events/1/seats?v={version}")
        results = client.get("/?q=evening", headers={"HX-Target": "results"})
    assert quiet.status_code == 204
    assert len(quiet.content) == 0
    # With the booking form, which is sent along when a sale begins.
    assert len(gzip.compress(counter.content)) <= 1.25 * KB
    assert len(gzip.compress(results.content)) <= 6 * KB


def test_whoever_wants_no_motion_gets_none(visit, season):
    with visit(reduced_motion="reduce") as page:
        moving = page.evaluate(
            "[...document.querySelectorAll('*')].filter(n => "
            "parseFloat(getComputedStyle(n).transitionDuration) > 0 || "
            "getComputedStyle(n).animationName !== 'none').length"
        )
    assert moving == 0
