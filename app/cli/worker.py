"""`flask worker`: sends the letters, ends reservations that were not paid, issues receipts."""

import logging
import signal
from threading import Event as Signal
from threading import Thread
from types import FrameType

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import logs
from app.edge.current import payment_providers, settings
from app.services import expiry_worker, receipt_worker
from app.services.mail_worker import MailWorker
from app.services.payment_worker import PaymentWorker

log = logging.getLogger(__name__)
NOT_CONFIGURED = "MAIL_URL is not set, so no letters are written and none are sent."


def init_app(app: Flask) -> None:
    app.cli.add_command(worker)


@click.command()
@with_appcontext
def worker() -> None:
    """Put seats on sale again that were not paid in time, work what payment providers tell, issue
    receipts, and send the letters that are owed to people, until it is told to end.

    Runs beside the web processes; several may run. SIGTERM or Ctrl-C ends it between two letters.
    It waits for a database or a mail server that is away. Without MAIL_URL it sends nothing.
    """
    logs.set_up(settings())
    # The proxy's target is the application; the loops open contexts of their own for each step.
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    stopping = Signal()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    # A mail server that is slow keeps nobody's seats.
    expiring = Thread(target=expiry_worker.run, args=(app, stopping), name="expiry")
    expiring.start()
    issuing = Thread(target=receipt_worker.run, args=(app, stopping), name="receipts")
    issuing.start()
    # Neither does a payment provider that is slow.
    paying = Thread(target=PaymentWorker(app, payment_providers(), stopping).run, name="payments")
    if payment_providers():
        paying.start()
    try:
        if settings().mail_url:
            MailWorker(app, settings(), stopping).run()
        else:
            log.warning(NOT_CONFIGURED)
            # Platforms restart a process that ends, and would do so for ever.
            stopping.wait()
    finally:
        stopping.set()
        expiring.join()
        issuing.join()
        if paying.is_alive():
            paying.join()
