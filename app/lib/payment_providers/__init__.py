"""Payment providers: whoever takes the buyer's money on pages of their own and tells us of it.

Card numbers are typed on the provider's pages alone. Each provider is a module, by the provider's
own library; nothing here knows of bookings, and everything it answers is a claim to be compared.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

ANSWER_WITHIN = 4.0
"""Seconds that a provider has to take the connection, and again for each part of its answer."""


Header = Callable[[str], str | None]
"""Answers a request's header by its name, in whichever capitals."""


class PageState(StrEnum):
    """What became of a page on which a buyer pays."""

    OPEN = "open"
    PROCESSING = "processing"
    """The buyer is done; the money may come or not, within days."""
    PAID = "paid"
    CLOSED = "closed"
    """Nothing can be paid on it any more, and nothing was."""


class ToBePaid(NamedTuple):
    """What a page is to take."""

    order: str
    """The order's reference, by which each fact of the page can be led back to it."""
    key: str
    """Names this page and no other; at most 40 characters."""
    amount_minor: int
    currency: str
    title: str
    """What is paid for, as the buyer is to read it."""
    now: datetime
    until: datetime
    """When nobody should be able to pay any more. A provider may close its page later."""
    return_address: str
    """Where the provider leads the buyer afterwards, whether it was paid or not."""


class Begun(NamedTuple):
    page: str
    """What the provider calls the page."""
    address: str
    """Where the buyer pays."""


class Facts(NamedTuple):
    """What a provider says of a page, verified to be the provider's word."""

    page: str
    state: PageState
    amount_minor: int
    currency: str
    payment: str | None = None
    """What the provider calls the payment; known once it is paid."""
    order: str | None = None
    """The order's reference that the page was begun with."""
    address: str | None = None
    """Where the buyer pays, while the page is open."""


class RefundFailed(NamedTuple):
    """That money was sent back and did not arrive, or was not sent in the end: the provider has
    given it back to the organiser's account there, and does not try again."""

    refund: str
    """What the provider calls the refund."""
    key: str | None
    """Ours, if the refund was made by us."""
    reason: str
    """In the provider's words, from a list of its own; names no person."""


class Webhook(NamedTuple):
    """A webhook, verified by its signature."""

    id: str
    """The same when it is sent again."""
    kind: str
    """What happened, in the provider's words."""
    facts: Facts | RefundFailed | None
    """None for what tells of no page, nor of a refund that has failed."""


class ProviderFault(Exception):
    """Something is wrong with the provider, or with what it was asked."""


class Away(ProviderFault):
    """It did not answer, or can't now. Nobody knows whether it did what it was asked."""


class Refused(ProviderFault):
    """It has answered that it won't; the message is its reason, which names no person."""


class Forged(ProviderFault):
    """A webhook's signature is missing, wrong or too old, or its body is no event."""


class Provider(Protocol):
    def takes(self, currency: str) -> bool:
        """Whether it counts the currency in the units that we do."""

    def begin(self, order: ToBePaid) -> Begun:
        """Make a page. Raises `Away` and `Refused`, as the calls below."""

    def read(self, body: bytes, header: Header) -> Webhook:
        """Verify a webhook. Raises `Forged`."""

    def ask(self, page: str) -> Facts:
        """Ask what became of a page."""

    def cancel(self, page: str) -> Facts:
        """Close a page, so that nothing can be paid on it; what is paid already stays so."""

    def refund(self, payment: str, amount_minor: int, key: str) -> str:
        """Pay back of a payment, once for a key; returns what the provider calls the refund.

        At least ten characters, and not the same for two refunds: the key.
        """
