"""`flask revise-calendars`: after DEFAULT_EVENT_HOURS has changed."""

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from app.edge.current import desk
from app.services import calendars


@click.command("revise-calendars")
@with_appcontext
def revise_calendars() -> None:
    """Tell calendars that events without an end of their own end otherwise now.

    Run it once after DEFAULT_EVENT_HOURS has changed, when all web processes have the new number.
    Nobody gets a letter. It may be run again.
    """
    try:
        revised = calendars.revise_default_ends(desk())
    except DBAPIError as error:
        raise click.ClickException("The database does not take it; try: flask doctor") from error
    events = "event has" if revised == 1 else "events have"
    click.echo(f"{revised} {events} a new version in calendars.")
