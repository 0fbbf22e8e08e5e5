"""Known migrations, and applying those that the database lacks."""

from typing import TYPE_CHECKING

from app.db import db
from app.operations.health import MIGRATIONS

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


def revisions() -> set[str]:
    """All revisions that this version of Utsavam knows."""
    return {script.revision for script in _scripts().walk_revisions()}


def migrate_to_head() -> bool:
    """Apply pending migrations; returns whether there were any."""
    import flask_migrate
    from alembic.runtime.migration import MigrationContext

    with db.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    if current == set(_scripts().get_heads()):
        return False
    flask_migrate.upgrade()
    return True


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(MIGRATIONS))
