"""Backups that are made, and restored: nothing is lost, and nothing is lost by mistake."""

import re

import pytest
from psycopg.errors import InsufficientPrivilege

from app.lib.pg_programs import ProgramsMissing, Server, programs_for
from app.operations.database_roles import APP_ROLE, grant
from tests.backup.conftest import Place
from tests.support import rows

MADE_ANEW = ("sign_ins",)


def without_incarnations(contents, columns):
    at = columns["events"].index("incarnation")
    events = [row[:at] + row[at + 1 :] for row in contents["events"]]
    return {**contents, "events": events}


@pytest.fixture
def columns(place):
    with place.connect() as connection:
        return rows.tables_of(connection)


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_each_command_explains_itself(app, command):
    result = app.test_cli_runner().invoke(args=[command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_everything_comes_back_as_it_was(place, file, columns, make_place):
    other = make_place("restored")
    result = other.run("restore", file)
    assert result.exit_code == 0, result.output
    assert "  bookings\n" in result.output
    assert "1 events checked, 0 broken" in result.output  # the other is deleted
    before, after = place.contents(*MADE_ANEW), other.contents(*MADE_ANEW)
    assert without_incarnations(before, columns) == without_incarnations(after, columns)
    assert before["bookings"]
    assert other.run("doctor").exit_code == 0


def test_what_a_restored_database_refuses_is_what_the_first_one_did(place, file, make_place):
    other = make_place("restored")
    assert other.run("restore", file).exit_code == 0
    rules = """
        SELECT conname, contype::text FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND convalidated
        UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        ORDER BY 1, 2
    """
    found = as_meant(other.sql(rules))
    assert found == as_meant(place.sql(rules))
    assert ("ck_events_seats_not_negative", "c") in found


def as_meant(rules):
    """PostgreSQL reads a list of words from a dump as words of another type, and casts each."""
    casts = re.compile(r"::(character varying|text)(\[\])?|[()]")
    return [(name, casts.sub("", rule)) for name, rule in rules]


def test_each_event_begins_another_life_and_nobody_is_signed_in(place, file, make_place):
    other = make_place("restored")
    assert "has to sign in again" in other.run("restore", file).output
    lives = "SELECT id, incarnation FROM events ORDER BY id"
    assert all(a != b for a, b in zip(place.sql(lives), other.sql(lives), strict=True))
    assert other.sql("SELECT * FROM sign_ins") == []


def test_no_id_is_given_twice(place, file, make_place):
    other = make_place("restored")
    assert other.run("restore", file, "--skip-ids", "5000").exit_code == 0
    other.factories.booking(other.factories.event())
    for table in ("users", "events", "bookings"):
        last = place.sql(f"SELECT last_value FROM {table}_id_seq")[0][0]
        given = other.sql(f"SELECT max(id) FROM {table}")[0][0]
        assert given > last + 5000


def test_a_backup_of_an_older_schema_is_migrated_on(make_place, tmp_path):
    older, file = make_place("older"), tmp_path / "older.dump"
    older.migrate("0004")
    older.fill()
    older.sql("UPDATE events SET seats_available = 497 WHERE id = 7")  # none could be held back yet
    assert older.run("backup", file).exit_code == 0
    other = make_place("restored")
    result = other.run("restore", file)
    assert result.exit_code == 0, result.output
    assert "migrated it on from 0004" in result.output
    with older.connect() as before, other.connect() as after:
        columns = rows.tables_of(before)
        kept = {name: columns[name] for name in columns.keys() - {*MADE_ANEW, "events"}}
        assert rows.contents(after, kept) == rows.contents(before, kept)
    assert other.run("doctor").exit_code == 0


def test_a_backup_of_a_later_version_is_refused(place, make_place, tmp_path):
    place.sql("UPDATE alembic_version SET version_num = '9999'")
    assert place.run("backup", tmp_path / "later.dump").exit_code == 0
    result = make_place("restored").run("restore", tmp_path / "later.dump")
    assert result.exit_code == 1
    assert "is of a later Utsavam than this: its migration 9999" in result.output


def test_only_its_owner_may_read_a_backup(file):
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_backup_is_not_written_over_by_mistake(place, file):
    before = file.read_bytes()
    result = place.run("backup", file)
    assert (result.exit_code, file.read_bytes()) == (1, before)
    assert "is there already" in result.output
    assert place.run("backup", file, "--overwrite").exit_code == 0


def test_a_device_is_no_place_for_a_backup(place):
    result = place.run("backup", "/dev/null", "--overwrite")
    assert result.exit_code == 1
    assert "is no ordinary file" in result.output


def test_a_backup_that_can_not_be_written_is_said_so(place, tmp_path):
    result = place.run("backup", tmp_path / "none" / "kept.dump")
    assert result.exit_code == 1
    assert "can't be written: No such file or directory" in result.output


def test_a_database_that_is_away_is_said_so(make_app, tmp_path):
    app = make_app(database_url="postgresql+psycopg://u:pw-of-nobody@127.0.0.1:1/none")
    result = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "kept.dump")])
    assert result.exit_code == 1
    assert "DATABASE_URL: the database can't be asked" in result.output
    assert "pw-of-nobody" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_on_no_command_line():
    server = Server.of("postgresql+psycopg://u:p%40ss@db.example:6543/seats?sslmode=require")
    assert server.environment["PGPASSWORD"] == "p@ss"
    assert "p@ss" not in server.conninfo
    assert "host=db.example" in server.conninfo
    assert "sslmode=require" in server.conninfo


def test_programs_older_than_the_server_are_not_taken():
    with pytest.raises(ProgramsMissing, match="postgresql-client-99") as missing:
        programs_for(99)
    assert "found: 1" in str(missing.value)


def test_the_sites_role_backs_up_and_keeps_its_rights_through_a_restore(place, tmp_path, make_app):
    """Which only the owner can do."""
    grant(place.url)
    site = Place(place.name, place.url.replace("//postgres@", f"//{APP_ROLE}@"), None)
    site.app = make_app(database_url=site.url)
    assert site.run("backup", tmp_path / "own.dump").exit_code == 0
    refused = site.run("restore", tmp_path / "own.dump", "--replace", "--yes")
    assert refused.exit_code == 1
    assert "must be owner" in refused.output
    restored = place.run("restore", tmp_path / "own.dump", "--replace", "--yes")
    assert f"the role {APP_ROLE} may do what the site does" in restored.output
    assert site.sql("SELECT count(*) FROM bookings") == [(2,)]
    with pytest.raises(InsufficientPrivilege):
        site.sql("DELETE FROM audit_entries")


def test_a_restore_says_how_many_letters_are_still_owed(place, file, make_place):
    other = make_place("owing")
    said = other.run("restore", file).output
    ((queued,),) = other.sql("SELECT count(*) FROM mails WHERE state IN ('queued', 'sending')")
    ((entries,),) = other.sql("SELECT count(*) FROM journal_entries")
    assert queued + entries > 0
    assert f"{queued} letters of the backup are still to be sent, and {entries} entries" in said
    statements = said.partition("delete them before: ")[2].partition("\n")[0]
    other.sql(statements)
    assert other.sql("SELECT count(*) FROM journal_entries") == [(0,)]
    assert other.sql("SELECT count(*) FROM mails WHERE state IN ('queued', 'sending')") == [(0,)]
