"""Letters as they are sent: their words from templates, codes as pictures, a calendar file.

A letter `x` is `templates/letters/x.txt`, whose first line is the subject, and `x.html`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import PurePosixPath
from typing import Any, cast

from css_inline import CSSInliner
from flask import current_app, render_template
from flask_babel import force_locale
from sqlalchemy.orm import joinedload

from app.config import Settings
from app.db import db
from app.models import AuditEntry, Booking, BookingState, Event, GuestMessage, Mail, User
from app.models.columns import now
from app.presenters.audit_words import audit_words
from app.presenters.icalendars import booking_calendar
from app.presenters.payment_ways import PaymentWays, payment_ways
from app.presenters.refund_words import periods_in_words, told_to_buyer
from app.presenters.ticket_addresses import ticket_url
from app.presenters.urls import event_url
from app.services import letter_tickets, paid_orders, payment_pages, receipts, refund_rules
from app.services.letter_tickets import LetterTicket
from app.services.payment_providers import Providers


@dataclass(frozen=True)
class File:
    name: str
    kind: str
    """Its media type."""
    content: bytes


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """PNG pictures by their Content-ID: part of the letter, loaded from nowhere."""
    files: tuple[File, ...] = ()
    unsubscribe: str = ""
    """Where to end letters of this kind; empty for those that belong to a booking or an account."""


@dataclass
class Draft:
    """A letter in the making: what its templates are told, and what is put in with them."""

    mail: Mail
    facts: dict[str, Any]
    pictures: dict[str, bytes] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)

    @property
    def booking(self) -> Booking | None:
        return cast("Booking | None", self.facts["booking"])

    @property
    def tickets(self) -> list[LetterTicket]:
        """Those that it tells of: the booking's, and where it says so its whole order's."""
        return cast("list[LetterTicket]", self.facts["tickets"])


class NoLongerTrue(Exception):
    """What the letter would tell of has changed meanwhile, and another letter tells of that."""


Preparation = Callable[[Draft], None]
PREPARATIONS: dict[str, Preparation] = {}
"""What a letter needs beyond its facts, by its name; raises `NoLongerTrue` not to be sent."""


@cache
def names() -> frozenset[str]:
    """The letters that this version can write: those with both templates."""
    paths = map(PurePosixPath, current_app.jinja_env.list_templates(["txt", "html"]))
    ends: dict[str, set[str]] = {".txt": set(), ".html": set()}
    for path in paths:
        if path.parent.name == "letters":
            ends[path.suffix].add(path.stem)
    return frozenset.intersection(*map(frozenset, ends.values()))


def render(mail: Mail) -> Letter:
    """Write the letter, by what is true now. Raises `NoLongerTrue`."""
    settings = cast("Settings", current_app.extensions["settings"])
    draft = Draft(mail, _facts(mail, settings))
    # Not the address that a request came by, but the site's own; and no request in the worker.
    with (
        current_app.test_request_context(base_url=settings.base_url),
        force_locale(mail.locale),
    ):
        _add_addresses(draft)
        if prepare := PREPARATIONS.get(mail.letter):
            prepare(draft)
        written = render_template(f"letters/{mail.letter}.txt", **draft.facts)
        subject, _, text = written.strip().partition("\n")
        page = render_template(f"letters/{mail.letter}.html", **draft.facts, subject=subject)
    return Letter(
        " ".join(subject.split()),
        text.strip() + "\n",
        _inliner().inline(page),
        draft.pictures,
        tuple(draft.files),
        draft.facts.get("unsubscribe") or "",
    )


def _facts(mail: Mail, settings: Settings) -> dict[str, Any]:
    read = (Booking.event, Booking.user, Booking.ticket_type)
    with_all = [joinedload(one) for one in read]
    booking = (
        db.session.get(Booking, mail.booking_id, options=with_all, populate_existing=True)
        if mail.booking_id
        else None
    )
    event = db.session.get(Event, mail.event_id) if mail.event_id else None
    if (mail.booking_id and booking is None) or (mail.event_id and event is None):
        raise NoLongerTrue
    return {
        **mail.facts,
        "mail": mail,
        "now": now(),
        "booking": booking,
        "event": event or (booking.event if booking else None),
        "user": db.session.get(User, mail.user_id) if mail.user_id else None,
        "language": mail.locale.partition("_")[0],
        "organiser": settings.organiser_name,
        "organiser_address": " ".join(settings.organiser_address.split()),
        "contact": settings.contact_email,
        "site_url": settings.base_url,
    }


def _add_addresses(draft: Draft) -> None:
    booking, event = draft.booking, draft.facts["event"]
    tickets = [letter_tickets.ticket_of(booking)] if booking else []
    draft.facts.update(tickets=tickets, ticket=tickets[0].url if tickets else "")
    draft.facts["event_page"] = event_url(event, _external=True) if event else ""


def _prepare_ticket(draft: Draft) -> None:
    _tell_order(draft)
    _tell_receipts(draft)
    add_codes(draft)
    add_calendar(draft)


def _prepare_given_back(draft: Draft) -> None:
    booking = draft.booking
    if booking is not None and booking.state == BookingState.CONFIRMED:
        add_codes(draft)
    elif draft.facts.get("kept"):
        raise NoLongerTrue
    add_calendar(draft)


def _prepare_change(draft: Draft) -> None:
    waits = draft.booking is not None and draft.booking.is_reserved
    _tell_order(draft, BookingState.RESERVED if waits else BookingState.CONFIRMED)
    event: Event = draft.facts["event"]
    before, after = draft.facts["before"], draft.facts["after"]
    if not (after or draft.facts.get("again")):
        # Changed and changed back before anybody was told.
        raise NoLongerTrue
    entry = AuditEntry(at=now(), before=before, after=after)
    draft.facts["changes"] = audit_words(entry, event.zone, event)
    draft.facts["moved"] = "start_at" in after and not draft.facts.get("again")
    add_calendar(draft)


def _prepare_cancellation(draft: Draft) -> None:
    _require(draft, BookingState.EVENT_CANCELLED)
    add_calendar(draft)


def _prepare_money_back(draft: Draft) -> None:
    facts = draft.facts
    money = facts["reason"], facts["amount_minor"], facts["currency"]
    draft.facts["sentence"] = told_to_buyer(
        *money, facts["event"].name, done=facts["done"], failed=facts.get("failed", False)
    )
    if facts["done"]:
        _tell_receipts(draft)


def _tell_receipts(draft: Draft) -> None:
    """Where the receipt is, and the credit note, for whoever paid."""
    booking = draft.booking
    if booking is not None and receipts.has_receipt(booking):
        draft.facts["receipts"] = f"{ticket_url(booking)}/receipts"


def _prepare_link(draft: Draft) -> None:
    """A link that is over is not sent: mail may have been away for longer than it is good."""
    if datetime.fromisoformat(draft.facts["expires_at"]) <= now():
        raise NoLongerTrue


def _require(draft: Draft, state: BookingState) -> None:
    if draft.booking is None or draft.booking.state != state:
        raise NoLongerTrue


def _prepare_reservation(draft: Draft) -> None:
    """Nobody is asked to pay once it is too late, or for what is paid."""
    _tell_order(draft, BookingState.RESERVED)
    booking = draft.booking
    if booking is None or booking.reserved_until is None or booking.reserved_until <= now():
        raise NoLongerTrue
    draft.facts["ways"] = _ways_to_pay(booking)


def _prepare_expiry(draft: Draft) -> None:
    _require(draft, BookingState.EXPIRED)
    if draft.booking is not None:
        draft.facts["ways"] = _ways_to_pay(draft.booking)


def _ways_to_pay(booking: Booking) -> PaymentWays:
    due = paid_orders.to_pay(booking)
    if due is None:
        raise NoLongerTrue
    settings = cast("Settings", current_app.extensions["settings"])
    providers = cast("Providers", current_app.extensions["payment_providers"])
    return payment_ways(
        due,
        booking.event,
        upi_address=settings.upi_address,
        upi_name=settings.upi_payee,
        online=payment_pages.offered(providers, due.currency, due.until),
    )


def _tell_order(draft: Draft, state: BookingState = BookingState.CONFIRMED) -> None:
    """Tell of all tickets that the booking's order made and that are good, of any ticket type; or
    of those that are of another state."""
    booking = draft.booking
    tickets = letter_tickets.good_tickets(booking, state) if booking is not None else []
    if not tickets:
        raise NoLongerTrue
    first = tickets[0]
    draft.facts.update(tickets=tickets, booking=first.booking, ticket=first.url)
    periods = refund_rules.told_for([one.booking for one in tickets])
    draft.facts["comes_back"] = periods_in_words(first.booking.event, periods)


def add_codes(draft: Draft) -> None:
    """Put the codes of the tickets' seats into the letter, as pictures."""
    letter_tickets.add_codes(draft.tickets)
    for ticket in draft.tickets:
        draft.pictures.update({code.cid: code.picture for code in ticket.codes})


def add_calendar(draft: Draft) -> None:
    """Attach the booked event for the guest's calendar, in its newest version, by each ticket.

    Each is changed and cancelled for itself, so each has an entry that follows.
    """
    for ticket in draft.tickets:
        name = f"{ticket.booking.reference.lower()}.ics"
        calendar = booking_calendar(ticket.booking, ticket.given_back, ticket.url)
        draft.files.append(File(name, "text/calendar", calendar))


def _prepare_message(draft: Draft) -> None:
    """The words stand once, in the message; a test to oneself has them as facts."""
    booking, message_id = draft.booking, draft.mail.guest_message_id
    if message_id is not None:
        message = db.session.get(GuestMessage, message_id)
        if message is None or booking is None or not booking.is_confirmed:
            raise NoLongerTrue
        draft.facts.update(title=message.subject, body=message.body)
        if booking.state == BookingState.CONFIRMED:
            _tell_order(draft)


def _prepare_reminder(draft: Draft) -> None:
    """Nobody is reminded of a day that is not it any more, nor after the start."""
    _tell_order(draft)
    event: Event = draft.facts["event"]
    start = datetime.fromisoformat(draft.facts["start_at"])
    if event.start_at != start or start <= now() or not event.reminds_guests:
        raise NoLongerTrue
    day = start.astimezone(event.zone).date()
    draft.facts["today"] = now().astimezone(event.zone).date() == day
    add_codes(draft)


PREPARATIONS.update(
    ticket=_prepare_ticket,
    reservation=_prepare_reservation,
    reservation_ended=_prepare_expiry,
    seats_given_back=_prepare_given_back,
    event_changed=_prepare_change,
    event_cancelled=_prepare_cancellation,
    money_back=_prepare_money_back,
    message=_prepare_message,
    reminder=_prepare_reminder,
    sign_in=_prepare_link,
    sign_up=_prepare_link,
    sign_up_known=_prepare_link,
    password=_prepare_link,
    email_change=_prepare_link,
)


@cache
def _inliner() -> CSSInliner:
    # The rules for dark and narrow screens stay in the head: they can't stand in an element.
    return CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
