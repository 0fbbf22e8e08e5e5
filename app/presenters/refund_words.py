"""How much money comes back on cancelling, and why it is owed, in words: to its buyer, and to
staff."""

from collections.abc import Sequence

from babel.numbers import format_percent
from flask_babel import get_locale
from flask_babel import gettext as _

from app.lib.refund_steps import ALL, Period, left_of
from app.models import Event, PaymentProvider, RefundReason
from app.models.columns import now
from app.presenters.payment_times import moment_of
from app.presenters.prices import price


def what_comes_back(event: Event) -> str:
    """What comes back until when to whoever books now. Empty for an event that does not tell it,
    and once nobody can cancel."""
    if not event.tells_refunds:
        return ""
    return periods_in_words(event, left_of(event.refund_periods, now()))


def periods_in_words(event: Event, periods: Sequence[Period]) -> str:
    """What comes back until when, by the event's clock. Empty without any period."""
    told = [_first_in_words(event, period) for period in periods[:1]]
    told += [_later_in_words(event, period) for period in periods[1:]]
    return " ".join(told)


def _first_in_words(event: Event, period: Period) -> str:
    words = {"time": moment_of(event, period.until), "share": _share(period)}
    if period.percent == ALL:
        return str(_("Cancelled until %(time)s, all of the price comes back.", **words))
    if not period.percent:
        return str(_("Cancelled until %(time)s, nothing of the price comes back.", **words))
    return str(_("Cancelled until %(time)s, %(share)s of the price comes back.", **words))


def _later_in_words(event: Event, period: Period) -> str:
    words = {"time": moment_of(event, period.until), "share": _share(period)}
    if not period.percent:
        return str(_("After that, until %(time)s, nothing comes back.", **words))
    return str(_("After that, until %(time)s, %(share)s.", **words))


def _share(period: Period) -> str:
    return str(format_percent(period.percent / ALL, locale=get_locale() or "en_IN"))


def told_to_buyer(
    reason: str, minor: int, currency: str, event: str, *, done: bool, failed: bool = False
) -> str:
    """What a buyer is told of money that is owed back or, if it is `done`, was paid back; with
    `failed`, that it was sent back and did not arrive."""
    sentences = {
        RefundReason.LATE: _(
            "Your payment of %(money)s for %(name)s came after its time was over, and the seats are"
            " gone. The whole amount is owed to you."
        ),
        RefundReason.TWICE: _(
            "A second payment of %(money)s for %(name)s has come. It is owed to you; your booking"
            " stands."
        ),
        RefundReason.WRONG_AMOUNT: _(
            "Your payment of %(money)s for %(name)s is not what the booking costs, so it paid for"
            " no seats. The whole amount is owed to you."
        ),
        RefundReason.EVENT_CANCELLED: _(
            "%(name)s is cancelled. %(money)s of what you paid is owed to you."
        ),
        RefundReason.CANCELLED: _(
            "Seats for %(name)s that were paid are cancelled. %(money)s is owed to you."
        ),
    }
    if failed:
        sentence = _(
            "%(money)s of what you paid for %(name)s was sent back to you, and did not arrive. It"
            " is owed to you still."
        )
    elif done:
        sentence = _("%(money)s of what you paid for %(name)s was paid back to you.")
    else:
        sentence = sentences[RefundReason(reason)]
    return str(sentence % {"money": price(minor, currency), "name": event})


def told_of_refund(owed_minor: int, kept_minor: int, currency: str) -> str:
    """What a guest is told of the price of seats that they gave back."""
    amount = price(owed_minor, currency)
    if not kept_minor:
        return str(_("%(amount)s of what you have paid is owed to you.", amount=amount))
    words = {"amount": amount, "price": price(owed_minor + kept_minor, currency)}
    if not owed_minor:
        return str(_("Nothing of the %(price)s that you have paid for them comes back.", **words))
    return str(
        _("%(amount)s of the %(price)s that you have paid for them is owed to you.", **words)
    )


def reason_label(reason: str) -> str:
    """The reason as lists of staff name it."""
    labels = {
        RefundReason.LATE: _("came too late, seats gone"),
        RefundReason.TWICE: _("paid twice"),
        RefundReason.WRONG_AMOUNT: _("not the amount due"),
        RefundReason.CANCELLED: _("booking cancelled"),
        RefundReason.EVENT_CANCELLED: _("event cancelled"),
    }
    return str(labels[RefundReason(reason)])


def taken_as(reason: str | None) -> str:
    """What staff are told of a payment that they recorded: it paid, or why it is owed back."""
    if reason is None:
        return str(_("It is paid: the seats are confirmed."))
    return str(_("The money is noted, and owed back: %(reason)s.", reason=reason_label(reason)))


def provider_label(provider: str) -> str:
    """How money came, as lists of staff name it."""
    labels = {
        PaymentProvider.UPI: _("UPI"),
        PaymentProvider.TRANSFER: _("bank transfer"),
        PaymentProvider.DOOR: _("cash"),
        PaymentProvider.STRIPE: "Stripe",
        PaymentProvider.RAZORPAY: "Razorpay",
    }
    return str(labels[PaymentProvider(provider)])
