"""Stripe's API as far as we ask it: Checkout Sessions and refunds, and its signed events.

The names of the fields are held against the library's own types, which Stripe makes of its API's
description.
"""

import json
import re
import time
from itertools import count
from typing import get_args, get_origin

import stripe
from stripe.params._refund_create_params import RefundCreateParams
from stripe.params._refund_list_params import RefundListParams
from stripe.params.checkout._session_create_params import SessionCreateParams
from typing_extensions import get_type_hints, is_typeddict

from tests.support.payment_recorder import NotAllowed, Recorder, TooLate

KEY, WEBHOOK_SECRET = "sk_test_recorded4Y9", "whsec_recorded8Wd"

OF_TYPES_ALONE = {"StripeContext": object, "Mapping": dict, "Any": object}
"""Names that the library imports for its type checker only."""


def known(path, of):
    """Whether the type has a field of this path, as in `line_items[0][quantity]`."""
    for name in re.findall(r"[^\[\]]+", path):
        if name.isdigit():
            continue
        kind = next(filter(is_typeddict, _parts(of)), None)
        if kind is None:
            # A field with names of one's own, as of metadata.
            return any(get_origin(one) is dict for one in _parts(of))
        of = get_type_hints(kind, localns=OF_TYPES_ALONE).get(name)
        if of is None:
            return False
    return True


def _parts(of):
    """The type and those that it is made of, as in a list or a union."""
    return [of, *(part for one in get_args(of) for part in _parts(one))]


def require(holds, message, code="parameter_invalid", status=400):
    if not holds:
        raise NotAllowed(status, code, message)


class StripeApi(Recorder):
    numbers = count(1)

    def __init__(self):
        super().__init__()
        self.sessions, self.refunds, self._keys = {}, {}, {}

    def forget(self):
        StripeApi.__init__(self)

    def error(self, fault):
        kind = "idempotency_error" if fault.code == "idempotency" else "invalid_request_error"
        return {"error": {"type": kind, "code": fault.code, "message": fault.message}}

    def answer(self, call):
        require(call.headers["Authorization"] == f"Bearer {KEY}", "wrong key", "auth", 401)
        require(call.headers["Stripe-Version"], "no version of the API is named")
        if call.method == "POST":
            kind = call.headers["Content-Type"]
            require(kind == "application/x-www-form-urlencoded", f"sent as {kind}")
            return self._once(call)
        if found := re.fullmatch(r"/v1/checkout/sessions/(\w+)", call.path):
            return self._session(found[1])
        require(call.path == "/v1/refunds", "no such address", "unknown", 404)
        require(all(known(name, RefundListParams) for name in call.query), "an unknown field")
        intent = call.query["payment_intent"]
        data = [one for one in self.refunds.values() if one["payment_intent"] == intent]
        return {"object": "list", "url": "/v1/refunds", "has_more": False, "data": data}

    def _once(self, call):
        """Stripe answers the same to the same key, and refuses it with other fields."""
        key = call.headers["Idempotency-Key"]
        if key in self._keys:
            fields, told = self._keys[key]
            require(fields == call.form, "this key came with other fields", "idempotency")
            return told
        told = self._made(call)
        if key:
            require(len(key) <= 255, "the key is too long")
            self._keys[key] = call.form, told
        return told

    def _made(self, call):
        if call.path == "/v1/checkout/sessions":
            return self._begin(call.form)
        if call.path == "/v1/refunds":
            return self._refund(call.form)
        found = re.fullmatch(r"/v1/checkout/sessions/(\w+)/expire", call.path)
        require(found, "no such address", "unknown", 404)
        session = self._session(found[1])
        if session["status"] != "open":
            raise TooLate(400, "resource_state", "only open sessions can be expired")
        return self._change(session, status="expired", url=None)

    def _begin(self, form):
        unknown = [name for name in form if not known(name, SessionCreateParams)]
        require(not unknown, f"unknown: {unknown}", "parameter_unknown")
        price = "line_items[0][price_data]"
        require(form["mode"] == "payment", "mode")
        require(re.fullmatch("[a-z]{3}", form[f"{price}[currency]"]), "currency in small letters")
        require(re.fullmatch("[1-9][0-9]{0,7}", form[f"{price}[unit_amount]"]), "unit_amount")
        require(form[f"{price}[product_data][name]"], "a product has a name")
        require(len(form["client_reference_id"]) <= 200, "client_reference_id")
        lives = int(form["expires_at"]) - time.time()
        require(30 * 60 <= lives <= 24 * 3600, f"it would live {lives} s: 30 minutes to 24 hours")
        for name in ("success_url", "cancel_url"):
            require(form[name].startswith(("http://", "https://")), name)
        number = next(self.numbers)
        amount = int(form[f"{price}[unit_amount]"]) * int(form["line_items[0][quantity]"])
        session = {
            "id": f"cs_test_a{number:03}" + "Yw" * 25,
            "object": "checkout.session",
            "amount_total": amount,
            "currency": form[f"{price}[currency]"],
            "client_reference_id": form["client_reference_id"],
            "expires_at": int(form["expires_at"]),
            "metadata": {"utsavam_order": form["metadata[utsavam_order]"]},
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": form["success_url"],
            "url": f"https://checkout.stripe.com/c/pay/{number}",
        }
        self.sessions[session["id"]] = session
        return dict(session)

    def _refund(self, form):
        unknown = [name for name in form if not known(name, RefundCreateParams)]
        require(not unknown, f"unknown: {unknown}", "parameter_unknown")
        intent, amount = form["payment_intent"], int(form["amount"])
        paid = next((s for s in self.sessions.values() if s["payment_intent"] == intent), None)
        require(paid and paid["payment_status"] == "paid", "no such payment", "missing", 404)
        others = [o["amount"] for o in self.refunds.values() if o["payment_intent"] == intent]
        require(amount + sum(others) <= paid["amount_total"], "more than was paid")
        refund = {
            "id": f"re_{next(self.numbers)}",
            "object": "refund",
            "amount": amount,
            "currency": paid["currency"],
            "payment_intent": intent,
            "metadata": {"utsavam_refund": form["metadata[utsavam_refund]"]},
            "status": "succeeded",
        }
        self.refunds[refund["id"]] = refund
        return dict(refund)

    def _session(self, ident):
        require(ident in self.sessions, f"no session {ident}", "resource_missing", 404)
        return dict(self.sessions[ident])

    def _change(self, session, **facts):
        self.sessions[session["id"]] = {**session, **facts}
        return dict(self.sessions[session["id"]])

    # What people and Stripe do.

    def pay(self, ident=None, **facts):
        """Somebody pays on a page, by default the last one."""
        session = self.sessions[ident or list(self.sessions)[-1]]
        intent = f"pi_{next(self.numbers)}Kd"
        paid = {"status": "complete", "payment_status": "paid", "payment_intent": intent}
        return self._change(session, **{**paid, "url": None, **facts})

    def refund_failed(self, ident, kind="refund.failed", reason="expired_or_canceled_card"):
        """The event that a refund has failed: the money is in Stripe's balance again."""
        self.refunds[ident] |= {"status": "failed", "failure_reason": reason}
        return self.event(self.refunds[ident], kind)

    def event(self, session, kind="checkout.session.completed", ident=None):
        """An event of a session, or another thing, as Stripe writes it: body and headers."""
        told = {
            "id": ident or f"evt_{next(self.numbers)}",
            "object": "event",
            "type": kind,
            "api_version": stripe.api_version,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": dict(session)},
        }
        return signed(json.dumps(told))


def signed(body, secret=WEBHOOK_SECRET, at=None):
    """A body with the header by which Stripe signs it: the rule is the library's."""
    header = stripe.WebhookSignature.generate_signature_header(body, secret, at)
    return body, {"Stripe-Signature": header, "Content-Type": "application/json"}
