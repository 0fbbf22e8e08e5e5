"""Metrics are open to nobody unless a setting says so, and tell of no person."""

import os
import re
import secrets
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from app.metrics import OUTCOMES, POOLS, VERDICTS
from tests.metrics.conftest import Metered
from tests.metrics.quick import WRITTEN
from tests.support.site import ROOT
from tests.support.stopwatch import quickest

KEY = secrets.token_urlsafe(32)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
BOUNDED = {
    "method": METHODS,
    "status": {"2xx", "3xx", "4xx", "5xx", "503"},
    "outcome": {*OUTCOMES},
    "verdict": {*VERDICTS.values()},
    "pool": {*POOLS},
    "part": {"database", "migrations", "redis"},
    "state": {"queued", "sent", "given_up"},
}


@pytest.fixture(scope="module")
def locked(metered_settings, folder):
    with Metered(
        metered_settings, folder / "locked", METRICS_KEY=KEY, WEB_CONCURRENCY="1"
    ) as metered:
        yield metered


def listening(pid):
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    found = [c for p in processes for c in p.net_connections() if c.status == "LISTEN"]
    return {connection.laddr for connection in found}


def test_without_the_setting_no_port_is_open_but_the_sites_own(running_site):
    addresses = listening(running_site.pid)
    assert {f"http://{host}:{port}" for host, port in addresses} == {running_site.url}
    assert "app.exporter" not in str(
        [p.cmdline() for p in psutil.Process(running_site.pid).children()]
    )


def test_with_the_setting_it_is_open_on_loopback_alone_and_the_log_says_so(metered):
    ours = {address for address in listening(metered.site.pid) if address.port == metered.port}
    assert ours == {("127.0.0.1", metered.port)}
    told = f"Metrics are served on 127.0.0.1:{metered.port}, without a key"
    assert told in metered.site.log.read_text()


@pytest.mark.parametrize("address", ["/metrics", "/api/metrics", "/metrics/"])
def test_the_sites_own_port_tells_nothing(metered, admin, address):
    answer = httpx.get(metered.url + address, headers=admin)
    assert answer.status_code == 404
    assert "utsavam_" not in answer.text


def test_nothing_is_told_without_the_key_or_with_another(locked, settings):
    wrong = ["x", KEY[:-1], KEY + "x", KEY.lower(), settings.admin_key[0], "\xff" * 40]
    headers = [{}, *({"Authorization": f"Bearer {key}".encode("latin-1")} for key in wrong)]
    headers += [{"Authorization": KEY}, {"Authorization": f"Basic {KEY}"}, {"X-Admin-Key": KEY}]
    for header in headers:
        answer = httpx.get(locked.address, headers=header)
        assert (answer.status_code, answer.text) == (401, "")
    assert locked.read().status_code == 200
    assert "with METRICS_KEY" in locked.site.log.read_text()


def test_there_is_nothing_beside_the_one_address(locked):
    key = {"Authorization": f"Bearer {KEY}"}
    base = locked.address.removesuffix("/metrics")
    for path in ("/", "/metrics/", "/metrics/../etc/passwd", "/favicon.ico"):
        assert httpx.get(base + path, headers=key).status_code == 404
        assert httpx.get(base + path).status_code == 401


def test_somebody_who_says_nothing_keeps_nobody_waiting(locked):
    import socket

    silent = [socket.create_connection(("127.0.0.1", locked.port)) for _ in range(20)]
    try:
        assert quickest(locked.read, 3) < 3
    finally:
        for one in silent:
            one.close()


def test_a_weak_key_or_an_open_port_without_one_starts_nothing(settings, folder, migrated_app):
    refused = {
        "METRICS_KEY looks like a default": {"METRICS_KEY": "change_me"},
        "METRICS_KEY is missing": {"METRICS_HOST": "0.0.0.0"},
    }
    for sentence, environment in refused.items():
        site = Metered(settings, folder / "weak", **environment).site
        with pytest.raises(RuntimeError, match=sentence):
            site.__enter__()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--help"], 0, "where the workers keep their figures"),
        (["/nowhere/at-all"], 2, "folder: /nowhere/at-all is none"),
        (["."], 1, "METRICS_PORT is missing"),
    ],
)
def test_the_servers_command_says_what_it_wants(words, code, said, settings, tmp_path):
    keys = {"ADMIN_KEY": settings.admin_key[0], "SECRET_KEY": settings.secret_key}
    ran = subprocess.run(
        [sys.executable, "-m", "app.exporter", *words],
        cwd=tmp_path,
        env={**os.environ, **keys, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == code
    assert said in ran.stdout + ran.stderr


def test_every_label_has_a_bounded_number_of_values_and_none_is_a_persons(
    metered, migrated_app, make_event, make_user
):
    user = make_user(email="asha@example.com", name="Asha Rao")
    event = make_event(name="Veena Evening", capacity=5)
    assert metered.book(user.id, event.id, key="asha-1") == 201
    with httpx.Client(base_url=metered.url, headers={"Accept": "text/html"}) as client:
        client.get(f"/events?q={user.email}")
        client.get(f"/events/{event.id}/veena-evening")
        client.post("/sign-in", data={"email": user.email, "password": "rice and flour"})
    time.sleep(WRITTEN)
    rules = {rule.rule for rule in migrated_app.url_map.iter_rules()} | {"none"}
    for family in metered.families().values():
        for sample in family.samples:
            for label, value in sample.labels.items():
                assert label == "le" or value in BOUNDED.get(label, rules), sample
    text = metered.text().lower()
    for private in ("asha", "veena", "example.com", "rice", "@"):
        assert private not in text
    assert not re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b", text)
