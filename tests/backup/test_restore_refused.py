"""What is not restored, and that the database is as it was then."""

import psycopg
import pytest

from tests.support.servers import libpq


@pytest.fixture
def later(place, file):
    """The database that the backup is of, as it went on; answers what it holds."""
    place.sql("UPDATE users SET name = 'Later' WHERE id = 3")
    return place.contents()


def refused(place, before, file, *words, **options):
    result = place.run("restore", file, *words, **options)
    assert result.exit_code == 1, result.output
    assert place.contents() == before
    return result.output


def test_a_database_that_holds_something_is_left_alone(place, later, file):
    told = refused(place, later, file)
    assert "'kept' is not empty: it holds 2 events, 2 bookings, 2 users" in told
    assert "--replace" in told


def test_replacing_needs_the_name_of_the_database(place, later, file):
    told = refused(place, later, file, "--replace", input="yes\n")
    assert "This drops everything in the database 'kept': 2 events, 2 bookings" in told
    assert "lost for ever" in told
    assert "nothing was changed" in told


@pytest.mark.parametrize("words", [{"input": "kept\n"}, {"yes": True}])
def test_what_came_later_is_gone_once_it_was_said_twice(place, later, file, words):
    asked = ["--yes"] if words.pop("yes", False) else []
    result = place.run("restore", file, "--replace", *asked, **words)
    assert result.exit_code == 0, result.output
    assert place.sql("SELECT name FROM users WHERE id = 3") == [("Meena 🎉",)]


def test_tables_of_a_later_schema_do_not_stand_in_the_way(place, file):
    place.sql("CREATE TABLE later (event_id bigint REFERENCES events (id))")
    result = place.run("restore", file, "--replace", "--yes")
    assert result.exit_code == 0, result.output
    assert "later" not in place.contents()


def test_a_site_that_runs_on_it_keeps_its_database(place, later, file):
    with psycopg.connect(libpq(place.url), application_name="utsavam"):
        told = refused(place, later, file, "--replace", "--yes")
    assert "The site is running" in told
    assert "Stop its web processes first" in told


@pytest.mark.whole
def test_whoever_holds_a_table_is_waited_for_five_seconds(place, later, file):
    with psycopg.connect(libpq(place.url)) as holder:
        holder.execute("SELECT 1 FROM bookings")
        told = refused(place, later, file, "--replace", "--yes")
    assert "as it was" in told
    assert "lock timeout" in told


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_backup_cut_off_changes_nothing(place, later, file, share):
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    refused(place, later, file, "--replace", "--yes")


def test_a_backup_with_a_wrong_byte_in_its_rows_changes_nothing(place, later, file):
    bytes_ = bytearray(file.read_bytes())
    at = bytes_.rindex(b"\x78\x9c") + 12  # within the last compressed table
    bytes_[at] ^= 0xFF
    file.write_bytes(bytes_)
    told = refused(place, later, file, "--replace", "--yes")
    assert "is damaged: " in told


def test_something_else_is_no_backup(place, later, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Meena")
    assert "can't be read as a backup" in refused(
        place, later, tmp_path / "letter.txt", "--replace", "--yes"
    )


def test_a_backup_of_another_application_is_refused(place, later, make_place, tmp_path):
    other = make_place("other")
    other.sql("CREATE TABLE recipes (id int)")
    made = other.run("backup", tmp_path / "other.dump")
    assert made.exit_code == 1
    assert "holds no bookings" in made.output


def test_a_freshly_migrated_database_counts_as_empty(file, make_place):
    other = make_place("migrated")
    other.migrate()
    assert other.run("restore", file).exit_code == 0
    assert other.sql("SELECT count(*) FROM bookings") == [(2,)]


def test_a_database_of_somebody_else_is_not_empty(file, make_place):
    other = make_place("other")
    other.sql("CREATE TABLE recipes (id int)")
    result = other.run("restore", file)
    assert result.exit_code == 1
    assert "1 tables that are not Utsavam's" in result.output
