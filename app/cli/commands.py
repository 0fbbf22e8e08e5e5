"""Commands for operators; each exits non-zero on failure."""

import os
import sys
from dataclasses import asdict

import click
from email_validator import EmailNotValidError, validate_email
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from app.cli import calendars, forgetting, lottery
from app.edge.access import OWN, RULES
from app.edge.current import desk, settings
from app.errors import EmailTaken, InvalidField, UserNotFound
from app.models import User
from app.operations import database_roles, receipt_checks
from app.operations import doctor as diagnosis
from app.operations import reconcile as reconciliation
from app.operations.receipt_checks import Checked
from app.services import (
    account_emails,
    accounts,
    api_tokens,
    audit,
    demo,
    rehearsals,
    sign_in_links,
    staff,
)

users = AppGroup("users", help="Users' accounts.")


def init_app(app: Flask) -> None:
    app.cli.add_command(seed_demo)
    app.cli.add_command(doctor)
    app.cli.add_command(reconcile)
    app.cli.add_command(access)
    app.cli.add_command(app_role)
    app.cli.add_command(remove_rehearsal)
    app.cli.add_command(forgetting.forget)
    app.cli.add_command(lottery.lottery)
    app.cli.add_command(calendars.revise_calendars)
    app.cli.add_command(users)


@click.command("seed-demo")
@with_appcontext
def seed_demo() -> None:
    """Make the demo's users and events.

    Users alice, bob and carol (@example.com), and sixteen events. What is there already stays as
    it is, so the command may be run again. Outside the demo the users have no password.
    """
    try:
        seeded = demo.seed_demo(desk(), with_password=settings().demo)
    except DBAPIError as error:
        raise click.ClickException("The database does not take it; try: flask doctor") from error
    for name in seeded.created:
        click.echo(f"created  {name}")
    click.echo(f"{len(seeded.created)} created, {len(seeded.present)} present already")


@click.command("remove-rehearsal")
@click.argument("run")
@with_appcontext
def remove_rehearsal(run: str) -> None:
    """Remove what the rehearsal RUN has left, as the eight letters in "Rehearsal 1a2b3c4d".

    A rehearsal does so itself, unless it was killed. Its event, its people and their bookings go;
    other people and their bookings stay.
    """
    audit.act_as(staff.OPERATOR)
    try:
        removed = rehearsals.remove(run, desk(), settings().zone)
    except DBAPIError as error:
        raise click.ClickException("The database does not take it; try: flask doctor") from error
    click.echo(
        f"removed: {removed.events} events, {removed.bookings} bookings, {removed.users} users"
    )
    if removed.kept:
        click.echo(f"{removed.kept} bookings of other people stay, and so does their event")


@click.command("app-role")
@click.argument("name", default=database_roles.APP_ROLE)
@with_appcontext
def app_role(name: str) -> None:
    """Give the database role NAME what the site needs, and no more.

    Run it with the owner's DATABASE_URL, after `flask db upgrade`; it may be run again. The role is
    made if there is none, and gets the password of POSTGRES_APP_PASSWORD, if that is set. It reads
    and writes rows, and adds to the audit log; it changes no table and no trigger.
    """
    password = os.environ.get("POSTGRES_APP_PASSWORD")
    try:
        made = database_roles.grant(settings().database_url, name, password)
    except database_roles.NotGranted as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"The role {name} {'is made and ' if made else ''}may do what the site does.")


@users.command("sign-in-link")
@click.argument("email")
def sign_in_link(email: str) -> None:
    """Print a link with which the user with EMAIL signs in and sets a password.

    It is good once, and for 24 hours; it is not shown again.
    """
    user = accounts.find_user(email)
    if user is None:
        raise click.ClickException(f"There is no user {email}.")
    audit.act_as(staff.OPERATOR)
    _user, secret = sign_in_links.make_for(user.id)
    click.echo(f"{settings().base_url}/sign-in/links/{secret}")


@users.command("set-password")
@click.argument("whose", metavar="EMAIL|ID")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, not a prompt."
)
@click.option(
    "--end-tokens/--keep-tokens",
    default=True,
    show_default=True,
    help="Whether programs that act as the user lose their API tokens.",
)
def set_password(whose: str, password_stdin: bool, end_tokens: bool) -> None:
    """Set the password of the user with this EMAIL or ID.

    Also for a user whom an organiser made without one. The user is signed out everywhere.
    """
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    try:
        user, ended = accounts.set_password(_email_or_id(whose), password, end_tokens=end_tokens)
    except UserNotFound as error:
        raise click.ClickException(f"There is no user with the {_kind(whose)} {whose}.") from error
    except InvalidField as error:
        raise click.ClickException(f"The password {error.message}.") from error
    click.echo(f"The password of {user.email} is set.")
    if ended:
        click.echo(f"API tokens ended: {ended}.")
    elif kept := len(api_tokens.list_api_tokens(user.id)):
        click.echo(f"API tokens that go on working: {kept}.")


@users.command("set-email")
@click.argument("whose", metavar="EMAIL|ID")
@click.argument("new", metavar="NEW_EMAIL")
def set_email(whose: str, new: str) -> None:
    """Change the email of the user with this EMAIL or ID.

    Bookings, password, browsers and API tokens stay. Where mail is sent, a letter to the former
    address tells of it.
    """
    audit.act_as(staff.OPERATOR)
    try:
        validate_email(new, check_deliverability=False)
        user = account_emails.change_email(_found(whose).id, new)
    except EmailNotValidError as error:
        raise click.ClickException(f"{new} is no email address: {error}") from error
    except UserNotFound as error:
        raise click.ClickException(f"There is no user with the {_kind(whose)} {whose}.") from error
    except EmailTaken as error:
        raise click.ClickException(f"Another user has the email {new}.") from error
    click.echo(f"The email of the user with the {_kind(whose)} {whose} is {user.email} now.")


def _found(whose: str) -> User:
    if whose.isdecimal():
        return accounts.get_user(int(whose))
    user = accounts.find_user(whose)
    if user is None:
        raise UserNotFound(whose)
    return user


def _email_or_id(whose: str) -> str | int:
    return int(whose) if whose.isdecimal() else whose


def _kind(whose: str) -> str:
    return "id" if whose.isdecimal() else "email"


@click.command()
@with_appcontext
def doctor() -> None:
    """Look at settings, database, migrations, Redis, connections and mail.

    One line each: ok, or what to do. Exits 1 when the site can't serve.
    """
    found = diagnosis.examine(settings(), desk().gate)
    for check in found:
        click.echo(f"{check.part + ':':<13}{check.finding}")
    if any(check.needed and not check.well for check in found):
        raise SystemExit(1)


@click.command()
@with_appcontext
def access() -> None:
    """Print who may what: each address, and whom or which permission of staff it asks for."""
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: rule.rule):
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        who = RULES[rule.endpoint] + (", their own" if rule.endpoint in OWN else "")
        click.echo(f"{methods:<7}{rule.rule:<58}{who}")


def _mark(stale: bool, *, repair: bool) -> str:
    if not stale:
        return "money is stuck"
    return "tokens repaired" if repair else "tokens differ"


@click.command()
@click.option("--repair/--no-repair", default=True, help="Put tokens right, or only look.")
@with_appcontext
def reconcile(repair: bool) -> None:
    """Check every event's seats against its bookings, its tokens, and its money.

    Prints the events whose figures differ. Tokens that differ are published anew; they may differ
    for a moment while seats are sold. Names receipts whose numbers have a gap, and payments that
    wait for theirs. Exits 1 when a counter and its bookings do not add up, or payments and the
    seats they have brought, or a number is missing.
    """
    try:
        result = reconciliation.reconcile(desk().gate, repair=repair)
    except DBAPIError as error:
        raise click.ClickException("The database does not answer; try: flask doctor") from error
    if result.findings:
        click.echo(
            f"{'event':>10}{'capacity':>12}{'available':>12}{'held':>12}{'booked':>12}{'tokens':>12}"
        )
    for found in result.findings:
        figures = (
            *(found.event_id, found.capacity),
            *(found.seats_available, found.seats_held, found.seats_booked),
        )
        mark = "BROKEN" if found.broken else _mark(found.stale, repair=repair)
        columns = "".join(f"{figure:>12}" for figure in figures[1:])
        click.echo(f"{figures[0]:>10}{columns}{found.tokens or '-':>12}  {mark}  {found.name}")
        faults = {name: count for name, count in asdict(found.money).items() if count}
        if faults:
            said = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in faults.items())
            click.echo(f"{'':>10}  money: {said}")
    if not result.redis_answered:
        click.echo("Redis does not answer: tokens were not checked.")
    click.echo(f"{result.events} events checked, {len(result.broken)} broken")
    receipts = receipt_checks.check()
    _say_receipts(receipts)
    if result.broken or receipts.wrong:
        raise SystemExit(1)


def _say_receipts(found: Checked) -> None:
    for series in found.wrong:
        click.echo(
            f"Receipts {series.series}: {series.receipts} of {series.last} numbers are there, "
            f"{series.disordered} out of order: BROKEN"
        )
    if found.payments or found.refunds:
        click.echo(
            f"{found.payments} payments wait for a receipt and {found.refunds} refunds for a credit"
            " note for more than ten minutes: does `flask worker` run?"
        )
