"""The topology of docker-compose.yml as processes: a proxy, two web processes with two workers
each, one PostgreSQL, one Redis."""

import re
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.deploy import proxies
from tests.deploy.proxies import HOST
from tests.support.site import Site


class Town:
    """The sites behind one proxy; each can be stopped, and started again where it was."""

    def __init__(self, settings, folder, **wishes):
        wishes = {
            # Two sites are two processes.
            "WEB_CONCURRENCY": "1",
            "DEMO": "0",
            "API_ACCESS": "token",
            "TRUSTED_HOSTS": HOST,
            "PROXY_HOPS": "1",
            "HTTPS": "1",
            "WAITING_ROOM_FILES": str(folder / proxies.ROOMS),
            **wishes,
        }
        (folder / proxies.ROOMS).mkdir(parents=True)
        self.sites = [Site(settings, folder / f"site{n}", **wishes) for n in range(2)]
        self.admin = {"X-Admin-Key": settings.admin_key[0], "Host": HOST}

    @property
    def ports(self):
        return [int(site.url.rsplit(":", 1)[1]) for site in self.sites]

    def start(self):
        with ThreadPoolExecutor() as pool:
            list(pool.map(Site.__enter__, self.sites))

    def stop(self):
        """At once, whatever is under way: gunicorn would else serve the proxy's connections to
        their end."""
        for site in self.sites:
            site.signal(signal.SIGQUIT)
        for site in self.sites:
            site.__exit__()


@pytest.fixture(scope="module")
def town(migrated_app, settings, folder):
    if not proxies.NGINX:
        pytest.skip(proxies.NOT_RUN["nginx"])
    town = Town(settings, folder / "town")
    try:
        town.start()
        with proxies.nginx(folder / "town", town.ports) as url:
            town.url = url
            yield town
    finally:
        town.stop()


class Browser:
    """It sends every cookie back, also over plain HTTP: what stands between it and the proxy, and
    speaks TLS, is left out here."""

    def __init__(self, url, sent_from="127.0.0.1", **headers):
        transport = httpx.HTTPTransport(local_address=sent_from)
        headers = {"Host": HOST, "Accept": "text/html", **headers}
        self._client = httpx.Client(transport=transport, base_url=url, headers=headers)
        self._cookies, self.csrf = {}, None

    def get(self, path):
        return self._keep(self._client.get(path, headers=self._cookie()))

    def post(self, path, facts=None, **options):
        facts = {"csrf_token": self.csrf, **(facts or {})}
        return self._keep(self._client.post(path, data=facts, headers=self._cookie(), **options))

    def close(self):
        self._client.close()

    def _cookie(self):
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    def _keep(self, answer):
        for line in answer.headers.get_list("Set-Cookie"):
            name, value = line.split(";")[0].split("=", 1)
            self._cookies[name] = value
        if found := re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text):
            self.csrf = found[1]
        return answer


@pytest.fixture
def make_browser(town):
    made = []

    def make(*words, **headers):
        made.append(Browser(town.url, *words, **headers))
        return made[-1]

    yield make
    for browser in made:
        browser.close()
