"""Whether PostgreSQL allows the connections is asked before the site serves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.operations.connection_budget import complaint
from tests.support.site import Site

ROOT = Path(__file__).parents[2]


def test_pools_that_fit_are_no_complaint(settings):
    assert complaint(settings) is None


def test_too_many_connections_are_told_with_what_to_do(settings):
    greedy = settings.model_copy(update={"web_concurrency": 9, "database_pool_size": 20})
    told = complaint(greedy)
    assert "9 processes may open 216 database connections (20 + 4 each)" in told
    assert "PostgreSQL allows 97" in told
    assert "lower WEB_CONCURRENCY" in told


def test_a_database_that_is_away_is_no_complaint_yet(settings):
    away = settings.model_copy(
        update={"web_concurrency": 99, "database_url": "postgresql+psycopg://127.0.0.1:1/none"}
    )
    assert complaint(away) is None


@pytest.mark.long
def test_whether_anybody_answered_is_told_by_the_exit_code(settings):
    def code(url):
        words = [sys.executable, "-m", "app.operations.connection_budget"]
        return subprocess.run(words, env={**os.environ, "DATABASE_URL": url}, cwd=ROOT).returncode

    assert code("postgresql://127.0.0.1:1/none") == os.EX_TEMPFAIL
    assert code(settings.database_url) == 0


@pytest.mark.parametrize(
    ("worker_class", "threads", "size"), [("gevent", 4, 10), ("gthread", 4, 4), ("gthread", 64, 10)]
)
def test_the_pool_is_as_large_as_the_workers_need(settings, worker_class, threads, size):
    changed = {"worker_class": worker_class, "worker_threads": threads, "database_pool_size": None}
    assert settings.model_copy(update=changed).pool_size == size


@pytest.mark.long
def test_a_site_with_too_many_connections_does_not_start(settings, migrated_app, folder):
    greedy = {"WEB_CONCURRENCY": "9", "DATABASE_POOL_SIZE": "20"}
    site = Site(settings, folder / "greedy", **greedy)
    with pytest.raises(RuntimeError, match="PostgreSQL allows 97"):
        site.__enter__()


def test_the_server_of_metrics_is_counted_with_the_others(settings, migrated_app):
    fits = settings.model_copy(update={"web_concurrency": 4, "database_pool_size": 20})
    assert complaint(fits) is None  # 96 of 97
    assert complaint(fits.model_copy(update={"metrics_port": 9101})) is not None
