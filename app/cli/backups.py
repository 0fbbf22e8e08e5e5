"""Commands for backup and restore."""

from collections.abc import Sequence
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from app.edge.current import desk, settings
from app.operations import backup as backups
from app.operations import database_roles, mail_backlog
from app.operations import reconcile as reconciliation
from app.operations import restore as restoring
from app.operations.backup import BackupFailed, Contents, Database
from app.operations.migrations import migrate_to_head, revisions

HOLD_BACK = "DELETE FROM journal_entries; DELETE FROM mails WHERE state NOT IN ('sent', 'given_up')"
FILE = click.Path(dir_okay=False, path_type=Path)
BACKUP = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


def init_app(app: Flask) -> None:
    app.cli.add_command(backup)
    app.cli.add_command(restore)


@click.command()
@click.argument("file", type=FILE)
@click.option("--overwrite", is_flag=True, help="Write over a FILE that is there already.")
@with_appcontext
def backup(file: Path, overwrite: bool) -> None:
    """Write the whole database into FILE, while the site goes on selling.

    FILE holds everything as it is at one moment, in the custom format of pg_dump, and appears when
    it is whole. It holds people's names and emails: only its owner may read it. Redis needs no
    backup. Restore it with: flask restore FILE
    """
    try:
        made = backups.back_up(settings().database_url, file, _say, overwrite=overwrite)
    except BackupFailed as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{file}: {made.size:,} bytes in {made.seconds:.1f} s, read again and whole")


@click.command()
@click.argument("file", type=BACKUP)
@click.option("--replace", is_flag=True, help="Also when the database holds something: it is lost.")
@click.option("--yes", is_flag=True, help="With --replace: ask nothing. For scripts.")
@click.option(
    "--skip-ids",
    type=click.IntRange(0, 10**12),
    default=restoring.SKIPPED_IDS,
    show_default=True,
    help="Ids to leave out, so that none given away after the backup is given again.",
)
@with_appcontext
def restore(file: Path, replace: bool, yes: bool, skip_ids: int) -> None:
    """Restore the database from FILE, which flask backup has made.

    Into an empty database, or with --replace in the place of everything in it. In one transaction:
    when it fails, the database is as it was. Then older backups are migrated, and every event's
    seats are checked and published. Everybody has to sign in again. Stop the web processes first.
    """
    url = settings().database_url
    try:
        target = backups.look_at(url)
        programs = backups.programs_of(target)
        contents = backups.look_into(programs, file)
        _refuse_unknown(contents, file)
        _ask_before_loss(target, contents, replace=replace, yes=yes)
        roles = database_roles.granted_to(url)
        seconds = restoring.restore(programs, url, file, _say, skipped_ids=skip_ids)
    except BackupFailed as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"restored the backup of {contents.created} in {seconds:.1f} s")
    if migrate_to_head():
        click.echo(f"migrated it on from {contents.revision}")
    # Before the grants: what Redis holds is out of date, whether they succeed or not.
    _settle()
    _grant_again(url, roles)


def _grant_again(url: str, roles: Sequence[str]) -> None:
    """Restore the roles' privileges, which a backup does not contain."""
    for role in roles:
        try:
            database_roles.grant(url, role)
        except database_roles.NotGranted as error:
            raise click.ClickException(f"Restored, but: {error}") from error
        click.echo(f"the role {role} may do what the site does")


def _refuse_unknown(contents: Contents, file: Path) -> None:
    if contents.revision not in revisions():
        raise BackupFailed(
            f"FILE {file} is of a later Utsavam than this: its migration {contents.revision} is "
            "not known here. Restore it with that version."
        )


def _ask_before_loss(target: Database, contents: Contents, *, replace: bool, yes: bool) -> None:
    if target.is_empty:
        return
    held = ", ".join(f"{count:,} {name}" for name, count in target.rows.items()) or (
        f"{len(target.tables)} tables that are not Utsavam's"
    )
    if not replace:
        raise BackupFailed(
            f"The database {target.name!r} is not empty: it holds {held}. "
            "To lose all that and restore, say --replace; to keep it, name another DATABASE_URL."
        )
    if target.connections:
        raise BackupFailed(
            f"The site is running on the database {target.name!r} ({target.connections} "
            "connections): what it sells now would be lost. Stop its web processes first."
        )
    click.echo(f"This drops everything in the database {target.name!r}: {held}.")
    click.echo(f"What was made after the backup of {contents.created} is lost for ever.")
    if not yes:
        typed = click.prompt("Type the database's name to go on", default="", show_default=False)
        if typed != target.name:
            raise BackupFailed("That is not its name; nothing was changed.")


def _settle() -> None:
    """Check all events and publish their seats, and print what the operator has to know.

    Redis may hold tokens from before the restore; they are ignored, but replaced all the same.
    """
    gate = desk().gate
    result = reconciliation.reconcile(gate)
    gate.publish([], changed=True)
    if not result.redis_answered:
        click.echo("Redis does not answer: its old tokens count for nothing, and need no care.")
    click.echo(f"{result.events} events checked, {len(result.broken)} broken")
    click.echo("Everybody has to sign in again.")
    _say_owed()
    click.echo("Keys and API tokens revoked after the backup are good again: revoke them anew.")
    if result.broken:
        raise click.ClickException("Counters and bookings differ; see: flask reconcile")


def _say_owed() -> None:
    """Say how many letters the backup still owes: they may have been sent after it was made."""
    owed = mail_backlog.backlog()
    if not (owed.queued or owed.untold):
        return
    click.echo(
        f"{owed.queued} letters of the backup are still to be sent, and {owed.untold} entries of "
        "its journal to be made into letters: some may have gone out after it was made. They go "
        f"out as soon as flask worker runs. To hold them back, delete them before: {HOLD_BACK}"
    )


def _say(table: str) -> None:
    click.echo(f"  {table}")
