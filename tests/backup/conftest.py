"""Databases to back up and to restore into, beside the one that the other tests use."""

import shutil
from pathlib import Path

import flask_migrate
import psycopg
import pytest

from tests.conftest import dispose
from tests.factories import Factories
from tests.support import rows
from tests.support.servers import libpq


class Place:
    """A database of its own, and the application on it."""

    def __init__(self, name, url, app):
        self.name, self.url, self.app = name, url, app
        self.factories = Factories(app)

    def connect(self):
        return psycopg.connect(libpq(self.url), autocommit=True)

    def sql(self, query, *values):
        with self.connect() as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def contents(self, *without):
        with self.connect() as connection:
            found = rows.contents(connection)
        return {table: found[table] for table in found if table not in without}

    def migrate(self, revision="head"):
        with self.app.app_context():
            flask_migrate.upgrade(revision=revision)

    def fill(self):
        with self.connect() as connection:
            rows.fill(connection)

    def run(self, *words, **options):
        """A command, as in a process of its own: with no connection from before, and none left."""
        dispose(self.app)
        result = self.app.test_cli_runner().invoke(args=list(map(str, words)), **options)
        dispose(self.app)
        return result


@pytest.fixture(scope="session")
def open_place(database, postgres_url, make_app):
    """A database by name, empty or a copy of another, and the application on it."""
    made = []

    def make(name, template="template0", **changes):
        database.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        database.execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        made.append(name)
        url = postgres_url.replace("/utsavam?", f"/{name}?")
        return Place(name, url, make_app(database_url=url, **changes))

    yield make
    for name in dict.fromkeys(made):
        database.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def make_place(clean, open_place):
    return open_place


@pytest.fixture(scope="session")
def whole(open_place, tmp_path_factory):
    """A migrated database with a row or two in every table, and its backup."""
    place = open_place("whole")
    place.migrate()
    place.fill()
    file = tmp_path_factory.mktemp("backups") / "kept.dump"
    result = place.run("backup", file)
    assert result.exit_code == 0, result.output
    return place, file


@pytest.fixture
def place(make_place, whole):
    """A copy of that database."""
    return make_place("kept", template=whole[0].name)


@pytest.fixture
def file(whole, tmp_path):
    """A copy of that backup."""
    return Path(shutil.copy(whole[1], tmp_path / "kept.dump"))
