"""The site with failpoints: told by a file, a worker kills itself at that moment, once.

The application's own functions are wrapped; it knows nothing of this.
"""

import os
import signal
from functools import wraps
from pathlib import Path

from app.booking import late_payments, queries, reservations
from app.booking.gate import SeatGate, Verdict
from wsgi import app as site

FOLDER = Path(os.environ["FAILPOINTS"])
TOKENS_TAKEN, ROW_LOCKED = "tokens taken", "row locked"
COMMIT_SENT, REPLY_MADE = "commit sent", "reply made"
MONEY_NOTED, MONEY_TOLD = "money noted", "money told"
"""Of a payment: before its transaction is committed, and after that."""


def failpoint(name):
    """Die here if somebody has asked for it; whoever removes the file is the one."""
    try:
        (FOLDER / name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after_the_claim(claim):
    @wraps(claim)
    def wrapped(*args):
        verdicts = claim(*args)
        if Verdict.GRANTED in verdicts:
            failpoint(TOKENS_TAKEN)
        return verdicts

    return wrapped


def dying_with_the_row(lock_rows):
    @wraps(lock_rows)
    def wrapped(*args):
        rows = lock_rows(*args)
        failpoint(ROW_LOCKED)
        return rows

    return wrapped


def dying_in_the_commit(insert_bookings):
    """Of the transaction that has inserted bookings, and of no other."""

    @wraps(insert_bookings)
    def wrapped(session, orders, *args, **options):
        made = insert_bookings(session, orders, *args, **options)
        if orders:
            connection = session.connection().connection.driver_connection
            commit = type(connection)._commit_gen
            connection._commit_gen = lambda: dying_while_it_waits(commit(connection))
        return made

    return wrapped


def dying_while_it_waits(steps):
    """psycopg's steps of a command: when they first pause, it is sent, and its answer awaited."""
    ready = None
    while True:
        try:
            state = steps.send(ready)
        except StopIteration as over:
            return over.value
        failpoint(COMMIT_SENT)
        ready = yield state


def dying_with_the_money(confirm):
    @wraps(confirm)
    def wrapped(*args):
        done = confirm(*args)
        failpoint(MONEY_NOTED)
        return done

    return wrapped


def app(environ, start_response):
    def start(status, headers, *error):
        if environ["PATH_INFO"].endswith("/payments") and status.startswith("200"):
            failpoint(MONEY_TOLD)
        if environ["REQUEST_METHOD"] == "POST" and status.startswith("201"):
            failpoint(REPLY_MADE)
        return start_response(status, [*headers, ("X-Worker", str(os.getpid()))], *error)

    return site(environ, start)


SeatGate.claim = dying_after_the_claim(SeatGate.claim)
queries.lock_rows = dying_with_the_row(queries.lock_rows)
reservations.confirm = dying_with_the_money(reservations.confirm)
late_payments.take_anew = dying_with_the_money(late_payments.take_anew)
queries.insert_bookings = dying_in_the_commit(queries.insert_bookings)
(FOLDER / f"worker {os.getpid()}").touch()
