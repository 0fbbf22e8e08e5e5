"""Razorpay's payment links, by Razorpay's library."""

from collections.abc import Callable
from datetime import timedelta
from json import loads
from typing import Any, TypeVar

import razorpay
import requests
from razorpay.errors import BadRequestError, GatewayError, ServerError, SignatureVerificationError

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

LEAST = timedelta(minutes=16)
"""How long a link lives at least: 15 minutes, and one for clocks that differ."""
SAYS_OF_LINK = "payment_link."
REFUND_FAILED = "refund.failed"
ORDER = "utsavam_order"
"""Our name for the order's reference, so that another site's links are not taken for ours."""
STATES = {
    "created": PageState.OPEN,
    "partially_paid": PageState.PROCESSING,
    "paid": PageState.PAID,
    "expired": PageState.CLOSED,
    "cancelled": PageState.CLOSED,
}
BUSY = frozenset((409, 429))
"""Statuses of what is being done already, or is asked too often: to be asked again."""
Answer = TypeVar("Answer")


class RazorpayLinks:
    """Payment links in rupees; `base` is where the API is, as in `https://api.razorpay.com`."""

    def __init__(self, key_id: str, key_secret: str, webhook_secret: str, base: str) -> None:
        self._secret = webhook_secret
        self._client = razorpay.Client(session=_Session(), auth=(key_id, key_secret), base_url=base)

    def takes(self, currency: str) -> bool:
        return currency == "INR"

    def begin(self, order: ToBePaid) -> Begun:
        asked = {
            "amount": order.amount_minor,
            "currency": order.currency,
            "accept_partial": False,
            "description": order.title[:2048],
            "reference_id": order.key,
            "expire_by": int(max(order.until, order.now + LEAST).timestamp()),
            "notes": {ORDER: order.order},
            # We know whom to write to; Razorpay is told nothing of them.
            "notify": {"sms": False, "email": False},
            "reminder_enable": False,
            "callback_url": order.return_address,
            "callback_method": "get",
        }
        made = _answer(lambda: self._client.payment_link.create(asked))
        return Begun(made["id"], made["short_url"])

    def read(self, body: bytes, header: Header) -> Webhook:
        signature, ident = (header(f"X-Razorpay-{name}") for name in ("Signature", "Event-Id"))
        if not signature or not ident:
            raise Forged("a header is missing")
        try:
            text = body.decode()
            self._client.utility.verify_webhook_signature(text, signature, self._secret)
            event = loads(text)
            return Webhook(ident, str(event["event"]), _facts_of_event(event))
        except SignatureVerificationError:
            raise Forged("the signature is not Razorpay's") from None
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Forged("the body is no event") from None

    def ask(self, page: str) -> Facts:
        link = _answer(lambda: self._client.payment_link.fetch(page))
        paid = [one for one in link.get("payments") or [] if one["status"] == "captured"]
        return _facts(link, paid[0]["payment_id"] if paid else None)

    def cancel(self, page: str) -> Facts:
        try:
            return _facts(_answer(lambda: self._client.payment_link.cancel(page)), None)
        except Refused:
            # Only an open link can be closed: it is paid, or closed already.
            facts = self.ask(page)
            if facts.state == PageState.OPEN:
                raise
            return facts

    def refund(self, payment: str, amount_minor: int, key: str) -> str:
        # Nobody says how long keys are remembered, so what was done before is looked for first.
        done = _answer(lambda: self._client.payment.fetch_multiple_refund(payment))
        for one in done["items"]:
            if one.get("receipt") == key:
                return _refunded(one)
        asked = {"amount": amount_minor, "receipt": key}
        headers = {"X-Refund-Idempotency": key}
        return _refunded(
            _answer(lambda: self._client.payment.refund(payment, asked, headers=headers))
        )


class _Session(requests.Session):  # type: ignore[misc]
    """Tells of every failure as we do: the library prints some, and expects JSON of each answer."""

    def request(self, *args: Any, **options: Any) -> requests.Response:
        try:
            answer = super().request(*args, **{"timeout": ANSWER_WITHIN, **options})
        except requests.RequestException as error:
            raise Away(type(error).__name__) from None
        if answer.status_code >= 500 or answer.status_code in BUSY:
            raise Away(f"status {answer.status_code}")
        return answer


def _facts_of_event(event: Any) -> Facts | RefundFailed | None:
    if event["event"] == REFUND_FAILED:
        refund = event["payload"]["refund"]["entity"]
        return RefundFailed(str(refund["id"]), refund.get("receipt"), "failed")
    if not event["event"].startswith(SAYS_OF_LINK):
        return None
    told = event["payload"]
    payment = told.get("payment")
    return _facts(told["payment_link"]["entity"], payment["entity"]["id"] if payment else None)


def _facts(link: Any, payment: str | None) -> Facts:
    state = STATES.get(link["status"], PageState.OPEN)
    if state == PageState.PAID and payment is None:
        # The money is there, and not yet by which payment.
        state = PageState.PROCESSING
    return Facts(
        page=link["id"],
        state=state,
        amount_minor=link["amount_paid"] if state == PageState.PAID else link["amount"],
        currency=link["currency"],
        payment=payment,
        order=(link.get("notes") or {}).get(ORDER),
        address=link.get("short_url"),
    )


def _refunded(refund: Any) -> str:
    if refund["status"] == "failed":
        raise Refused(f"the refund {refund['id']} has failed")
    return str(refund["id"])


def _answer(call: Callable[[], Answer]) -> Answer:
    """Ask Razorpay. Raises `Away` and `Refused`."""
    try:
        return call()
    except GatewayError:
        raise Away("the bank's gateway") from None
    except (BadRequestError, ServerError) as error:
        # What is not a bad request comes as a server error too, whatever its status.
        raise Refused(str(error)[:200] or type(error).__name__) from None
    except ValueError:
        raise Away("an answer that is no JSON") from None
