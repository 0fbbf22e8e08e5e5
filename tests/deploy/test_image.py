"""The image: built by hand from what the Dockerfile copies and runs, and served as it says."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.demo.servers import free_port
from app.lib.processes import stop_process
from tests.deploy import image as by_hand
from tests.support.proxy import CommitProxy

SMALL = 200
"""Megabytes of what we put on top of the base image."""
STARTED_WITHIN = 20
"""Seconds: the start period of its health check."""
NOBODY = {"user": 10001, "group": 10001, "extra_groups": []} if os.geteuid() == 0 else {}
"""The image's user, where we may become another; else we are nobody of importance ourselves."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(False, id="with the tests' own environment"),
        pytest.param(True, id="from its lock", marks=pytest.mark.whole),
    ],
)
def image(request):
    python = by_hand.python_for(NOBODY) if request.param else None
    if request.param and python is None:
        pytest.skip("NOT RUN: the image from its lock; no Python here that another user may run")
    root = Path(tempfile.mkdtemp(prefix="ut-image-"))
    root.chmod(0o755)
    (root / "tmp").mkdir()
    image = by_hand.build("web", root, python=python)
    yield image
    shutil.rmtree(root)


@pytest.fixture
def environment(image, settings, postgres_url, clean):
    """What a platform gives it, and its own; nothing of ours. Whoever it runs as could not open
    the database's socket file, so it goes over TCP."""
    database = CommitProxy(postgres_url)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    yield {
        **{name: value.replace("$PATH", path) for name, value in image.environment.items()},
        "DATABASE_URL": database.url,
        "REDIS_URL": settings.redis_url,
        "ADMIN_KEY": settings.admin_key[0],
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": "tickets.example.org",
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
    }
    database.close()


def owner(image):
    """The tests' own environment may lie where another user can't go."""
    return NOBODY if image.python else {}


def run(image, command, environment):
    return subprocess.run(
        [image.placed(word) for word in command],
        cwd=image.folder,
        env=environment,
        capture_output=True,
        text=True,
        **owner(image),
    )


@contextmanager
def served(image, environment):
    process = subprocess.Popen(
        image.command,
        cwd=image.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        executable=shutil.which(image.command[0], path=environment["PATH"]),
        start_new_session=True,
        **owner(image),
    )
    try:
        yield f"http://127.0.0.1:{environment['PORT']}"
    finally:
        stop_process(process)


def wait_until_well(image, environment):
    """By the health check of the image itself; answers the seconds it took."""
    began = time.monotonic()
    while (asked := run(image, image.healthcheck, environment)).returncode:
        assert time.monotonic() - began < STARTED_WITHIN, asked.stderr
        time.sleep(0.1)
    return time.monotonic() - began


def test_the_image_holds_what_the_site_needs_and_serves_it_as_nobody(image, environment):
    assert image.user == 10001
    assert run(image, image.healthcheck, environment).returncode == 1
    migrated = run(image, ["flask", "db", "upgrade"], environment)
    assert migrated.returncode == 0, migrated.stderr
    with served(image, environment) as url:
        seconds = wait_until_well(image, environment)
        print(f"well after {seconds:.1f} s")
        answer = httpx.get(f"{url}/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        page = httpx.get(url, headers={"Host": "tickets.example.org", "Accept": "text/html"})
        assert page.status_code == 200
        for asset in ("/static/js/app.js", "/static/css/site.css"):
            assert httpx.get(url + asset).status_code == 200, asset


def test_the_image_holds_nothing_of_the_tests_nor_secrets(image):
    names = {path.name for path in image.folder.iterdir()} - {"__pycache__"}
    assert names == {"wsgi.py", "gunicorn.conf.py", "app", "migrations", "static", "templates"}
    assert not list(image.folder.rglob(".env*"))


def test_the_image_is_small(image):
    size = sum(f.lstat().st_size for f in image.root.rglob("*")) / 1e6
    print(f"{size:.0f} MB on top of the base image")
    assert size < SMALL


def test_the_image_refuses_to_serve_with_a_missing_key(image, environment):
    refused = run(image, image.command, {**environment, "ADMIN_KEY": ""})
    assert refused.returncode != 0
    assert "ADMIN_KEY is missing" in refused.stdout + refused.stderr
