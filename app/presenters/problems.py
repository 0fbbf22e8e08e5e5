"""How each domain error is reported to people and programs: status, title and message."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app import errors
from app.presenters import booking_problems
from app.presenters.prices import price
from app.presenters.problem_details import Problem


def problem_of(error: errors.UtsavamError) -> Problem:
    """Return the problem of an error, by its class or the nearest base class that has one."""
    kind: Any = type(error)
    return _worded(kind, tuple(vars(error).items()), get_locale())


@lru_cache(maxsize=1_000)
def _worded(
    kind: type[errors.UtsavamError], facts: tuple[tuple[str, Any], ...], _locale: Any
) -> Problem:
    """Cached: a sold-out event gives the same problem thousands of times a second."""
    error: errors.UtsavamError = kind.__new__(kind)
    vars(error).update(facts)
    for ancestor in kind.__mro__:
        if ancestor in _WORDINGS:
            return _WORDINGS[ancestor](error)
    raise error


def _not_found(error: errors.NotFound) -> Problem:
    nouns = {
        "event": _("There is no such event."),
        "user": _("There is no such user."),
        "booking": _("There is no such booking."),
        "waiting room": _("This event has no waiting room."),
        "ticket": _("This link opens no ticket. It may be cut off, or was replaced by another."),
        "staff key": _("There is no such staff key."),
        "check-in": _("There was no such scan at this door."),
        "picture": _("There is no such picture."),
        "API token": _("There is no such API token."),
        "link": _("This link is not valid: it was used before, or its time is over."),
        "pass": _("There is no such pass for a wallet. The ticket can be saved as a PDF."),
        "ticket type": _("This event has no such ticket type."),
        "voucher": _("This event has no such code. Please look at its letters again."),
        "hold": _("There is no such hold; its seats may have been released."),
        "mail": _("There is no such letter."),
        "refund": _("There is no such refund."),
        "receipt": _("There is no such receipt."),
        "gift": _("This link gives no seat. It may be cut off, or you have a newer one."),
    }
    return Problem(404, "not-found", _("Not found"), nouns[error.noun])


def _wrong_amount(error: errors.WrongAmount) -> Problem:
    cost = price(error.asked, error.currency)
    facts = {
        "booking_id": error.booking_id,
        "amount_minor": error.asked,
        "currency": error.currency,
    }
    detail = _("The order costs %(price)s, which is not this amount.", price=cost)
    return Problem(409, "wrong-amount", _("Not what the order costs"), detail, facts)


def _nothing_to_pay(error: errors.NothingToPay) -> Problem:
    detail = (
        _("This booking is paid, or costs nothing.")
        if error.is_paid
        else _("This booking is cancelled, so there is nothing to pay.")
    )
    facts = {"booking_id": error.booking_id, "is_paid": error.is_paid}
    return Problem(409, "nothing-to-pay", _("Nothing to pay"), detail, facts)


def _bank_reference_taken(error: errors.BankReferenceTaken) -> Problem:
    detail = _("This bank reference was given for another booking. Please look at it again.")
    facts = {"booking_id": error.booking_id}
    return Problem(409, "bank-reference-taken", _("Bank reference used already"), detail, facts)


def _capacity_below_sold(error: errors.CapacityBelowSold) -> Problem:
    detail = _(
        "%(sold)d seats are sold, so the capacity can't be %(asked)d.",
        sold=error.sold,
        asked=error.asked,
    )
    if error.held:
        detail = _(
            "%(sold)d seats are sold and %(held)d held back, so the capacity can't be %(asked)d.",
            sold=error.sold,
            held=error.held,
            asked=error.asked,
        )
    facts = {"seats_sold": error.sold, "seats_held": error.held}
    return Problem(409, "capacity-below-sold", _("Capacity below seats sold"), detail, facts)


def _currency_fixed(error: errors.CurrencyFixed) -> Problem:
    detail = _(
        "Seats were booked in %(currency)s, so the currency can't change any more. Cancelled"
        " bookings count too: they keep their price.",
        currency=error.currency,
    )
    facts = {"event_id": error.event_id, "currency": error.currency}
    return Problem(409, "currency-fixed", _("Currency can't change"), detail, facts)


def _event_has_bookings(error: errors.EventHasBookings) -> Problem:
    detail = ngettext(
        "The event has %(num)d confirmed booking. Delete it by force to cancel it too.",
        "The event has %(num)d confirmed bookings. Delete it by force to cancel them too.",
        error.bookings,
    )
    return Problem(
        409, "event-has-bookings", _("Event has bookings"), detail, {"bookings": error.bookings}
    )


def _invalid_field(error: errors.InvalidField) -> Problem:
    return Problem(
        422,
        "invalid",
        _("Invalid request"),
        _("The field %(field)s %(message)s.", field=error.field, message=error.message),
        {"errors": [{"field": error.field, "message": error.message}]},
    )


def _key_reused(error: errors.IdempotencyKeyReused) -> Problem:
    message = "was used before, for another request"
    return Problem(
        422,
        "idempotency-key-reused",
        _("Idempotency key reused"),
        _("The idempotency key was used before, for another request."),
        {"errors": [{"field": "idempotency_key", "message": message}]},
    )


def _unknown(error: errors.OutcomeUnknown) -> Problem:
    return Problem(
        503,
        "outcome-unknown",
        _("Outcome unknown"),
        _(
            "We can't tell whether this was done. Send it again, "
            "with the same idempotency key if it had one."
        ),
        retry_after=error.retry_after,
    )


def _unavailable(error: errors.Unavailable) -> Problem:
    return Problem(
        503,
        "unavailable",
        _("Not available just now"),
        _("Nothing was booked. Please try again in a moment."),
        retry_after=error.retry_after,
    )


def _provider_away(error: errors.ProviderAway) -> Problem:
    return Problem(
        503,
        "payment-provider-away",
        _("Not to be paid just now"),
        _("The payment provider did not answer. Your seats are reserved still: please try again."),
        retry_after=error.retry_after,
    )


def _room_away(error: errors.RoomAway) -> Problem:
    return Problem(
        503,
        "waiting-room-away",
        _("The waiting room is not reached just now"),
        _("Whoever has a place keeps it. Please try again in a moment."),
        retry_after=error.retry_after,
    )


def _too_many_readers(error: errors.TooManyReaders) -> Problem:
    return Problem(
        503,
        "too-many-readers",
        _("Many people are here"),
        _("This page tries again by itself in a few seconds."),
        retry_after=error.retry_after,
    )


def _too_many_sign_ins(error: errors.TooManySignIns) -> Problem:
    return Problem(
        503,
        "too-many-sign-ins",
        _("Many people are signing in"),
        _("In a few seconds the form comes back by itself. Please send it once more then."),
        retry_after=error.retry_after,
    )


def _too_many_requests(error: errors.TooManyRequests) -> Problem:
    detail = _("Too many tries. Please wait %(time)s, then try again.", time=_wait(error))
    return _too_many(error, detail)


def _too_many_join(error: errors.TooManyJoin) -> Problem:
    detail = _(
        "Very many people have joined the waiting room from your network. Please wait %(time)s, or"
        " sign in: whoever is signed in may join at any time.",
        time=_wait(error),
    )
    return _too_many(error, detail)


def _too_many(error: errors.TooManyRequests, detail: str) -> Problem:
    title = _("Too many tries")
    return Problem(429, "too-many-requests", title, detail, retry_after=error.retry_after)


def _wait(error: errors.TooManyRequests) -> str:
    if error.retry_after <= 120:
        return str(ngettext("%(num)d second", "%(num)d seconds", error.retry_after))
    return str(ngettext("%(num)d minute", "%(num)d minutes", -(-error.retry_after // 60)))


def _fixed(status: int, slug: str, title: Callable[[], str], detail: Callable[[], str]) -> Any:
    return lambda _error: Problem(status, slug, title(), detail())


_WORDINGS: dict[type, Callable[[Any], Problem]] = {
    errors.NotFound: _not_found,
    **booking_problems.WORDINGS,
    errors.WrongAmount: _wrong_amount,
    errors.NothingToPay: _nothing_to_pay,
    errors.BankReferenceTaken: _bank_reference_taken,
    errors.RefundOnItsWay: _fixed(
        409,
        "refund-on-its-way",
        lambda: _("On its way already"),
        lambda: _("The payment provider is just paying it back. Look again in a minute."),
    ),
    errors.PaymentNotOffered: _fixed(
        409,
        "payment-not-offered",
        lambda: _("Not to be paid this way"),
        lambda: _("This booking can't be paid online now. Please pay it in another way."),
    ),
    errors.ProviderAway: _provider_away,
    errors.RoomAway: _room_away,
    errors.CapacityBelowSold: _capacity_below_sold,
    errors.CurrencyFixed: _currency_fixed,
    errors.EventHasBookings: _event_has_bookings,
    errors.InvalidField: _invalid_field,
    errors.IdempotencyKeyReused: _key_reused,
    errors.TooManyRequests: _too_many_requests,
    errors.TooManyJoin: _too_many_join,
    errors.OutcomeUnknown: _unknown,
    errors.TooManyReaders: _too_many_readers,
    errors.TooManySignIns: _too_many_sign_ins,
    errors.Unavailable: _unavailable,
    errors.EmailTaken: _fixed(
        409,
        "email-taken",
        lambda: _("Email taken"),
        lambda: _("There is an account with this email already."),
    ),
    errors.EventCancelled: _fixed(
        409,
        "event-cancelled",
        lambda: _("The event is cancelled"),
        lambda: _("The organiser has cancelled this event; there is nothing to give back."),
    ),
    errors.NoTicket: _fixed(
        409,
        "no-ticket",
        lambda: _("No ticket"),
        lambda: _("This booking is cancelled, or its event is: there is no ticket to keep."),
    ),
    errors.VersionConflict: _fixed(
        409,
        "version-conflict",
        lambda: _("Changed meanwhile"),
        lambda: _("Somebody else changed this event while you were editing it."),
    ),
    errors.BookingChanged: _fixed(
        409,
        "booking-changed",
        lambda: _("Changed meanwhile"),
        lambda: _("This booking was changed or cancelled meanwhile. Please look at it again."),
    ),
    errors.BookedByAccount: _fixed(
        409,
        "booked-by-account",
        lambda: _("Booked by an account"),
        lambda: _(
            "Somebody who is signed in made this booking, so name and email are those of their"
            " account. They change them on its page; staff whose key opens all events can change"
            " its email."
        ),
    ),
    errors.AccountChanged: _fixed(
        409,
        "account-changed",
        lambda: _("Changed meanwhile"),
        lambda: _("The email of this account was changed meanwhile. Please look at it again."),
    ),
    errors.WrongCredentials: _fixed(
        401,
        "wrong-credentials",
        lambda: _("Not signed in"),
        lambda: _("The email or the password is wrong."),
    ),
    errors.RoleTooLow: _fixed(
        403,
        "role-too-low",
        lambda: _("Your key may not do this"),
        lambda: _("Your staff key is for something else. Ask somebody whose key may do this."),
    ),
    errors.KeyLimited: _fixed(
        403,
        "key-limited",
        lambda: _("Your key is limited"),
        lambda: _("Your staff key opens some events only, and this concerns the whole site."),
    ),
    errors.SignUpClosed: _fixed(
        403,
        "sign-up-closed",
        lambda: _("Accounts are made by the organisers"),
        lambda: _(
            "This site sends no mail, so nobody can make an account here: its organisers do, with a"
            " staff key. Booking needs no account."
        ),
    ),
    errors.NotAllowed: _fixed(
        401,
        "not-allowed",
        lambda: _("Who are you?"),
        lambda: _(
            "This needs a key that is good: an X-Admin-Key header, or Authorization: Bearer with an"
            " API token. None was sent, or it is not, or no longer, known here."
        ),
    ),
}
