"""Line 3: nothing is served with a key that anybody could guess, and the demo on loopback alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import Settings
from app.demo.servers import free_port
from app.errors import WrongCredentials
from app.services import accounts, demo
from tests.unit.test_config import PUBLIC, problems

ROOT = Path(__file__).parents[2]
WEAK_KEYS = {
    "": "is missing",
    "CHANGE_ME": "looks like a default",
    "my-secret-key-of-many-letters-1234": "looks like a default",
    "password1234567890abcdefgh": "looks like a default",
    "Zk3vQ9": "too short",
    "q7Zt1-mWx9Lc4Rk0Vb8Ys": "too short",
    "a" * 64: "too plain",
    "abcabcabcabcabcabcabcabcabc": "too plain",
}


@pytest.mark.parametrize("name", ["admin_key", "secret_key"])
@pytest.mark.parametrize(("key", "fault"), WEAK_KEYS.items())
def test_line_03_a_weak_key_is_named_with_its_fault_and_the_cure(name, key, fault):
    (problem,) = problems(**{name: (key,) if name == "admin_key" and key else key})
    assert problem.startswith(name.upper())
    assert fault in problem
    assert "token_urlsafe" in problem


@pytest.mark.parametrize("exposure", [PUBLIC, {"proxy_hops": 1}])
def test_line_03_the_demo_serves_loopback_without_a_proxy_only(exposure):
    assert problems(demo=True) == []
    assert any("DEMO=1" in problem for problem in problems(demo=True, **exposure))


def test_line_03_the_demo_needs_no_keys_of_its_own():
    assert Settings(demo=True).problems() == []


def run_wsgi(tmp_path, **environment):
    return subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_line_03_the_site_refuses_to_start_with_weak_keys_and_says_why(tmp_path):
    run = run_wsgi(tmp_path, ADMIN_KEY="CHANGE_ME", DATABASE_URL="postgresql:///none")
    assert run.returncode == 1
    assert [line.split()[:2] for line in run.stderr.splitlines()] == [
        ["utsavam:", "ADMIN_KEY"],
        ["utsavam:", "SECRET_KEY"],
    ]


def test_line_03_no_problem_shows_the_key_itself():
    weak = "hunter2hunter2"
    assert weak not in str(problems(admin_key=weak, secret_key=weak))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ADMIN_KEY": ""}, "ADMIN_KEY is missing"),
        ({"SECRET_KEY": "CHANGE_ME"}, "SECRET_KEY looks like a default"),
        ({"ADMIN_KEY": "Zk3vQ9"}, "ADMIN_KEY is too short"),
        ({"DEMO": "1", "HOST": "0.0.0.0"}, "DEMO=1 may only serve 127.0.0.1"),
    ],
)
def test_line_03_gunicorn_refuses_to_start_before_it_listens(settings, tmp_path, changes, said):
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "ADMIN_KEY": settings.admin_key[0],
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": "tickets.example.org",
        "PORT": str(free_port()),
        "PYTHONPATH": str(ROOT),
        **changes,
    }
    run = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode != 0
    assert f"utsavam: {said}" in run.stderr
    assert "Listening at" not in run.stderr


def test_line_03_outside_the_demo_nobody_has_the_demos_password(client, admin, desk, app):
    assert client.post("/api/admin/seed_demo_data", headers=admin).status_code == 201
    with app.app_context():
        for name in demo.USERS:
            assert accounts.find_user(f"{name}@example.com")
            with pytest.raises(WrongCredentials):
                accounts.authenticate(f"{name}@example.com", demo.PASSWORD)
