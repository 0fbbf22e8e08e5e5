"""Diagnosis for operators: the state of each part of the site."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from app.booking.gate import SeatGate
from app.config import Settings
from app.db import db
from app.lib.apple_passes import WrongCredentials, signer_of
from app.lib.emails import ascii_domain
from app.lib.mail_server import server_of
from app.lib.smtp import Away, SMTPConnection
from app.models import RoomMode, WaitingRoom
from app.models.columns import now
from app.operations import mail_backlog, overdue
from app.operations.connection_budget import complaint
from app.operations.health import OK, Readiness, readiness
from app.waiting_room.files import file_of, is_late

MAIL_TIMEOUT = 5.0
ENDS_SOON = timedelta(days=30)
OVERDUE_LONG = 60.0
"""Seconds until a reservation that nobody has ended is worth a word."""
WAITS_LONG = 300.0
"""Seconds until a letter that nobody has tried to send is worth a word."""


class Check(NamedTuple):
    part: str
    finding: str
    """`ok`, or what is wrong and what to do."""
    needed: bool = True
    """Whether the site can't serve without it."""

    @property
    def well(self) -> bool:
        return self.finding == OK


def examine(settings: Settings, gate: SeatGate) -> Sequence[Check]:
    """Check settings, database, migrations, Redis and connections now."""
    found = readiness(gate)
    return [
        *(Check("settings", problem) for problem in settings.problems() or [OK]),
        Check("organiser", _unsaid(settings), needed=False),
        Check("database", found.database),
        Check("migrations", found.migrations),
        Check("redis", found.redis, needed=False),
        Check("connections", complaint(settings) or OK),
        Check("mail", _mail(settings, found), needed=False),
        Check("unpaid", _unpaid(found), needed=False),
        Check("sign-up", _sign_up(settings), needed=False),
        Check("wallets", _wallets(settings), needed=False),
        Check("waiting rooms", _waiting_rooms(settings, found), needed=False),
    ]


def _mail(settings: Settings, found: Readiness) -> str:
    """Whether a mail server answers, and a worker works; bookings need neither."""
    if not settings.mail_url:
        return "no letters are written; set MAIL_URL" if not settings.demo else OK
    try:
        server = server_of(settings.mail_url)
        SMTPConnection(server, timeout=MAIL_TIMEOUT).check(ascii_domain(settings.sender))
    except Away as error:
        return f"the server takes nothing ({error}); check MAIL_URL and MAIL_FROM"
    if found.ready and (waits := mail_backlog.backlog().oldest) > WAITS_LONG:
        return f"a letter has waited for {waits / 60:.0f} minutes; does `flask worker` run?"
    return OK


def _unpaid(found: Readiness) -> str:
    """Whether a worker ends what was not paid; orders that lack those seats end it themselves."""
    if found.ready and (late := overdue.overdue_for()) > OVERDUE_LONG:
        return (
            f"one that was not paid ended {late / 60:.0f} minutes ago, and its seats are shown as "
            "sold; does `flask worker` run?"
        )
    return OK


def _wallets(settings: Settings) -> str:
    """Whether passes can be signed for some time yet; wrong files are told by the settings."""
    if not settings.apple_pass_type_id:
        return OK
    try:
        ends_at = signer_of(*settings.apple_credentials).ends_at
    except WrongCredentials:
        return "no passes for Apple Wallet are made; see settings"
    if ends_at < now() + ENDS_SOON:
        return (
            f"the certificates for Apple Wallet are good until {ends_at.date()}; "
            "renew APPLE_PASS_CERTIFICATE, or APPLE_WWDR_CERTIFICATE with it"
        )
    return OK


def _waiting_rooms(settings: Settings, found: Readiness) -> str:
    """Whether somebody writes the files that a proxy serves; without, the workers answer."""
    if not settings.waiting_room_files:
        return OK
    folder = Path(settings.waiting_room_files)
    if not folder.is_dir():
        return f"there is no folder {folder}; make it, or unset WAITING_ROOM_FILES"
    wanted = select(WaitingRoom).where(WaitingRoom.mode != RoomMode.OFF)
    ids = (
        [room.event_id for room in db.session.scalars(wanted) if room.waits] if found.ready else []
    )
    late = [str(event_id) for event_id in ids if is_late(file_of(folder, event_id))]
    if late:
        return (
            f"nobody writes the file of event {', '.join(late)}; does the site run, and may it "
            "write to WAITING_ROOM_FILES?"
        )
    return OK


def _sign_up(settings: Settings) -> str:
    """Whether strangers learn who has an account; a demo's accounts are nobody's."""
    if settings.demo or not settings.sign_up_tells_emails:
        return OK
    return "it tells who has an account; set MAIL_URL, or SIGN_UP=by-mail"


def _unsaid(settings: Settings) -> str:
    """Whether visitors learn who sells here; a demo sells nothing."""
    if settings.demo or not settings.unsaid:
        return OK
    return f"visitors are not told who sells here; set {', '.join(settings.unsaid)}"
