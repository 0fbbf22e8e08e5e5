"""How soon a page is there: the goals of the design, measured, so it has the machine alone."""

import pytest

from tests.browser.metrics import METRICS

SLOW_LINE = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 200_000,
    "uploadThroughput": 94_000,
}
"""Milliseconds, bytes a second."""


@pytest.mark.parametrize("path", ["/", "/events/1"])
def test_nothing_jumps_and_the_page_is_there_soon(visit, season, path):
    """Ten times the design's goal for the paint, since machines here are shared; the shift is
    counted, not timed."""
    with visit(width=360, height=740) as page:
        page.goto(path)
        metrics = page.evaluate(METRICS)
    assert metrics["cls"] <= 0.05
    assert metrics["lcp"] <= 6000


@pytest.mark.parametrize("path", ["/", "/events/1", "/sign-in"])
def test_over_a_slow_line_nothing_jumps_either(visit, season, path):
    """1.6 Mbit/s, 150 ms and a quarter of a processor. The line sets most of the time, so the
    paint is held here too: to three times its goal, since machines are shared."""
    with visit(width=360, height=740) as page:
        slow = page.context.new_cdp_session(page)
        slow.send("Network.enable")
        slow.send("Network.emulateNetworkConditions", SLOW_LINE)
        slow.send("Network.clearBrowserCache")
        slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(path, wait_until="networkidle")
        metrics = page.evaluate(METRICS)
    assert metrics["cls"] <= 0.1
    assert 0 < metrics["lcp"] <= 3 * 1800
