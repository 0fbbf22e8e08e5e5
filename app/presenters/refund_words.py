"""Why money is owed back, in words: to its buyer, and to staff."""

from flask_babel import gettext as _

from app.models import PaymentProvider, RefundReason
from app.presenters.prices import price


def told_to_buyer(reason: str, minor: int, currency: str, event: str, *, done: bool) -> str:
    """What a buyer is told of money that is owed back or, if it is `done`, was paid back."""
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
    if done:
        sentence = _("%(money)s of what you paid for %(name)s was paid back to you.")
    else:
        sentence = sentences[RefundReason(reason)]
    return str(sentence % {"money": price(minor, currency), "name": event})


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
