"""`flask worker`: sends the letters."""

import signal
from types import FrameType

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import logs
from app.edge.current import settings
from app.services.mail_worker import MailWorker

NOT_CONFIGURED = "MAIL_URL is not set, so no letters are written and none are sent."


def init_app(app: Flask) -> None:
    app.cli.add_command(worker)


@click.command()
@with_appcontext
def worker() -> None:
    """Send the letters that are owed to people, until it is told to end.

    Runs beside the web processes; several may run. SIGTERM or Ctrl-C ends it between two letters.
    It waits for a database or a mail server that is away. Without MAIL_URL it idles.
    """
    logs.set_up(settings())
    if not settings().mail_url:
        click.echo(NOT_CONFIGURED, err=True)
        _sleep_until_told()
        return
    # The proxy's target is the application; the loop opens a context of its own for each step.
    working = MailWorker(current_app._get_current_object(), settings())  # type: ignore[attr-defined]

    def stop(_signal: int, _frame: FrameType | None) -> None:
        working.stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    working.run()


def _sleep_until_told() -> None:
    """Platforms restart a process that ends, and would do so for ever."""
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    signal.sigwait(ends)
