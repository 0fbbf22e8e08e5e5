"""Migrations make nobody wait, lose nothing, and leave the version before them working."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import flask_migrate
import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from app.errors import WrongCredentials
from app.lib.emails import one_spelling
from app.services import accounts, sign_in_links
from tests.conftest import dispose
from tests.support import rows
from tests.support.servers import libpq
from tests.support.tables import TABLES

ROOT = Path(__file__).parents[1]
SQUAWK = Path(sys.executable).parent / "squawk"
REVISIONS = [
    (script.revision, script.down_revision)
    for script in reversed(list(ScriptDirectory(str(ROOT / "migrations")).walk_revisions()))
]
KNOWN = {
    # Events are few: an index takes no time.
    "0002": {"require-concurrent-index-creation"},
    # Dropped where an attempt that broke off has left it, and made anew in the same transaction.
    "0003": {"ban-drop-constraint"},
    "0035": {"ban-drop-constraint"},
    "0045": {"ban-drop-constraint"},
    "0004": {"ban-drop-constraint"},
    "0008": {"ban-drop-constraint"},
    # Made anew in the same transaction, wider: the version before writes nothing that it refuses.
    "0026": {"ban-drop-constraint"},
    "0030": {"ban-drop-constraint"},
    "0033": {"ban-drop-constraint"},
    "0036": {"ban-drop-constraint"},
    "0038": {"ban-drop-constraint"},
    "0040": {"ban-drop-constraint"},
    "0046": {"ban-drop-constraint"},
    "0050": {"ban-drop-constraint"},
    "0051": {"ban-drop-constraint"},
}
BAD = """
    CREATE INDEX ix_bookings_seats ON bookings (seats);
    ALTER TABLE bookings ADD COLUMN tag uuid DEFAULT gen_random_uuid() NOT NULL;
    ALTER TABLE bookings ADD COLUMN colour text NOT NULL;
    ALTER TABLE bookings ALTER COLUMN part_of SET NOT NULL;
    ALTER TABLE bookings ALTER COLUMN seats TYPE bigint;
    ALTER TABLE bookings RENAME COLUMN seats TO places;
    ALTER TABLE bookings DROP COLUMN price_minor;
    ALTER TABLE bookings ADD CONSTRAINT few CHECK (seats < 9);
"""


def complaints(statements):
    """The rules of squawk that the statements break."""
    ran = subprocess.run(
        [SQUAWK, "--config", ROOT / ".squawk.toml", "--reporter", "json"],
        input=statements,
        capture_output=True,
        text=True,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    return {found["rule_name"] for found in json.loads(ran.stdout)}


@pytest.mark.parametrize(("revision", "before"), REVISIONS)
def test_no_migration_makes_bookings_wait(app, capsys, revision, before):
    with app.app_context():
        flask_migrate.upgrade(revision=f"{before or 'base'}:{revision}", sql=True)
    statements = capsys.readouterr().out
    assert f"version_num) VALUES ('{revision}')" in statements or (
        f"SET version_num='{revision}'" in statements
    )
    assert complaints(statements) == KNOWN.get(revision, set())


def test_habits_that_make_bookings_wait_would_be_noticed():
    assert complaints(BAD) >= {
        "require-concurrent-index-creation",
        "adding-field-with-default",
        "adding-required-field",
        "adding-not-nullable-field",
        "changing-column-type",
        "renaming-column",
        "ban-drop-column",
        "constraint-missing-not-valid",
    }


@pytest.fixture(scope="module")
def steps_app(make_app, postgres_url):
    """The site on a database of its own."""
    return make_app(database_url=postgres_url.replace("/utsavam?", "/steps?"))


class Kept:
    """The database as it was at a revision; most tests begin at that or at the next one."""

    def __init__(self, database):
        self._database, self._revision = database, None

    def copy(self, revision):
        """Make the database anew, as a copy unless that is newer; return whether it is there."""
        fits = self._revision is not None and self._revision <= revision
        template = "kept_steps" if fits else "template1"
        self._database.execute(f"CREATE DATABASE steps TEMPLATE {template}")
        return self._revision == revision

    def keep(self, revision):
        self.drop()
        self._database.execute("CREATE DATABASE kept_steps TEMPLATE steps")
        self._revision = revision

    def drop(self):
        self._database.execute("DROP DATABASE IF EXISTS kept_steps")


@pytest.fixture(scope="module")
def kept(database):
    kept = Kept(database)
    yield kept
    kept.drop()


@pytest.fixture
def begin_at(database, steps_app, postgres_url, kept):
    """Make that database, empty, at a revision: answers a way up, and a connection."""
    url = postgres_url.replace("/utsavam?", "/steps?")

    def go(revision):
        with steps_app.app_context():
            flask_migrate.upgrade(revision=revision)

    def begin(revision):
        database.execute("DROP DATABASE IF EXISTS steps WITH (FORCE)")
        if not kept.copy(revision):
            go(revision)
            # No database is copied while somebody is connected to it.
            dispose(steps_app)
            kept.keep(revision)
        return go, stack.enter_context(psycopg.connect(libpq(url), autocommit=True))

    with ExitStack() as stack:
        yield begin
    dispose(steps_app)
    database.execute("DROP DATABASE IF EXISTS steps WITH (FORCE)")


@pytest.mark.parametrize(("revision", "before"), REVISIONS[1:])
def test_every_row_of_the_schema_before_is_kept(begin_at, revision, before):
    go, connection = begin_at(before)
    rows.fill(connection)
    columns = rows.tables_of(connection)
    kept = rows.contents(connection)
    assert all(kept.values()), "a table had no row to lose"
    go(revision)
    assert rows.contents(connection, columns) == kept


@pytest.mark.parametrize(("revision", "before"), REVISIONS[1:])
def test_the_version_before_can_go_on_writing(begin_at, revision, before):
    """While one web process after another is replaced, both versions write."""
    go, connection = begin_at(before)
    columns = rows.tables_of(connection)
    go(revision)
    rows.fill(connection, columns)
    assert all(rows.contents(connection, columns).values())


def test_a_migration_that_has_to_wait_for_a_table_gives_up(begin_at, postgres_url):
    """Else every booking would wait behind it."""
    go, connection = begin_at("0006")
    with psycopg.connect(libpq(postgres_url.replace("/utsavam?", "/steps?"))) as holder:
        holder.execute("SELECT 1 FROM events")
        with pytest.raises(OperationalError, match="lock timeout"):
            go("0007")
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0006",)]
    go("0007")


@pytest.mark.parametrize("revision", ["0003", "0004", "0006", "0011", "0012", "0019"])
def test_a_migration_of_several_parts_may_break_off_and_be_run_again(begin_at, revision):
    """As if the process had ended after the parts and before the note that they were done."""
    go, connection = begin_at(revision)
    before = dict(REVISIONS)[revision]
    connection.execute("UPDATE alembic_version SET version_num = %s", (before,))
    if revision == "0006":
        connection.execute("DROP TABLE sales_days, summed_days")
    go("head")
    broken = "SELECT indexrelid FROM pg_index WHERE NOT indisvalid"
    assert connection.execute(broken).fetchall() == []
    unchecked = "SELECT conname FROM pg_constraint WHERE NOT convalidated"
    assert connection.execute(unchecked).fetchall() == []


def test_addresses_and_names_get_one_spelling_and_two_accounts_of_one_person_stay(begin_at, caplog):
    go, connection = begin_at("0010")
    emails = ["anna@bücher.example", "b@xn--bcher-kva.example", "anna@xn--bcher-kva.example"]
    for number, email in enumerate([*emails, "Ce\u0301@example.com"], 1):
        row = "INSERT INTO users (id, email, name) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s)"
        connection.execute(row, (number, email, "Rene\u0301"))
    go("0013")
    assert connection.execute("SELECT email, name FROM users ORDER BY id").fetchall() == [
        (email, "René") for email in (emails[0], "b@bücher.example", emails[2], "cé@example.com")
    ]
    assert "Users 1 and 3 have one address, spelt in two ways" in caplog.text


def test_two_accounts_of_one_address_both_get_in_after_all_migrations(
    begin_at, steps_app, cheap_hashes
):
    go, connection = begin_at("0010")
    passwords = {
        "anna@bücher.example": "the first of two",
        "anna@xn--bcher-kva.example": "the second of two",
        "rene\u0301@example.com": "the third of four",
        "ren\u00e9@example.com": "the fourth of four",
    }
    with steps_app.app_context():
        hashes = {email: accounts.hash_password(word) for email, word in passwords.items()}
    for email, hashed in hashes.items():
        row = "INSERT INTO users (email, password_hash) VALUES (%s, %s)"
        connection.execute(row, (email, hashed))
    go("head")
    with steps_app.app_context():
        for email, password in passwords.items():
            assert accounts.find_user(email).email == email
            # A browser may send another spelling than the one that was typed.
            for typed in passwords:
                if one_spelling(typed) == one_spelling(email):
                    assert accounts.authenticate(typed, password).email == email
            with pytest.raises(WrongCredentials):
                accounts.authenticate(email, "nobody's password")
            assert accounts.set_password(email, f"{password}, new")[0].email == email
            assert accounts.authenticate(email, f"{password}, new").email == email
            sign_in_links.request_by_mail(email)
    links = "SELECT users.email FROM sign_in_links JOIN users ON users.id = user_id"
    assert {email for (email,) in connection.execute(links)} == passwords.keys()


def test_every_table_that_tests_empty_has_a_row_to_keep():
    assert {table for table, _row in rows.ROWS} == set(TABLES.replace(" ", "").split(","))
