"""Slow clients at the proxies: they reach no web process, and hold nobody up."""

import json
import os
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
import trustme

from tests.deploy import proxies
from tests.deploy.conftest import Town
from tests.deploy.proxies import HOST
from tests.overload.test_slow_clients import P99, SECONDS, SLOW
from tests.support.servers import wait_until
from tests.support.threads import at_once

# Each run plays them against the site itself: `tests/overload/test_slow_clients.py`.
pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("durable")]
MANY = int(os.environ.get("SLOW_CLIENTS", "1500"))
BUYERS = 8
TRIES = 3
"""Measurements, on a machine with other work that comes and goes; one that is good is enough."""
ELSEWHERE = ("127.0.0.2", 0)
"""Where the buyers are: the address of the slow clients is used up."""


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def town(request, migrated_app, settings, folder):
    if not (proxies.NGINX if request.param == "nginx" else proxies.CADDY):
        pytest.skip(proxies.NOT_RUN[request.param])
    place = folder / f"slow-{request.param}"
    town = Town(settings, place, LIMIT_API_ADDRESS="off")
    try:
        town.start()
        with _behind(request.param, place, town) as town.port:
            wait_until(lambda: _book(town, {"user_id": 1, "event_id": 1})[0] is not None)
            yield town
    finally:
        town.stop()


@contextmanager
def _behind(proxy, place, town):
    if proxy == "nginx":
        town.tls = None
        with proxies.nginx(place, town.ports) as url:
            yield int(url.rsplit(":", 1)[1])
    else:
        authority = trustme.CA()
        town.tls = ssl.create_default_context()
        authority.configure_trust(town.tls)
        with proxies.caddy(place, town.ports, authority.issue_cert(HOST)) as port:
            yield port


def _book(town, wish):
    """From another address, over a connection of its own: (status, seconds), or no status without
    an answer."""
    began = time.monotonic()
    try:
        with closing(HTTPConnection("127.0.0.1", town.port, 10, ELSEWHERE)) as line:
            line.connect()
            if town.tls:
                line.sock = town.tls.wrap_socket(line.sock, server_hostname=HOST)
            facts = {**town.admin, "Host": f"{HOST}:{town.port}"}
            facts["Content-Type"] = "application/json"
            line.request("POST", "/api/bookings", json.dumps(wish), facts)
            status = line.getresponse().status
    except OSError:
        status = None
    return status, time.monotonic() - began


@pytest.mark.parametrize("kind", ["headers", "body"])
def test_slow_clients_reach_no_web_process_and_hold_no_booking_up(
    town, clean, make_event, make_user, kind
):
    wish = {"event_id": make_event(capacity=100_000).id, "user_id": make_user().id}
    for _ in range(TRIES):
        answers, became, most = beside_slow_clients(town, wish, kind)
        seconds = sorted(seconds for _, seconds in answers)
        p99 = seconds[int(len(seconds) * 0.99)]
        print(f"{len(answers)} bookings, p99 {1000 * p99:.0f} ms; slow clients: {became}")
        print(f"at most {most} connections to the web processes")
        assert {status for status, _ in answers} == {201}
        # With TLS so many can't all be begun in the time.
        assert became["ended"] + became["open"] > MANY / 2
        assert most < 200
        if p99 < P99:
            break
    assert p99 < P99


def beside_slow_clients(town, wish, kind):
    """What buyers were told, what became of the slow clients, and the most connections that web
    processes had."""
    seconds = 2 * SECONDS if town.tls else SECONDS  # to begin them takes longer
    words = ["127.0.0.1", town.port, kind, MANY, seconds, f"{HOST}:{town.port}"]
    words += ["tls"] if town.tls else []
    command = [sys.executable, str(SLOW), *map(str, words)]
    crowd = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    answers, connections = [], []

    def buy():
        while crowd.poll() is None:
            answers.append(_book(town, wish))
            time.sleep(0.05)

    def count():
        while crowd.poll() is None:
            connections.append(sum(_connections(port) for port in town.ports))
            time.sleep(0.5)

    counting = threading.Thread(target=count)
    counting.start()
    at_once([buy] * BUYERS)
    counting.join()
    return answers, json.loads(crowd.communicate()[0]), max(connections)


def _connections(port):
    """Established ones to a port of this machine, as Linux lists them."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(
        line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01" for line in lines
    )
