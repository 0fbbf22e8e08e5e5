"""What every test stands on: a throwaway PostgreSQL, a throwaway Valkey, and the application."""

import gc
import os
import secrets
import shutil
import signal
import tempfile
from pathlib import Path

import flask_migrate
import psycopg
import pytest
import redis as redis_client
from argon2 import PasswordHasher
from jinja2 import FileSystemBytecodeCache

from app import create_app
from app.config import Settings
from app.db import db
from app.demo.servers import Postgres, RedisServer
from app.operations.database_roles import APP_ROLE, grant
from app.services import accounts
from tests.browser import html_checker
from tests.deploy import networks, proxies
from tests.factories import Factories
from tests.metrics import promtool
from tests.support import certificates, razorpay_api, stripe_api
from tests.support.logbook import LOGBOOK
from tests.support.servers import SYSTEM_REDIS, flush_commits, forget_cluster, libpq
from tests.support.site import Site
from tests.support.sums import assert_seats_add_up
from tests.support.tables import empty_tables
from tests.support.turns import Turns, wants_to_be_alone

TURNS = pytest.StashKey()
SELLER = {
    "ORGANISER_NAME": "Sangeet Sabha",
    "ORGANISER_ADDRESS": "12 Temple Street, Chennai",
    "CONTACT_EMAIL": "sabha@example.org",
    "UPI_ADDRESS": "sabha@examplebank",
    "TAX_NAME": "GST",
    "TAX_RATE": "18",
    "TAX_NUMBER": "33AABCU9603R1ZU",
    "TAX_CODE": "999629",
    "TERMS_PAGE": str(Path(__file__).parent / "support" / "terms.md"),
    "PRIVACY_PAGE": str(Path(__file__).parent / "support" / "terms.md"),
}
"""Who sells on the site that browsers visit."""


def pytest_configure(config):
    """A developer's own environment must not change what is tested."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    LOGBOOK.begin()
    certificates.share()
    # A run that is told to stop ends its servers too, as after Ctrl-C; also one in the background,
    # where a shell has interrupts ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter):
    if not SYSTEM_REDIS:
        terminalreporter.write_line(
            "redis-server is not on PATH: booking was tested with Valkey alone", yellow=True
        )
    for sentence in proxies.missing():
        terminalreporter.write_line(sentence, yellow=True)
    if not networks.may_try():
        terminalreporter.write_line(networks.NOT_RUN, yellow=True)
    if promtool.PROMTOOL is None:
        terminalreporter.write_line(promtool.NOT_RUN, yellow=True)
    if html_checker.jar_file() is None:
        terminalreporter.write_line(html_checker.NOT_RUN, yellow=True)


@pytest.fixture(scope="session", autouse=True)
def nothing_private_is_logged():
    """Searched when all tests of this process have made us log, and all their sites have ended."""
    yield
    assert LOGBOOK.faults() == []


@pytest.fixture(scope="session")
def turns(tmp_path_factory, worker_id, pytestconfig):
    """None where one process runs all tests."""
    # The processes' own folders stand side by side in one of the run.
    turns = None if worker_id == "master" else Turns(tmp_path_factory.getbasetemp().parent)
    pytestconfig.stash[TURNS] = turns
    return turns


@pytest.fixture(autouse=True)
def turn(request, turns):
    if turns is None:
        yield
    elif wants_to_be_alone(request.path):
        turns.stay_alone()
        yield
    else:
        with turns.together():
            yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    try:
        return (yield)
    finally:
        turns = item.config.stash.get(TURNS, None)
        if turns and not (nextitem and wants_to_be_alone(nextitem.path)):
            turns.let_in()


@pytest.fixture(scope="session")
def folder():
    # A short path: a socket file's address holds about a hundred bytes.
    path = Path(tempfile.mkdtemp(prefix="ut-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def postgres_url(folder):
    """A cluster that is thrown away, so its commits wait for no disk: 0.1 ms instead of 1.2."""
    server = Postgres(folder / "pg")
    try:
        flush_commits(server.start(), flushes=False)
        yield server.url
    finally:
        server.stop()
        forget_cluster(folder / "pg")


@pytest.fixture(scope="module")
def durable(postgres_url):
    """What is committed meanwhile is on the disk, as where people book: for what is measured."""
    flush_commits(postgres_url, flushes=True)
    yield
    flush_commits(postgres_url, flushes=False)


@pytest.fixture(scope="session")
def redis_url(folder):
    server = RedisServer(folder / "redis")
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def settings(postgres_url, redis_url):
    made = Settings(
        # As in production, the site does not own its tables.
        database_url=postgres_url.replace("//postgres@", f"//{APP_ROLE}@"),
        redis_url=redis_url,
        admin_key=(secrets.token_urlsafe(32),),
        secret_key=secrets.token_urlsafe(32),
        api_access="token",
        demo=False,
        host="127.0.0.1",
        https=False,
        database_pool_size=20,
        # Each request that the tests send is told in the logs that they search at the end.
        access_log=True,
        # A busy machine may stall a Redis call; the tests of the time limit set their own.
        redis_timeout_ms=1000,
    )
    LOGBOOK.keys |= {*made.admin_key, made.secret_key}
    return made


def pytest_collection_modifyitems(items):
    """Those that have the machine alone come last: the others wait for them once, where they would
    have nothing more to do, and not five times."""
    items.sort(key=lambda item: wants_to_be_alone(item.path))


def pytest_collection_finish():
    # A hundred thousand things that stay; the collector need not look at them again and again.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def made_apps(settings):
    """Every application of this run; their engines end with us."""
    made = []
    yield made
    for app in made:
        dispose(app)


@pytest.fixture(scope="session")
def make_app(settings, made_apps, folder):
    """Applications on the same database with some settings changed."""
    (folder / "templates").mkdir()
    compiled = FileSystemBytecodeCache(str(folder / "templates"))

    def make(**changes):
        app = create_app(settings.model_copy(update=changes))
        # Each would compile the same templates anew, for half a second.
        app.jinja_env.bytecode_cache = compiled
        made_apps.append(app)
        return app

    return make


@pytest.fixture(autouse=True)
def few_connections(request):
    """Those of applications that a test made end with it: PostgreSQL has a hundred for all."""
    made = request.getfixturevalue("made_apps") if "make_app" in request.fixturenames else []
    before = len(made)
    yield
    for app in made[before:]:
        dispose(app)


def dispose(app):
    app.extensions["room_pacer"].stop()
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session")
def migrated_app(make_app, postgres_url):
    with make_app(database_url=postgres_url).app_context():
        flask_migrate.upgrade()
    grant(postgres_url)
    return make_app()


@pytest.fixture(scope="session")
def database(migrated_app, postgres_url):
    with psycopg.connect(libpq(postgres_url), autocommit=True) as connection:
        connection.execute("SET lock_timeout = '5s'")
        yield connection


@pytest.fixture(scope="session")
def redis_connection(redis_url):
    with redis_client.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def clean(database, redis_connection, made_apps):
    """Empty tables, an empty Redis and nothing counted, before the test that asks for them."""
    for app in made_apps:
        app.extensions["room_pacer"].stop()
    empty_tables(database)
    redis_connection.flushdb()
    for app in made_apps:
        app.extensions["rate_limiter"].clear()
        # The ids begin anew, as they never do where people book: what a gate believes for a second
        # of an event would be believed of the next test's.
        gate = app.extensions["desk"].gate
        gate._snapshots, gate._refusals = {}, {}
        # Nor may its desk report a sale of the test before as one of the next test's event.
        app.extensions["desk"].live_stats._noted.clear()
        app.extensions["waiting_rooms"].forget()


@pytest.fixture
def unused_ids(clean, database):
    """Ids that no event had before. A site of this run that another test has used tells Redis of
    its last second when this one has begun, and would be taken to speak of the same event."""
    database.execute(
        f"ALTER TABLE events ALTER COLUMN id RESTART WITH {secrets.randbelow(10**9) + 10**6}"
    )


@pytest.fixture
def redis(clean, redis_connection):
    return redis_connection


@pytest.fixture
def sql(clean, database):
    """Ask the database itself: `sql("SELECT ... %s", value)` answers the rows."""

    def ask(query, *values):
        cursor = database.execute(query, values)
        return cursor.fetchall() if cursor.description else []

    return ask


@pytest.fixture
def app(clean, migrated_app):
    return migrated_app


@pytest.fixture(scope="session")
def migrated_open_app(migrated_app, make_app):
    return make_app(api_access="open")


@pytest.fixture
def open_app(clean, migrated_open_app):
    """It takes a bare `user_id` on trust, as the demo does."""
    return migrated_open_app


@pytest.fixture(scope="session")
def migrated_sign_up_app(migrated_app, make_app):
    return make_app(sign_up="open")


@pytest.fixture
def sign_up_app(clean, migrated_sign_up_app):
    """It sends no mail, and lets people make accounts all the same."""
    return migrated_sign_up_app


@pytest.fixture(scope="session")
def stripe_server():
    with stripe_api.StripeApi() as api:
        yield api


@pytest.fixture(scope="session")
def razorpay_server():
    with razorpay_api.RazorpayApi() as api:
        yield api


@pytest.fixture(scope="session")
def migrated_paying_app(migrated_app, make_app, stripe_server, razorpay_server):
    return make_app(
        razorpay_key_id=razorpay_api.KEY_ID,
        razorpay_key_secret=razorpay_api.KEY_SECRET,
        razorpay_webhook_secret=razorpay_api.WEBHOOK_SECRET,
        razorpay_api_base=razorpay_server.url,
        stripe_secret_key=stripe_api.KEY,
        stripe_webhook_secret=stripe_api.WEBHOOK_SECRET,
        stripe_api_base=stripe_server.url,
        site_url="https://tickets.example.org",
    )


@pytest.fixture
def stripe(stripe_server):
    """What Stripe would be asked; every call must be as its documents say."""
    stripe_server.forget()
    yield stripe_server
    assert stripe_server.faults == []


@pytest.fixture
def razorpay(razorpay_server):
    """The same of Razorpay."""
    razorpay_server.forget()
    yield razorpay_server
    assert razorpay_server.faults == []


@pytest.fixture
def paying_app(clean, migrated_paying_app, stripe, razorpay):
    """It takes payments by both providers' pages."""
    return migrated_paying_app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def desk(app):
    return app.extensions["desk"]


@pytest.fixture
def admin(settings):
    return {"X-Admin-Key": settings.admin_key[0]}


@pytest.fixture
def factories(app):
    return Factories(app)


@pytest.fixture
def make_event(factories):
    return factories.event


@pytest.fixture
def make_user(factories):
    return factories.user


@pytest.fixture
def make_booking(factories):
    return factories.booking


@pytest.fixture
def make_hold(factories):
    return factories.hold


@pytest.fixture
def make_token(factories):
    return factories.token


@pytest.fixture
def cheap_hashes(monkeypatch):
    """Passwords are hashed by Argon2 as ever, at its least cost: for tests of other things, which
    would spend a sixth of their time on it."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", hasher)
    accounts._dummy_hash.cache_clear()
    yield hasher
    accounts._dummy_hash.cache_clear()


@pytest.fixture
def invariants(sql):
    """Asserts that every event's seats add up: when called, and once more when the test ends."""

    def check():
        assert_seats_add_up(sql)

    yield check
    check()


@pytest.fixture(scope="session")
def running_site(migrated_app, settings, folder):
    extras = {"DEMO_MAILBOX": str(folder / "mail"), **SELLER}
    with Site(settings, folder / "site", **extras) as site:
        yield site


@pytest.fixture
def site(clean, running_site):
    """The base URL of a real gunicorn with two gevent workers, on the same database."""
    return running_site.url
