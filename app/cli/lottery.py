"""`flask lottery`: the draw of a waiting room, done again."""

import click
from flask.cli import AppGroup

from app.errors import EventNotFound
from app.lib.draws import commitment, draw, draw_key
from app.services import room_settings

lottery = AppGroup("lottery", help="Check how the places of a waiting room were drawn.")


@lottery.command()
@click.argument("event_id", type=click.IntRange(1))
@click.option("--commitment", "noted", help="The SHA-256 that the lobby showed.")
@click.option("--number", type=click.IntRange(1), help="Tell the place of this number alone.")
@click.option("--all", "every", is_flag=True, help="Tell the place of every number, a line each.")
def verify(event_id: int, noted: str | None, number: int | None, every: bool) -> None:
    """Draw the places of an event's lobby again.

    From the seed that was committed to before anybody joined, and what those in the lobby added.
    Anybody can do the same with what the waiting room publishes: docs/waiting-room.md says how.
    """
    try:
        room = room_settings.get_room(event_id)
    except EventNotFound as error:
        raise click.ClickException(f"there is no event {event_id}") from error
    if room.opened_at is None:
        raise click.ClickException("its waiting room has not opened, so nothing is drawn yet")
    shown = commitment(room.seed)
    if noted is not None and noted.strip().lower() != shown:
        raise click.ClickException(f"the seed's SHA-256 is {shown}: not the one that you noted")
    key = draw_key(room.seed, room.mix, room.lobby_size)
    places = draw(key, room.lobby_size)
    click.echo(f"commitment {shown}\nseed       {room.seed}\nadded      {room.mix or 'nothing'}")
    click.echo(f"key        {key}\nlobby      {room.lobby_size} numbers")
    if number is not None:
        if number > room.lobby_size:
            click.echo(f"number {number} came after the opening: it is place {number}")
        else:
            click.echo(f"number {number} is place {places[number - 1]}")
    if every:
        for each, place in enumerate(places, start=1):
            click.echo(f"{each} {place}")
