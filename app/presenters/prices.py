"""Prices as they are shown, and how they are paid: as nothing is charged here, in words."""

from flask_babel import get_locale
from flask_babel import gettext as _

from app.lib.money import (
    Ambiguous,
    TooFine,
    currency_mark,
    digits_of,
    format_money,
    minor_to_text,
    percent_to_text,
)
from app.models import Booking, BookingState, Event
from app.presenters.payment_times import pay_until


def price(minor: int, currency: str) -> str:
    """Format an amount given in the currency's smallest unit, such as paise."""
    return format_money(minor, currency, _locale())


def price_or_free(minor: int, currency: str) -> str:
    return price(minor, currency) if minor else str(_("Free"))


def price_of(event: Event) -> str:
    """What a seat costs its buyer, all in; with several ticket types, where that begins."""
    lowest = price_or_free(event.total_minor, event.currency)
    if event.highest_total_minor is None:
        return lowest
    if event.total_minor:
        return str(_("from %(price)s", price=lowest))
    return f"{lowest} – {price(event.highest_total_minor, event.currency)}"


def fee_words(fee_minor: int, currency: str) -> str:
    """What of a price that is told beside it is a fee; empty if there is none."""
    return str(_("with a fee of %(price)s", price=price(fee_minor, currency))) if fee_minor else ""


def price_with_fee(total_minor: int, fee_minor: int, currency: str) -> str:
    """What is paid, and what of it is a fee: `₹525, with a fee of ₹25`."""
    told = (price_or_free(total_minor, currency), fee_words(fee_minor, currency))
    return ", ".join(filter(None, told))


def price_of_booking(booking: Booking) -> str:
    return price_with_fee(booking.total_minor, booking.total_fee_minor, booking.currency)


def fee_of_event(event: Event) -> str:
    """The fee in what `price_of` tells; of several prices, only that they have it."""
    if event.highest_total_minor is None:
        return fee_words(event.total_fee_minor, event.currency)
    return str(_("with all fees")) if event.fee else ""


def fee_terms(event: Event) -> str:
    """The event's fee as its organiser has set it: `₹10 + 2.5 %`; empty without one."""
    parts = []
    if event.fee.amount_minor:
        parts.append(price(event.fee.amount_minor, event.currency))
    if event.fee.basis_points:
        parts.append(f"{percent_to_text(event.fee.basis_points)}\N{NO-BREAK SPACE}%")
    return " + ".join(parts)


def price_mark(currency: str) -> str:
    """What stands before an amount, for scripts that compute one."""
    return currency_mark(currency, _locale())


def how_to_pay(event: Event) -> str:
    """How a seat is paid: the organiser's words, or ours. Empty for a free event without any, and
    for one whose seats are paid first, of which `what_waits` tells."""
    if event.payment_note or not (event.price_minor or event.highest_price_minor):
        return event.payment_note
    if event.payment_minutes is not None:
        return ""
    if event.highest_price_minor is not None:
        return str(_("Pay at the door."))
    cost = price(event.total_minor, event.currency)
    return str(_("Pay %(price)s a seat at the door.", price=cost))


def how_to_pay_booking(booking: Booking) -> str:
    """How the booking is paid, as `how_to_pay`, but for all its seats at the price they had.

    Empty for a booking that does not stand: nothing is to be paid; and for one that was paid before
    it was confirmed.
    """
    if booking.state != BookingState.CONFIRMED or booking.is_paid:
        return ""
    if booking.event.payment_note or not booking.total_minor:
        return booking.event.payment_note
    cost = price(booking.total_minor, booking.currency)
    return str(_("Pay %(price)s at the door.", price=cost))


def how_to_pay_in_words(booking: Booking) -> str:
    """How the booking is paid, for programs: as `how_to_pay_booking`, and while it is reserved how
    and until when."""
    if booking.state != BookingState.RESERVED:
        return how_to_pay_booking(booking)
    cost = price(booking.total_minor, booking.currency)
    by = _("Pay %(price)s by %(time)s.", price=cost, time=pay_until(booking))
    return " ".join(filter(None, (by, booking.event.payment_note)))


def how_to_pay_first(event: Event, contact: str) -> str:
    """How seats are paid that are reserved: the organiser's words, or whom to ask."""
    if event.payment_note:
        return event.payment_note
    if contact:
        return str(_("How to pay, you learn from the organiser: %(email)s", email=contact))
    return str(_("How to pay, you learn from the organiser."))


def how_to_pay_together(event: Event, minor: int, currency: str) -> str:
    """How the bookings of one order are paid, whose prices have this sum."""
    if minor and event.payment_minutes is not None:
        return ""
    if event.payment_note or not minor:
        return event.payment_note
    return str(_("Pay %(price)s at the door.", price=price(minor, currency)))


def amount_refused(error: ValueError, currency: str) -> str:
    """Word why a typed amount was not taken (`NotAnAmount`), and how to write it."""
    if isinstance(error, Ambiguous):
        message = _("That can be read in two ways: write it as in %(example)s.")
    elif not isinstance(error, TooFine):
        message = _("Enter an amount, as in %(example)s.")
    elif digits_of(currency):
        message = _("%(currency)s has %(digits)d decimals: write it as in %(example)s.")
    else:
        message = _("%(currency)s has no decimals: write it as in %(example)s.")
    facts = {
        "currency": currency,
        "digits": digits_of(currency),
        "example": amount_examples(currency),
    }
    return str(message % facts)


def amount_examples(currency: str) -> str:
    """Amounts as they are typed: `1250 or 12.50`."""
    digits = digits_of(currency)
    finest = minor_to_text(125 * 10 ** (digits - 1), currency) if digits else ""
    return str(_("1250 or %(finest)s", finest=finest)) if finest else "1250"


def _locale() -> str:
    return str(get_locale() or "en_IN")
