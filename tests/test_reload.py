"""A reload for new settings: good ones are taken, wrong ones leave everything as it is."""

import signal
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.servers import wait_until
from tests.support.site import Site


@pytest.fixture
def site(settings, migrated_app, folder):
    with Site(settings, folder / "reload") as site:
        yield site


def workers(site):
    return {worker.pid for worker in psutil.Process(site.pid).children()}


def reload(site, folder, line):
    Path(folder / "reload" / ".env").write_text(f"{line}\n")
    site.signal(signal.SIGHUP)


@pytest.mark.parametrize(
    "line",
    [
        "LIMIT_BOOKING=lots",
        pytest.param("TRUSTED_HOSTS=https://tickets.example.org", marks=pytest.mark.whole),
    ],
)
def test_a_reload_with_wrong_settings_is_refused_and_the_site_goes_on(site, folder, line):
    before = workers(site)
    reload(site, folder, line)
    wait_until(lambda: "Not reloaded, for the settings are wrong" in site.log.read_text(), 10)
    assert line.partition("=")[0] in site.log.read_text()
    assert workers(site) == before
    assert httpx.get(f"{site.url}/health").status_code == 200
    reload(site, folder, "LIMIT_BOOKING=50 per minute")
    wait_until(lambda: len(workers(site)) == 2 and not before & workers(site), 20)
    # They are there; loading the application takes them longer on a busy machine.
    assert httpx.get(f"{site.url}/health", timeout=20).status_code == 200
