"""The role that the site works as, in production, in the demo and in these tests: it adds to the
audit log, and neither changes an entry nor takes away what guards them."""

import flask_migrate
import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException

from app.db import db
from app.operations.database_roles import APP_ROLE, NotGranted, grant, granted_to
from tests.support.servers import libpq

ENTRY = "INSERT INTO audit_entries (actor, action, subject) VALUES ('Door', 'key.made', 'key')"
CHANGES = [
    "UPDATE audit_entries SET actor = 'nobody'",
    "DELETE FROM audit_entries",
    "TRUNCATE audit_entries",
]
WAYS_ROUND = [
    "DROP TRIGGER audit_entries_append_only ON audit_entries",
    "ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only",
    "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
    "DROP FUNCTION refuse_change() CASCADE",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NULL; END $$",
    "CREATE TRIGGER aside BEFORE INSERT ON audit_entries FOR EACH STATEMENT "
    "EXECUTE FUNCTION refuse_change()",
    "CREATE RULE aside AS ON INSERT TO audit_entries DO INSTEAD NOTHING",
    "DROP TABLE audit_entries",
    "ALTER TABLE audit_entries RENAME TO aside",
    "ALTER TABLE audit_entries OWNER TO CURRENT_USER",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE TABLE aside (id int)",
    "CREATE SCHEMA aside",
    "COPY audit_entries TO PROGRAM 'true'",
]
OTHER_TABLES = [
    "ALTER TABLE events DROP CONSTRAINT ck_events_seats_not_negative",
    "TRUNCATE bookings",
    "UPDATE alembic_version SET version_num = '0001'",
    "UPDATE receipts SET amount_minor = 1",
    "DELETE FROM receipts",
    "DELETE FROM receipt_series",
]


@pytest.fixture
def as_site(settings, sql):
    """With an entry in the log."""
    with psycopg.connect(libpq(settings.database_url), autocommit=True) as connection:
        connection.execute(ENTRY)
        yield connection


def test_the_tests_own_site_works_as_that_role(app, client, sql):
    assert client.get("/events").status_code == 200
    query = "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE application_name LIKE %s"
    assert sql(query, "utsavam%") == [(APP_ROLE,)]


@pytest.mark.parametrize("statement", [*CHANGES, *WAYS_ROUND, *OTHER_TABLES])
def test_the_sites_role_may_not(as_site, sql, statement):
    before = sql("SELECT * FROM audit_entries")
    with pytest.raises(InsufficientPrivilege):
        as_site.execute(statement)
    as_site.execute(ENTRY)
    assert sql("SELECT * FROM audit_entries ORDER BY id")[:-1] == before


def test_the_sites_role_gives_itself_nothing(as_site):
    as_site.execute("GRANT UPDATE ON audit_entries TO CURRENT_USER")  # PostgreSQL warns, no more
    with pytest.raises(InsufficientPrivilege):
        as_site.execute(CHANGES[0])


@pytest.mark.parametrize("statement", CHANGES)
def test_the_trigger_refuses_even_the_owner(as_site, sql, statement):
    with pytest.raises(RaiseException, match="append-only"):
        sql(statement)


def test_the_owner_could_take_the_trigger_away(as_site, postgres_url):
    """So it is the role that keeps the site from it."""
    with psycopg.connect(libpq(postgres_url)) as owner:
        owner.execute(WAYS_ROUND[0])
        owner.execute(CHANGES[1])
        owner.rollback()


@pytest.fixture
def run(make_app, postgres_url):
    """A command, by the owner."""
    runner = make_app(database_url=postgres_url).test_cli_runner()
    return lambda *words, **options: runner.invoke(args=list(words), **options)


@pytest.fixture
def door(sql):
    """The name of a role that there is not."""
    name = "door_of_the_tests"
    yield name
    sql(f"DROP OWNED BY {name}")
    sql(f"DROP ROLE {name}")


def test_the_command_makes_a_role_with_its_password_and_may_be_run_again(
    run, door, sql, postgres_url, monkeypatch
):
    monkeypatch.setenv("POSTGRES_APP_PASSWORD", "rice 'flour")
    assert f"The role {door} is made and may" in run("app-role", door).output
    assert f"The role {door} may" in run("app-role", door).output
    assert sql("SELECT rolpassword LIKE 'SCRAM%%' FROM pg_authid WHERE rolname = %s", door) == [
        (True,)
    ]
    assert granted_to(postgres_url) == sorted([APP_ROLE, door])


def test_what_a_later_migration_makes_may_be_used_too(app, sql, settings):
    sql("CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    try:
        with psycopg.connect(libpq(settings.database_url), autocommit=True) as site:
            site.execute("INSERT INTO later (name) VALUES ('x')")
            site.execute("DELETE FROM later")
            with pytest.raises(InsufficientPrivilege):
                site.execute("DROP TABLE later")
    finally:
        sql("DROP TABLE later")


def test_a_superuser_is_refused_as_it_would_be_held_to_nothing(run):
    result = run("app-role", "postgres")
    assert result.exit_code == 1
    assert "is a superuser, or the owner" in result.output


def test_the_sites_own_role_can_give_nothing(settings):
    with pytest.raises(NotGranted, match="not the tables' owner"):
        grant(settings.database_url, "anybody")


def test_without_tables_it_says_what_to_do_first(sql, postgres_url):
    sql("CREATE DATABASE bare")
    try:
        with pytest.raises(NotGranted, match="flask db upgrade"):
            grant(postgres_url.replace("/utsavam?", "/bare?"))
    finally:
        sql("DROP DATABASE bare WITH (FORCE)")


def test_an_owner_that_is_no_superuser_migrates_and_gives_the_role_its_rights(
    sql, postgres_url, make_app
):
    """As on a platform: `pg_trgm` is an extension that a database's owner may install."""
    sql("CREATE ROLE plain_owner LOGIN")
    sql("CREATE DATABASE plain OWNER plain_owner TEMPLATE template0")
    here = postgres_url.replace("/utsavam?", "/plain?")
    owner_url = here.replace("//postgres@", "//plain_owner@")
    try:
        with make_app(database_url=owner_url).app_context():
            flask_migrate.upgrade()
        assert grant(owner_url) is False, "the role is there, of another database"
        with psycopg.connect(libpq(here.replace("//postgres@", f"//{APP_ROLE}@"))) as site:
            site.execute(ENTRY)
            with pytest.raises(InsufficientPrivilege):
                site.execute(WAYS_ROUND[0])
        with make_app(database_url=owner_url).app_context():
            db.engine.dispose()
    finally:
        sql("DROP DATABASE plain WITH (FORCE)")
        sql("DROP ROLE plain_owner")
