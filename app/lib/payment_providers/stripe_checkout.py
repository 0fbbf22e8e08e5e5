"""Stripe's hosted Checkout, by Stripe's library."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import stripe

from app.lib.money import UNUSUAL_DIGITS
from app.lib.payment_providers import (
    ANSWER_WITHIN,
    Away,
    Begun,
    Facts,
    Forged,
    Header,
    PageState,
    RefundFailed,
    Refused,
    ToBePaid,
    Webhook,
)

LEAST = timedelta(minutes=31)
MOST = timedelta(hours=23, minutes=59)
"""A session lives 30 minutes to 24 hours; a minute is for clocks that differ."""
OTHER_UNITS = frozenset(("ISK", "UGX"))
"""Counted in hundredths, though ISO 4217 knows none of them."""
SAYS_OF_PAGE = "checkout.session."
SAYS_OF_REFUND = frozenset(("refund.failed", "refund.updated", "charge.refund.updated"))
FAILED = frozenset(("failed", "canceled"))
"""Statuses of a refund that brings nobody money."""
ORDER = "utsavam_order"
"""Our name for the order's reference, so that another site's sessions are not taken for ours."""
REFUND = "utsavam_refund"
Answer = TypeVar("Answer")


class StripeCheckout:
    """Sessions of Checkout; `base` is where the API is, as in `https://api.stripe.com`."""

    def __init__(self, key: str, webhook_secret: str, base: str) -> None:
        self._secret = webhook_secret
        http = stripe.RequestsClient(timeout=ANSWER_WITHIN)
        self._client = stripe.StripeClient(
            key, base_addresses={"api": base}, http_client=http, max_network_retries=0
        )

    def takes(self, currency: str) -> bool:
        return currency not in OTHER_UNITS and UNUSUAL_DIGITS.get(currency, 2) <= 2

    def begin(self, order: ToBePaid) -> Begun:
        product = {"name": order.title}
        price = {
            "currency": order.currency.lower(),
            "unit_amount": order.amount_minor,
            "product_data": product,
        }
        told = {ORDER: order.order}
        asked = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "client_reference_id": order.order,
            "metadata": told,
            "payment_intent_data": {"metadata": told},
            "adaptive_pricing": {"enabled": False},
            "expires_at": int(_expiry(order.now, order.until).timestamp()),
            "success_url": order.return_address,
            "cancel_url": order.return_address,
        }
        options = {"idempotency_key": order.key}
        made = _answer(lambda: self._client.v1.checkout.sessions.create(asked, options))
        return Begun(made["id"], made["url"])

    def read(self, body: bytes, header: Header) -> Webhook:
        try:
            event = self._client.construct_event(body, header("Stripe-Signature"), self._secret)
            kind, of = str(event["type"]), event["data"]["object"]
            return Webhook(str(event["id"]), kind, _told_of(kind, of))
        except stripe.SignatureVerificationError:
            # Its message holds the body.
            raise Forged("the signature is not Stripe's") from None
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Forged("the body is no event") from None

    def ask(self, page: str) -> Facts:
        return _facts(_answer(lambda: self._client.v1.checkout.sessions.retrieve(page)))

    def cancel(self, page: str) -> Facts:
        try:
            return _facts(_answer(lambda: self._client.v1.checkout.sessions.expire(page)))
        except Refused:
            # Only an open session can be closed: it is paid, or closed already.
            facts = self.ask(page)
            if facts.state == PageState.OPEN:
                raise
            return facts

    def refund(self, payment: str, amount_minor: int, key: str) -> str:
        # Stripe forgets keys after a day, so what was done before is looked for first.
        done = _answer(lambda: self._client.v1.refunds.list({"payment_intent": payment}))
        for one in done.auto_paging_iter():
            if _told(one).get(REFUND) == key:
                return _refunded(one)
        asked = {"payment_intent": payment, "amount": amount_minor, "metadata": {REFUND: key}}
        options = {"idempotency_key": key}
        return _refunded(_answer(lambda: self._client.v1.refunds.create(asked, options)))


def _expiry(now: datetime, until: datetime) -> datetime:
    return min(max(until, now + LEAST), now + MOST)


def _facts(session: Any) -> Facts:
    status, is_paid = session["status"], session["payment_status"] == "paid"
    state = {"open": PageState.OPEN, "expired": PageState.CLOSED}.get(status)
    if state is None:
        state = PageState.PAID if is_paid else PageState.PROCESSING
    payment = _of(session, "payment_intent")
    return Facts(
        page=session["id"],
        state=state,
        amount_minor=session["amount_total"],
        currency=session["currency"].upper(),
        # By the id, also where the whole payment is told.
        payment=payment if payment is None or isinstance(payment, str) else payment["id"],
        order=_told(session).get(ORDER),
        address=_of(session, "url"),
    )


def _told_of(kind: str, thing: Any) -> Facts | RefundFailed | None:
    if kind.startswith(SAYS_OF_PAGE):
        return _facts(thing)
    return _failure(thing) if kind in SAYS_OF_REFUND else None


def _failure(refund: Any) -> RefundFailed | None:
    """That the refund has failed; None for one that has not. What was told of it earlier, as that
    it has succeeded, counts for nothing then: a refund that has failed stays so."""
    if refund["status"] not in FAILED:
        return None
    reason = _of(refund, "failure_reason") or refund["status"]
    return RefundFailed(str(refund["id"]), _told(refund).get(REFUND), str(reason))


def _refunded(refund: Any) -> str:
    if failure := _failure(refund):
        raise Refused(f"the refund {failure.refund} has failed: {failure.reason}")
    return str(refund["id"])


def _of(thing: Any, name: str) -> Any:
    return thing[name] if name in thing else None  # noqa: SIM401 - no mapping, and has no get


def _told(thing: Any) -> Mapping[str, str]:
    """The facts that we gave the thing when it was made."""
    found = _of(thing, "metadata")
    return dict(found.to_dict()) if found else {}


def _answer(call: Callable[[], Answer]) -> Answer:
    """Ask Stripe. Raises `Away` and `Refused`."""
    try:
        return call()
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Away(type(error).__name__) from None
    except stripe.IdempotencyError as error:
        raise Refused(_reason(error)) from None
    except stripe.StripeError as error:
        status = error.http_status or 500
        # 409: the same was asked by somebody else, who has no answer yet.
        if status >= 500 or status in {409, 429}:
            raise Away(f"{type(error).__name__}, status {status}") from None
        raise Refused(_reason(error)) from None


def _reason(error: "stripe.StripeError") -> str:
    # Its code is from a list; messages may quote what was sent, a part of the key too.
    code = error.code or type(error).__name__
    return f"{code} (status {error.http_status})"
