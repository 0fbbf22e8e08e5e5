"""The words for what bookings, tickets and gifts are refused for."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app import errors
from app.presenters.prices import price
from app.presenters.problem_details import Problem


def _not_enough_seats(error: errors.NotEnoughSeats) -> Problem:
    if error.left == 0:
        detail = _("The event is sold out.")
    else:
        detail = ngettext("Only %(num)d seat is left.", "Only %(num)d seats are left.", error.left)
    return Problem(
        409,
        "not-enough-seats",
        _("Not enough seats"),
        detail,
        {"event_id": error.event_id, "seats_available": error.left},
    )


def _type_sold_out(error: errors.TicketTypeSoldOut) -> Problem:
    if error.left == 0:
        detail = _("This ticket type is sold out.")
    else:
        detail = ngettext(
            "Only %(num)d ticket of this type is left.",
            "Only %(num)d tickets of this type are left.",
            error.left,
        )
    facts = {
        "event_id": error.event_id,
        "ticket_type_id": error.ticket_type_id,
        "seats_available": error.left,
    }
    return Problem(409, "type-sold-out", _("Not enough tickets of this type"), detail, facts)


def _type_not_on_sale(error: errors.TicketTypeNotOnSale) -> Problem:
    sentences = {
        "not_open": _("Sales of this ticket type have not opened yet."),
        "closed": _("This ticket type is not sold any more."),
        "withdrawn": _("This ticket type is not sold any more."),
        "hidden": _("This ticket type is not on sale."),
    }
    facts = {
        "event_id": error.event_id,
        "ticket_type_id": error.ticket_type_id,
        "state": error.state,
    }
    title = _("Ticket type not on sale")
    return Problem(409, "type-not-on-sale", title, sentences[error.state], facts)


def _voucher_refused(error: errors.VoucherRefused) -> Problem:
    sentences = {
        "used_up": _("This code is used up."),
        "over": _("This code was good until a day that is past."),
        "for_another_person": _("This code is for another person: it goes with their email."),
        "not_for_this_type": _("This code is for another ticket type of the event."),
    }
    facts: dict[str, Any] = {"event_id": error.event_id, "reason": error.cause}
    if error.ticket_type_id is not None:
        facts["ticket_type_id"] = error.ticket_type_id
    title = _("The code is not good for this")
    return Problem(409, "code-refused", title, sentences[error.cause], facts)


def _price_risen(error: errors.PriceRisen) -> Problem:
    cost = price(error.total_minor, error.currency)
    detail = _("These seats cost %(price)s by now. Nothing is booked yet.", price=cost)
    facts = {
        "event_id": error.event_id,
        "total_minor": error.total_minor,
        "currency": error.currency,
    }
    return Problem(409, "price-risen", _("The price has risen"), detail, facts)


def _not_enough_held(error: errors.NotEnoughHeld) -> Problem:
    detail = ngettext(
        "Only %(num)d seat is held back there.",
        "Only %(num)d seats are held back there.",
        error.left,
    )
    facts = {"event_id": error.event_id, "hold": error.hold, "seats": error.left}
    return Problem(409, "not-enough-held", _("Not enough seats held back"), detail, facts)


def _sales_closed(error: errors.SalesClosed) -> Problem:
    sentences = {
        "not_open": _("Sales have not opened yet."),
        "paused": _("Sales are paused for the moment. Please try again in a few minutes."),
        "closed": _("Sales are closed."),
        "ended": _("The event is over."),
        "cancelled": _("The event is cancelled."),
        "draft": _("The event is not published yet."),
    }
    return Problem(
        409,
        "sales-closed",
        _("No seats on sale"),
        sentences[error.state],
        {"event_id": error.event_id, "sale_state": error.state},
    )


def _not_admitted(error: errors.NotAdmitted) -> Problem:
    sentences = {
        "not_joined": _("This event has a waiting room: please join it first."),
        "lobby": _("The waiting room has not opened yet. You keep your place in it."),
        "waiting": _("It is not your turn yet. You keep your place in the waiting room."),
        "over": _("The time in which you could book is over. You may join the waiting room again."),
    }
    return Problem(
        403,
        "waiting-room",
        _("The waiting room comes first"),
        sentences[error.phase],
        {"event_id": error.event_id, "phase": error.phase},
    )


def _proof_refused(error: errors.ProofRefused) -> Problem:
    sentences = {
        "missing": _(
            "Your browser has to compute a moment before you join, which needs JavaScript. If it is"
            " off or fails, sign in: with an account you join without that."
        ),
        "over": _("It took too long until you joined. Please try again."),
    }
    again = _("Your browser could not show that it computed. Please try again, or sign in.")
    return Problem(
        403,
        "proof-of-work",
        _("Joining takes a short check"),
        sentences.get(error.reason, again),
        {"event_id": error.event_id, "reason": error.reason},
    )


def _over_person_limit(error: errors.OverPersonLimit) -> Problem:
    facts = {"event_id": error.event_id, "max_per_person": error.limit}
    if error.held is None:
        detail = ngettext(
            "With one email %(num)d seat can be booked for this event.",
            "With one email %(num)d seats can be booked for this event, all told.",
            error.limit,
        )
    else:
        detail = ngettext(
            "One person may book %(num)d seat for this event; you have %(held)d already.",
            "One person may book %(num)d seats for this event; you have %(held)d already.",
            error.limit,
            held=error.held,
        )
        facts["seats_held"] = error.held
    return Problem(409, "over-person-limit", _("Over the limit per person"), detail, facts)


def _place_used_up(error: errors.PlaceUsedUp) -> Problem:
    detail = ngettext(
        "With one place in the waiting room %(num)d seat can be booked.",
        "With one place in the waiting room %(num)d seats can be booked, all told.",
        error.limit,
    )
    facts = {"event_id": error.event_id, "max_per_person": error.limit}
    return Problem(409, "over-person-limit", _("Over the limit per person"), detail, facts)


def _cancellation_closed(error: errors.CancellationClosed) -> Problem:
    return Problem(
        409,
        "cancellation-closed",
        _("Too late to cancel"),
        _("Bookings for this event can't be cancelled any more."),
        {"until": error.until.isoformat()},
    )


def _refund_changed(error: errors.RefundChanged) -> Problem:
    facts = {
        "booking_id": error.booking_id,
        "refund_minor": error.refund_minor,
        "currency": error.currency,
    }
    title = _("Less comes back by now")
    detail = _("Less of the price comes back by now: please look, and decide again.")
    return Problem(409, "refund-changed", title, detail, facts)


def _seats_are_in(error: errors.SeatsAreIn) -> Problem:
    detail = ngettext(
        "%(num)d seat of this booking was admitted at the door, so it can't be given back.",
        "%(num)d seats of this booking were admitted at the door, so they can't be given back.",
        len(error.seats),
    )
    facts = {"booking_id": error.booking_id, "seats": list(error.seats)}
    return Problem(409, "seats-are-in", _("Admitted at the door"), detail, facts)


def _not_givable(error: errors.NotGivable) -> Problem:
    sentences = {
        "booking_over": _("This booking has no seat any more that could be given away."),
        "not_paid": _("This booking is not paid yet; its seats can be given away once it is."),
        "event_cancelled": _("The organiser has cancelled this event; there is no seat to give."),
        "event_over": _("The event is over, so no seat can be given away any more."),
        "seat_is_in": _("Somebody came in with this seat already, so it can't be given away."),
        "seats_changed": _("Your seats have changed meanwhile. Please look again."),
    }
    facts = {"booking_id": error.booking_id, "reason": error.reason}
    title = _("This seat can't be given away")
    return Problem(409, "not-givable", title, sentences[error.reason], facts)


def _gift_closed(error: errors.GiftClosed) -> Problem:
    sentences = {
        "accepted": _("A friend has accepted this seat: it is theirs now."),
        "taken_back": _("This seat was taken back by whoever gave it."),
        "given_back": _("This seat was given back and is on sale again."),
        "event_cancelled": _("The organiser has cancelled this event."),
        "event_over": _("The event is over."),
        "seat_is_in": _("Somebody came in with this seat already."),
    }
    facts = {"gift_id": error.gift_id, "reason": error.reason}
    title = _("This gift is closed")
    return Problem(409, "gift-closed", title, sentences[error.reason], facts)


WORDINGS: dict[type, Callable[[Any], Problem]] = {
    errors.NotEnoughSeats: _not_enough_seats,
    errors.TicketTypeSoldOut: _type_sold_out,
    errors.TicketTypeNotOnSale: _type_not_on_sale,
    errors.VoucherRefused: _voucher_refused,
    errors.PriceRisen: _price_risen,
    errors.NotEnoughHeld: _not_enough_held,
    errors.SalesClosed: _sales_closed,
    errors.NotAdmitted: _not_admitted,
    errors.ProofRefused: _proof_refused,
    errors.OverPersonLimit: _over_person_limit,
    errors.PlaceUsedUp: _place_used_up,
    errors.CancellationClosed: _cancellation_closed,
    errors.RefundChanged: _refund_changed,
    errors.SeatsAreIn: _seats_are_in,
    errors.NotGivable: _not_givable,
    errors.GiftClosed: _gift_closed,
}
"""By the class of the error."""
