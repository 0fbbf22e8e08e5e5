"""What we ask of Razorpay, by Razorpay's library, and which of its words we believe."""

from datetime import timedelta

import pytest

from app.lib.payment_providers import (
    Facts,
    Forged,
    PageState,
    Refused,
    razorpay_links,
)
from app.lib.payment_providers.razorpay_links import RazorpayLinks
from tests.support.payment_recorder import ORDER, NotAllowed, order
from tests.support.razorpay_api import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, RazorpayApi, signed


@pytest.fixture
def api():
    with RazorpayApi() as api:
        yield api
    assert api.faults == []


@pytest.fixture
def provider(api):
    return RazorpayLinks(KEY_ID, KEY_SECRET, WEBHOOK_SECRET, api.url)


def test_a_link_is_made_with_the_orders_amount_and_reference(api, provider):
    begun = provider.begin(order())
    (call,) = api.calls
    sent = call.json
    assert (call.path, sent["amount"], sent["notes"]) == (
        "/v1/payment_links",
        50_000,
        {"utsavam_order": ORDER},
    )
    assert "customer" not in sent
    assert begun.address.startswith("https://rzp.io/")
    told = provider.ask(begun.page)
    assert told == Facts(begun.page, PageState.OPEN, 50_000, "INR", None, ORDER, begun.address)


def test_without_our_bound_razorpay_refuses_the_link(api, provider, monkeypatch):
    """The control: five minutes are less than Razorpay lets a link live."""
    monkeypatch.setattr(razorpay_links, "LEAST", timedelta(0))
    with pytest.raises(Refused, match="15 minutes"):
        provider.begin(order())
    assert len(api.faults) == 1
    api.faults.clear()


def test_a_link_that_is_paid_before_its_payment_is_told_is_asked_again(api, provider):
    page = provider.begin(order()).page
    api.pay(payments=[])
    assert provider.ask(page).state == PageState.PROCESSING


def test_an_event_is_read_from_the_raw_body(api, provider):
    provider.begin(order())
    paid = api.pay()
    body, headers = api.event(paid, ident="evt_9")
    told = provider.read(body.encode(), headers.get)
    assert (told.id, told.kind) == ("evt_9", "payment_link.paid")
    assert told.facts.state == PageState.PAID
    assert told.facts.payment == paid["payments"][0]["payment_id"]
    assert (told.facts.amount_minor, told.facts.currency) == (50_000, "INR")
    assert told.facts.order == ORDER


def test_an_event_of_something_else_tells_of_no_page(provider):
    body, headers = signed('{"event": "payment.captured", "payload": {}}')
    assert provider.read(body.encode(), headers.get).facts is None


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Razorpay-Signature": None},
        {"X-Razorpay-Event-Id": None},
        {"X-Razorpay-Signature": "5f" * 32},
        {"X-Razorpay-Signature": "ä"},
    ],
)
def test_what_razorpay_has_not_signed_is_refused(api, provider, changes):
    provider.begin(order())
    body, headers = api.event(api.pay())
    with pytest.raises(Forged):
        provider.read(body.encode(), {**headers, **changes}.get)


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"event": "payment_link.paid"}'])
def test_a_signed_body_that_is_no_event_is_refused(provider, body):
    with pytest.raises(Forged):
        provider.read(body.encode(), signed(body)[1].get)


def test_a_changed_body_is_refused(api, provider):
    provider.begin(order())
    body, headers = api.event(api.pay())
    with pytest.raises(Forged):
        provider.read(body.replace("50000", "10000").encode(), headers.get)
    with pytest.raises(Forged):
        provider.read(b"\xff\xfe", headers.get)


def refund(provider, payment, key="utsavam-refund-41"):
    return provider.refund(payment, 20_000, key)


def test_a_part_is_paid_back_once_however_often_it_is_asked(api, provider):
    provider.begin(order())
    payment = api.pay()["payments"][0]["payment_id"]
    assert refund(provider, payment) == refund(provider, payment)
    (call,) = api.named("POST", "/refund")
    assert call.headers["X-Refund-Idempotency"] == "utsavam-refund-41"
    api._keys.clear()
    refund(provider, payment)
    assert len(api.refunds) == 1
    refund(provider, payment, "utsavam-refund-42")  # the control
    assert len(api.refunds) == 2


def test_what_razorpay_refuses_is_told(api, provider):
    provider.begin(order())
    payment = api.pay()["payments"][0]["payment_id"]
    told = "Your account does not have enough balance"
    api.refused["/refund"] = NotAllowed(400, "BAD_REQUEST_ERROR", told)
    with pytest.raises(Refused, match=told):
        refund(provider, payment)


def test_rupees_alone_are_taken(provider):
    assert [provider.takes(one) for one in ("INR", "USD")] == [True, False]
