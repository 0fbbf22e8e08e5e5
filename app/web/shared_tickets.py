"""Tickets and lists of bookings, each rendered once for all who have booked alike.

What is a booking's own (its id, reference, codes, name, addresses) are marks in them, which are
replaced in each answer (see `app/edge/page_marks.py`).
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from operator import attrgetter, itemgetter
from typing import Any

from flask import render_template, request
from markupsafe import Markup
from sqlalchemy import inspect

from app.edge.page_marks import AnyMark, Kind, Mark, NumberedMark
from app.edge.personal_pieces import has_message, shared_text, with_pieces
from app.edge.response_cache import CachedText
from app.models import Booking, BookingState, Event
from app.models.columns import now
from app.models.references import spoken
from app.presenters.scripts import own_script
from app.presenters.ticket_codes import SeatCode, SeatCodes, seat_codes
from app.services import outbox, payment_lists, receipts, refund_rules
from app.services.paging import Page
from app.services.user_bookings import ListedBooking, Tab
from app.web.giving import shown_gifts
from app.web.joint_tickets import joint_tickets
from app.web.paying import ways_to_pay
from app.web.payments_due import payment_due
from app.web.ticket_links import TicketLinks, of_account

MOST_CODES = 10
"""Seats of a ticket that is shared; larger parties are rendered one by one."""
NOT_SHOWN = frozenset(
    ("description", "seats_available", "seats_held", "refund_rule", "version", "updated_at")
)
"""Facts of an event that neither the tickets that stand nor their rows show."""

OwnPieces = dict[AnyMark, Callable[[], str]]
Links = Callable[[Any], TicketLinks]


class AnyBooking:
    """A booking as templates see it that render for all alike: its own pieces are marks.

    It raises `RuntimeError` for what it doesn't know, so that nothing of one booking can get into
    the pages of others.
    """

    id = Mark.BOOKING_ID.value
    spoken_reference = Mark.REFERENCE.value
    part_of = None
    ALIKE = frozenset(
        (
            *("event", "seats", "total_minor", "currency", "state", "takes_seats"),
            *("can_be_given_back", "ticket_type_name", "is_paid", "total_fee_minor"),
        )
    )
    """What all these bookings have in common; `_common_facts` holds all of it, but for the fee and
    whether a ticket is paid, of which lists say nothing."""

    def __init__(self, booking: Booking) -> None:
        self._booking = booking

    def __getattr__(self, name: str) -> Any:
        if name in self.ALIKE:
            return getattr(self._booking, name)
        raise RuntimeError(f"{name} is a booking's own: give it a mark, or a place in the key")


@dataclass(frozen=True)
class _Own:
    """What a ticket's page has of its own booking, or the marks in its place."""

    booking: Booking | AnyBooking
    links: Callable[[Any], TicketLinks]
    codes: SeatCodes
    address: str | None
    holder: Markup | None

    def page(self, **context: object) -> str:
        return render_template("pages/ticket.html", **vars(self), **context)


def ticket_page(booking: Booking, links: Links, *, address: str | None = None) -> str:
    """Return the page of a ticket; `address` is the secret one by which it was asked for."""
    at, name = now(), booking.holder_name
    holder = Markup("<dd {}>{}</dd>").format(own_script(name), name) if name else None
    codes = seat_codes(booking, request.args.get("from", 1, type=int))
    own = _Own(booking, links, codes, address, holder)
    new, offers_password = "new" in request.args, address is not None and outbox.is_configured()

    def render(shown: _Own, **more: object) -> str:
        return shown.page(now=at, new=new, offers_password=offers_password, **more)

    together = joint_tickets(booking, links)
    due = payment_due(booking, together, at)
    paid = booking.is_paid and receipts.has_receipt(booking)
    if booking.seats_given_away:
        return render(own, gifts=shown_gifts(booking), together=together, paid=paid)
    if together or not _stands(booking) or booking.seats > MOST_CODES or has_message():
        ways = ways_to_pay(booking) if due else None
        back = () if _stands(booking) else payment_lists.refunds_of(booking)
        more = {"ways": ways, "periods": refund_rules.told_for([booking]) if due else ()}
        return render(own, together=together, due=due, refunds=back, paid=paid, **more)
    page = shared_text(
        lambda: render(_marked(booking, own), paid=paid),
        *(*_common_facts(booking, at), booking.is_paid, booking.total_fee_minor),
        (new, offers_password, holder is None, address is None, paid),
    )
    return with_pieces(page, _ticket_pieces(booking, own))


def bookings_page(page: Page[ListedBooking], tab: Tab, counts: dict[Tab, int]) -> str:
    """Return the page of an account's bookings."""
    rows = booking_rows(page.items, of_account, tab)
    cursor, has_any = page.next_cursor, any(counts.values())

    def render(rows: Markup, cursor: str | None, counts: Mapping[Tab, int | str]) -> str:
        return render_template(
            "pages/bookings.html",
            rows=rows,
            next_cursor=cursor,
            tab=tab,
            counts=counts,
            has_any=has_any,
        )

    if has_message():
        return render(rows, cursor, counts)
    marks = {one: NumberedMark(number, Kind.COUNT) for number, one in enumerate(counts)}
    pieces: OwnPieces = {mark: partial(str, counts[one]) for one, mark in marks.items()}
    pieces |= {Mark.ROWS: lambda: rows, Mark.CURSOR: lambda: cursor or ""}
    shown = shared_text(
        lambda: render(
            Markup(Mark.ROWS.value if rows else ""),  # noqa: S704 - a mark
            Mark.CURSOR.value if cursor else None,
            {one: mark.value for one, mark in marks.items()},
        ),
        *("bookings", tab, has_any, bool(rows), cursor is None),
    )
    return with_pieces(shown, pieces)


def booking_rows(
    bookings: Sequence[Booking | ListedBooking], links: Links, tab: Tab | None = None
) -> Markup:
    """Return the rows of a list of bookings, of which most have much in common."""
    at = now()
    rows: dict[Hashable, CachedText | None] = {}

    def row(listed: Booking | ListedBooking) -> str:
        here, alike = links(listed), _alike(listed)
        if alike not in rows:
            booking = _whole(listed)
            rows[alike] = _row_for_all(booking, here, tab, at) if _stands(booking) else None
        shared = rows[alike]
        if shared is None:
            return _row(_whole(listed), links, tab, at)
        return shared.replaced(_own_pieces(listed, here))

    return Markup("".join(map(row, bookings)))  # noqa: S704 - of templates


def _whole(listed: Booking | ListedBooking) -> Booking:
    return listed.whole() if isinstance(listed, ListedBooking) else listed


def _row(booking: Booking | AnyBooking, links: Any, tab: Tab | None, at: datetime) -> str:
    return render_template(
        "fragments/booking_row.html", booking=booking, links=links, tab=tab, now=at
    )


def _row_for_all(booking: Booking, here: TicketLinks, tab: Tab | None, at: datetime) -> CachedText:
    return shared_text(
        lambda: _row(AnyBooking(booking), _links_for_all(here), tab, at),
        "row",
        tab,
        *_common_facts(booking, at),
    )


_alike = attrgetter(
    *("event_id", "status", "part_of", "seats", "price_minor", "booked_in", "ticket_type_id")
)
"""What bookings of one list have in common if `_stands` and `_common_facts` say the same."""


def _stands(booking: Booking) -> bool:
    """Whether it is as most are; others have words of their own."""
    return booking.takes_seats and booking.state == BookingState.CONFIRMED


def _common_facts(booking: Booking, at: datetime) -> tuple[Hashable, ...]:
    """All that pages of a booking that stands show, but for its own pieces and what the time
    changes."""
    event = booking.event
    return (
        *_shown_facts()(vars(event)),
        event.sale_state(at),
        booking.seats,
        booking.total_minor,
        booking.currency,
        booking.ticket_type_name,
        booking.can_be_given_back(at),
    )


@cache
def _shown_facts() -> Callable[[dict[str, Any]], tuple[Hashable, ...]]:
    """Reads them from an event's own dictionary, since its attributes take ten times as long."""
    return itemgetter(*(one.key for one in inspect(Event).column_attrs if one.key not in NOT_SHOWN))


def _own_pieces(booking: Booking | ListedBooking, here: TicketLinks) -> dict[AnyMark, str]:
    return {
        Mark.BOOKING_ID: str(booking.id),
        Mark.REFERENCE: spoken(booking.reference),
        Mark.SECRET: here.secret or "",
    }


def _ticket_pieces(booking: Booking, own: _Own) -> OwnPieces:
    known = _own_pieces(booking, own.links(booking))
    pieces: OwnPieces = {mark: partial(str, text) for mark, text in known.items()}
    pieces |= {Mark.ADDRESS: lambda: own.address or "", Mark.HOLDER: lambda: own.holder or ""}
    for code in own.codes.codes:
        pieces[NumberedMark(code.number, Kind.CODE)] = partial(str, code.text)
        pieces[NumberedMark(code.number, Kind.CODE_DRAWING)] = partial(str, code.drawing)
    return pieces


def _marked(booking: Booking, own: _Own) -> _Own:
    """Return the same with marks instead."""
    return _Own(
        AnyBooking(booking),
        _links_for_all(own.links(booking)),
        _codes_for_all(own.codes),
        Mark.ADDRESS.value if own.address else None,
        Markup(Mark.HOLDER.value) if own.holder else None,  # noqa: S704 - a mark
    )


def _links_for_all(here: TicketLinks) -> Callable[[Any], TicketLinks]:
    secret = None if here.secret is None else Mark.SECRET.value
    return lambda booking: TicketLinks(booking, secret)


def _codes_for_all(codes: SeatCodes) -> SeatCodes:
    marked = [
        SeatCode(
            code.number,
            NumberedMark(code.number, Kind.CODE).value,
            Markup(NumberedMark(code.number, Kind.CODE_DRAWING).value),  # noqa: S704 - a mark
        )
        for code in codes.codes
    ]
    return SeatCodes(marked, None, None)
