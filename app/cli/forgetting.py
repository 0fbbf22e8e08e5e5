"""`flask forget`: anonymises guests of long ago."""

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from app.edge.current import settings
from app.services import audit, forgetting, staff


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count; change nothing.")
@with_appcontext
def forget(dry_run: bool) -> None:
    """Take name and email from guests whose last event is long over.

    That is KEEP_GUESTS_DAYS after its end. Accounts with a password stay, and so do bookings,
    without names. It may run daily, while seats are sold, and be stopped and run again.
    """
    audit.act_as(staff.OPERATOR)
    days, forgotten = settings().keep_guests_days, 0
    try:
        with click.progressbar(length=forgetting.count_guests(), label="Guests looked at") as bar:
            for step in forgetting.forget_guests(days, dry_run=dry_run):
                forgotten += step.forgotten
                bar.update(step.looked_at)
    except DBAPIError as error:
        said = f"{forgotten} forgotten, then the database did not take it; try: flask doctor"
        raise click.ClickException(said) from error
    told = "to be forgotten; nothing was changed" if dry_run else "forgotten"
    click.echo(f"{forgotten} guests {told} ({days} days after their last event)")
