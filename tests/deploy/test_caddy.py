"""The site with HTTPS, behind the proxy of docker-compose.https.yml."""

import signal
import socket
import ssl

import httpx
import pytest
import trustme

from tests.deploy import proxies
from tests.deploy.conftest import Town
from tests.deploy.proxies import HOST
from tests.deploy.rooms import check_the_room_is_told_from_a_file
from tests.support.own_pages import PEOPLE, Crowd, cookie_name
from tests.support.servers import wait_until
from tools.vendored import ROOT


@pytest.fixture(scope="module")
def town(migrated_app, settings, folder):
    if not proxies.CADDY:
        pytest.skip(proxies.NOT_RUN["caddy"])
    authority = trustme.CA()
    town = Town(settings, folder / "https")
    town.trust = ssl.create_default_context()
    authority.configure_trust(town.trust)
    try:
        town.start()
        with proxies.caddy(folder / "https", town.ports, authority.issue_cert(HOST)) as port:
            town.port = port
            wait_until(lambda: answers(port))
            yield town
    finally:
        town.stop()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def ask(town):
    """A request to the proxy by the site's name, as a browser would make it."""
    with httpx.Client(verify=town.trust, base_url=f"https://127.0.0.1:{town.port}") as client:

        def ask(path, **headers):
            headers = {"Host": f"{HOST}:{town.port}", "Accept": "text/html", **headers}
            return client.get(path, headers=headers, extensions={"sni_hostname": HOST})

        yield ask


def test_the_site_knows_that_it_is_served_by_https(ask, town, clean):
    answer = ask("/sign-in")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-utsavam=")
    assert "Secure; HttpOnly; Path=/; SameSite=Lax" in cookie
    assert f"https://{HOST}:{town.port}/events.atom" in ask("/events.atom").text


def test_nobody_claims_plain_http(ask, clean):
    answer = ask("/", **{"X-Forwarded-Proto": "http", "X-Forwarded-For": "10.0.0.1"})
    assert "Strict-Transport-Security" in answer.headers


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
def test_files_come_in_the_encoding_that_each_browser_wants(ask, encoding):
    wanted = {"Accept-Encoding": encoding}
    answer = ask("/static/css/site.css?v=1", **wanted)
    assert answer.headers.get("Content-Encoding", "identity") == encoding
    assert answer.text == (ROOT / "static/css/site.css").read_text()
    known = {"If-None-Match": answer.headers["ETag"], **wanted}
    assert ask("/static/css/site.css?v=1", **known).status_code == 304


def test_a_waiting_room_is_told_from_a_file(app, ask, clean, folder, make_event):
    check_the_room_is_told_from_a_file(app, ask, folder / "https", make_event().id)


def test_sixty_people_behind_the_proxy_see_each_their_own(
    app, town, clean, make_event, make_user, make_booking
):
    base, host = f"https://127.0.0.1:{town.port}", f"{HOST}:{town.port}"
    way = {"base_url": base, "host": host, "trust": town.trust}
    crowd = Crowd(app, cookie_name(**way), make_event(capacity=1000), make_user, make_booking)
    crowd.look(3, **way)
    assert not crowd.faults
    assert crowd.statuses == {200: PEOPLE * 3}


def test_a_site_that_is_stopped_is_passed_over(ask, town, clean, folder):
    """The last one here: nobody is in town afterwards."""
    town.sites[0].signal(signal.SIGQUIT)
    town.sites[0].wait(10)
    assert [ask("/api/events").status_code for _ in range(6)] == [200] * 6
    town.stop()
    away = ask("/api/events")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "2")
    # Nor does it log what could not be passed on: a ticket's secret address would stand there.
    assert ask(f"/tickets/{'7' * 12}{'x' * 22}?new=1").status_code == 503
    assert "7" * 12 not in (folder / "https" / "caddy" / "output.log").read_text()
