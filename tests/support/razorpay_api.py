"""Razorpay's API as far as we ask it: payment links and refunds, and its signed events.

The fields are those of its documents of payment links and of refunds (normal, idempotent).
"""

import hashlib
import hmac
import json
import re
import time
from base64 import b64encode
from itertools import count

from tests.support.payment_recorder import NotAllowed, Recorder, TooLate

KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "rzp_test_recorded7Q", "recorded4Y9b8Wd", "hook8Wd4Y9"
LINK_FIELDS = {
    *("amount", "currency", "accept_partial", "first_min_partial_amount", "expire_by"),
    *("reference_id", "description", "customer", "notify", "reminder_enable", "notes"),
    *("callback_url", "callback_method", "options", "upi_link"),
}
REFUND_FIELDS = {"amount", "speed", "notes", "receipt"}


def require(holds, message, status=400):
    if not holds:
        raise NotAllowed(status, "BAD_REQUEST_ERROR", message)


class RazorpayApi(Recorder):
    numbers = count(1)

    def __init__(self):
        super().__init__()
        self.links, self.refunds, self._keys = {}, {}, {}

    def forget(self):
        RazorpayApi.__init__(self)

    def error(self, fault):
        return {"error": {"code": fault.code, "description": fault.message}}

    def answer(self, call):
        basic = b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
        require(call.headers["Authorization"] == f"Basic {basic}", "Authentication failed", 401)
        if call.method == "POST":
            require(call.headers["Content-Type"] == "application/json", "sent as no JSON")
        found = re.fullmatch(r"/v1/(payment_links|payments)(?:/(\w+))?(?:/(\w+))?", call.path)
        require(found, f"no address {call.path}", 404)
        what, ident, then = found.groups()
        route = (call.method, what, then if then else ident is not None)
        if route == ("POST", "payment_links", False):
            return self._begin(call.json)
        if route == ("GET", "payment_links", True):
            return self._link(ident)
        if route == ("POST", "payment_links", "cancel"):
            return self._cancel(self._link(ident))
        if route == ("POST", "payments", "refund"):
            return self._refund(ident, call)
        require(route == ("GET", "payments", "refunds"), f"no call {route}", 404)
        items = [one for one in self.refunds.values() if one["payment_id"] == ident]
        return {"entity": "collection", "count": len(items), "items": items}

    def _begin(self, asked):
        require(asked.keys() <= LINK_FIELDS, f"unknown: {asked.keys() - LINK_FIELDS}")
        require(isinstance(asked["amount"], int) and asked["amount"] >= 100, "at least a rupee")
        require(asked["currency"] == "INR", "currency")
        require(len(asked["reference_id"]) <= 40, "reference_id is too long")
        known = {one["reference_id"] for one in self.links.values()}
        require(asked["reference_id"] not in known, "reference_id was given before")
        require(asked["expire_by"] >= time.time() + 15 * 60, "expire_by: 15 minutes at least")
        require(len(asked["description"]) <= 2048, "description")
        require(asked["callback_method"] == "get", "callback_method")
        require(asked["callback_url"].startswith(("http://", "https://")), "callback_url")
        require(len(asked["notes"]) <= 15, "notes")
        require(asked["notify"] == {"sms": False, "email": False}, "nobody is to be written to")
        number = next(self.numbers)
        link = {
            **{name: asked[name] for name in ("accept_partial", "amount", "currency")},
            **{name: asked[name] for name in ("expire_by", "notes", "reference_id")},
            "id": f"plink_K{number:09}",
            "amount_paid": 0,
            "payments": [],
            "short_url": f"https://rzp.io/i/{number}",
            "status": "created",
        }
        self.links[link["id"]] = link
        return dict(link)

    def _cancel(self, link):
        if link["status"] != "created":
            raise TooLate(400, "BAD_REQUEST_ERROR", f"the link is {link['status']} already")
        return self._change(link, status="cancelled")

    def _refund(self, payment, call):
        asked, key = call.json, call.headers["X-Refund-Idempotency"]
        require(asked.keys() <= REFUND_FIELDS, f"unknown: {asked.keys() - REFUND_FIELDS}")
        require(re.fullmatch(r"[\w-]{10,}", key or ""), "a key has ten letters or more")
        if key in self._keys:
            require(self._keys[key][0] == asked, "this key came with another body")
            return self._keys[key][1]
        paid = [one for one in self.links.values() if payment in str(one["payments"])]
        require(paid, "no such payment", 404)
        others = [one["amount"] for one in self.refunds.values() if one["payment_id"] == payment]
        require(asked["amount"] + sum(others) <= paid[0]["amount_paid"], "more than was paid")
        refund = {
            "id": f"rfnd_{next(self.numbers)}",
            "entity": "refund",
            "amount": asked["amount"],
            "payment_id": payment,
            "receipt": asked["receipt"],
            "status": "processed",
        }
        self.refunds[refund["id"]] = refund
        self._keys[key] = asked, refund
        return dict(refund)

    def _link(self, ident):
        require(ident in self.links, f"no link {ident}")
        return dict(self.links[ident])

    def _change(self, link, **facts):
        self.links[link["id"]] = {**link, **facts}
        return dict(self.links[link["id"]])

    # What people and Razorpay do.

    def pay(self, ident=None, **facts):
        """Somebody pays on a link, by default the last one."""
        link = self.links[ident or list(self.links)[-1]]
        payment = {"amount": link["amount"], "payment_id": f"pay_{next(self.numbers)}Kd"}
        payments = [{**payment, "method": "upi", "status": "captured"}]
        paid = {"status": "paid", "amount_paid": link["amount"], "payments": payments}
        return self._change(link, **{**paid, **facts})

    def refund_failed(self, ident):
        """The event that a refund has failed."""
        self.refunds[ident] |= {"status": "failed"}
        payload = {"refund": {"entity": self.refunds[ident]}}
        told = {"entity": "event", "event": "refund.failed", "payload": payload}
        return signed(json.dumps(told), ident=f"evt_{next(self.numbers)}")

    def event(self, link, kind="payment_link.paid", ident=None):
        """An event of a link as Razorpay writes it: the body and its headers."""
        entity = {name: value for name, value in link.items() if name != "payments"}
        payload = {"payment_link": {"entity": entity}}
        if link["payments"]:
            paid = link["payments"][0]
            payment = {"id": paid["payment_id"], "amount": paid["amount"], "status": "captured"}
            payload["payment"] = {"entity": {**payment, "email": "meera@example.com"}}
        told = {"entity": "event", "event": kind, "contains": list(payload), "payload": payload}
        return signed(json.dumps(told), ident=ident or f"evt_{next(self.numbers)}")


def signed(body, secret=WEBHOOK_SECRET, ident="evt_1"):
    """A body with the headers by which Razorpay signs it: HMAC-SHA256 in hexadecimal digits."""
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Razorpay-Signature": signature, "X-Razorpay-Event-Id": ident}
    return body, {**headers, "Content-Type": "application/json"}
