"""A site whose metrics are served, and what they say."""

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.demo.servers import free_port
from tests.support.servers import wait_until
from tests.support.site import Site

SERVER = "app.exporter"


def works(process):
    """Whether it is a web process that lives; one may end between two questions about it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and SERVER not in process.cmdline()
    except psutil.NoSuchProcess:
        return False


class Metered:
    """A context manager: a running site, and a reader of its metrics."""

    def __init__(self, settings, folder, **environment):
        self.port = free_port()
        self._key = environment.get("METRICS_KEY")
        self._admin_key = settings.admin_key[0]
        self.address = f"http://127.0.0.1:{self.port}/metrics"
        ports = {"METRICS_PORT": str(self.port)}
        self.site = Site(settings, folder, "tests.metrics.quick:app()", **ports, **environment)
        self.url = self.site.url

    def __enter__(self):
        self.site.__enter__()
        try:
            wait_until(self.is_served, 20)
        except BaseException:
            self.site.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        self.site.__exit__()

    def is_served(self):
        try:
            return self.read().status_code == 200
        except httpx.HTTPError:
            return False

    def read(self, key=None):
        key = key or self._key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.get(self.address, headers=headers, timeout=15)

    def text(self):
        return self.read().raise_for_status().text

    def families(self):
        return {family.name: family for family in text_string_to_metric_families(self.text())}

    def samples(self, name):
        """What a metric says now, by its labels' values in the order of the labels' names."""
        return {
            tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
            for family in self.families().values()
            for sample in family.samples
            if sample.name == f"utsavam_{name}"
        }

    def value(self, name, *labels):
        return self.samples(name).get(labels, 0)

    def children(self):
        return psutil.Process(self.site.pid).children()

    def workers(self):
        return [child for child in self.children() if works(child)]

    def server(self):
        (server,) = (child for child in self.children() if SERVER in child.cmdline())
        return server

    def book(self, user, event, key=None, kind="application/json", **how):
        """By the fast path; with another `kind`, by Flask."""
        wish = httpx.Request(
            "POST", "/", json={"user_id": user, "event_id": event, "seats": how.get("seats", 1)}
        )
        headers = {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
        url = f"{self.url}/api/bookings"
        return httpx.post(url, content=wish.content, headers=headers, timeout=15).status_code

    def issue(self, event, **wanted):
        """As staff book for somebody."""
        path = f"{self.url}/api/admin/events/{event}/bookings"
        wish = {"email": "meena@example.com", "seats": 1, **wanted}
        headers = {"X-Admin-Key": self._admin_key}
        return httpx.post(path, json=wish, headers=headers, timeout=15).status_code


@pytest.fixture(scope="session")
def metered_settings(settings, migrated_app):
    return settings


@pytest.fixture(scope="session")
def metered_site(metered_settings, folder):
    with Metered(metered_settings, folder / "metered") as metered:
        yield metered


@pytest.fixture
def metered(clean, metered_site):
    """Two gevent workers that count, on empty tables. Their counters go on from test to test."""
    return metered_site
