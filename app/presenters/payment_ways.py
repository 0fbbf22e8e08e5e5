"""How a reserved booking can be paid: what its buyer sees."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from app.lib.money import to_amount
from app.lib.payment_texts import upi_link
from app.models import Event, PaymentProvider
from app.models.payment import ToPay
from app.models.references import spoken
from app.presenters.prices import price
from app.presenters.qr_codes import drawing


class Upi(NamedTuple):
    address: str
    link: str
    """Opens a UPI app on the same device, though some refuse links: the code comes first."""
    qr: Markup
    """The link as a code for another device, an SVG."""


class Online(NamedTuple):
    """A provider on whose page the order can be paid."""

    provider: str
    name: str


class PaymentWays(NamedTuple):
    """What the buyer of a reserved booking needs to pay it; of one whose time is over, to ask."""

    amount: str
    """All of the order, with its currency."""
    reference: str
    """In groups of four, to be named with the payment."""
    until: datetime | None
    is_reserved: bool
    """Whether its seats still wait; False when its time is over, and nothing is to be paid."""
    online: Sequence[Online]
    """Empty where no provider is set, or takes the currency, or the time is too short."""
    upi: Upi | None
    """None without a UPI address, and for other currencies than the rupee."""
    note: str
    """How the organiser wants to be paid, as for bank transfers: their own words, or empty."""
    takes_reference: bool
    """Whether the buyer may give the bank's reference of a payment by UPI."""
    bank_reference: str
    """What the buyer gave as the bank's reference, or empty."""


def payment_ways(
    to_pay: ToPay,
    event: Event,
    *,
    upi_address: str,
    upi_name: str,
    online: Sequence[PaymentProvider] = (),
) -> PaymentWays:
    """The ways to pay what is `to_pay` (`services.paid_orders.to_pay`); `online` by these."""
    upi, by_upi = None, bool(upi_address) and to_pay.currency == "INR"
    if by_upi and to_pay.is_reserved:
        amount = to_amount(to_pay.amount_minor, to_pay.currency)
        link = upi_link(upi_address, upi_name, amount, to_pay.reference)
        upi = Upi(upi_address, link, drawing(link))
    return PaymentWays(
        price(to_pay.amount_minor, to_pay.currency),
        spoken(to_pay.reference),
        to_pay.until,
        to_pay.is_reserved,
        [Online(one.value, provider_name(one)) for one in online if to_pay.is_reserved],
        upi,
        event.payment_note,
        by_upi,
        to_pay.bank_reference or "",
    )


def provider_name(provider: PaymentProvider) -> str:
    """A provider's own name: a name is not translated."""
    return provider.value.capitalize()
