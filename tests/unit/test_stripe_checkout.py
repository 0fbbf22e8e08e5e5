"""What we ask of Stripe, by Stripe's library, and which of its words we believe."""

import time
from datetime import timedelta

import pytest

from app.lib.payment_providers import (
    Away,
    Facts,
    Forged,
    PageState,
    Refused,
    stripe_checkout,
)
from app.lib.payment_providers.stripe_checkout import StripeCheckout
from app.models.columns import now
from tests.support.payment_recorder import ORDER, NotAllowed, order
from tests.support.stripe_api import KEY, WEBHOOK_SECRET, StripeApi, signed


@pytest.fixture
def api():
    with StripeApi() as api:
        yield api
    assert api.faults == []


@pytest.fixture
def provider(api):
    return StripeCheckout(KEY, WEBHOOK_SECRET, api.url)


def test_a_page_is_begun_with_the_orders_amount_and_reference(api, provider):
    begun = provider.begin(order())
    (call,) = api.calls
    assert (call.method, call.path) == ("POST", "/v1/checkout/sessions")
    assert call.headers["Idempotency-Key"] == "utsavam-7-c0ffee"
    sent = call.form
    assert sent["line_items[0][price_data][unit_amount]"] == "50000"
    assert sent["line_items[0][price_data][currency]"] == "inr"
    assert sent["client_reference_id"] == sent["metadata[utsavam_order]"] == ORDER
    assert sent["success_url"].endswith("/payments/provider/return/KJ3M7PQ2XA")
    assert begun.page in api.sessions
    assert begun.address.startswith("https://checkout.stripe.com/")
    told = provider.ask(begun.page)
    assert told == Facts(begun.page, PageState.OPEN, 50_000, "INR", None, ORDER, begun.address)


@pytest.mark.parametrize("minutes", [1, 15, 45, 3 * 24 * 60])
def test_a_page_lives_as_long_as_stripe_lets_it(provider, minutes):
    """The recorder refuses less than 30 minutes, and more than a day."""
    provider.begin(order(until=now() + timedelta(minutes=minutes)))


def test_without_our_bounds_stripe_refuses_the_page(api, provider, monkeypatch):
    """The control."""
    monkeypatch.setattr(stripe_checkout, "LEAST", timedelta(0))
    with pytest.raises(Refused, match="parameter_invalid"):
        provider.begin(order())
    assert len(api.faults) == 1
    api.faults.clear()


def test_money_that_is_still_on_its_way_is_not_there(api, provider):
    page = provider.begin(order()).page
    api.pay(payment_status="unpaid")
    assert provider.ask(page).state == PageState.PROCESSING


def test_an_event_is_read_from_the_raw_body(api, provider):
    provider.begin(order())
    body, headers = api.event(api.pay(), ident="evt_9")
    told = provider.read(body.encode(), headers.get)
    assert (told.id, told.kind) == ("evt_9", "checkout.session.completed")
    assert told.facts.state == PageState.PAID
    assert (told.facts.amount_minor, told.facts.currency) == (50_000, "INR")
    assert told.facts.order == ORDER


def test_an_event_of_something_else_tells_of_no_page(api, provider):
    body, headers = api.event({"id": "ch_1", "object": "charge"}, "charge.updated")
    assert provider.read(body.encode(), headers.get).facts is None


def forged():
    body = '{"id": "evt_1", "object": "event", "type": "x", "data": {"object": {}}}'
    good = signed(body)[1]["Stripe-Signature"]
    yield "no header", body, None
    yield "another body", body.replace("evt_1", "evt_2"), good
    yield "another secret", body, signed(body, "whsec_other")[1]["Stripe-Signature"]
    yield "too old", body, signed(body, at=int(time.time()) - 301)[1]["Stripe-Signature"]
    yield "no signature in it", body, "t=1,v0=5f"
    yield "rubbish", body, "\x00ä,,=,t="
    yield "no JSON", "{", signed("{")[1]["Stripe-Signature"]
    yield "a list", "[]", signed("[]")[1]["Stripe-Signature"]
    half = '{"id": "evt_1", "object": "event", "type": "checkout.session.completed"}'
    yield "no object", half, signed(half)[1]["Stripe-Signature"]


@pytest.mark.parametrize(
    ("body", "header"), [pytest.param(b, h, id=name) for name, b, h in forged()]
)
def test_what_stripe_has_not_signed_is_refused(provider, body, header):
    with pytest.raises(Forged):
        provider.read(body.encode(), {"Stripe-Signature": header}.get)


def test_bytes_that_are_no_text_are_refused(provider):
    with pytest.raises(Forged):
        provider.read(b"\xff\xfe", {"Stripe-Signature": "t=1,v1=5f"}.get)


def refund(provider, payment, amount=20_000, key="utsavam-refund-41"):
    return provider.refund(payment, amount, key)


def test_a_part_is_paid_back_once_however_often_it_is_asked(api, provider):
    provider.begin(order())
    payment = api.pay()["payment_intent"]
    assert refund(provider, payment) == refund(provider, payment)
    (made,) = api.refunds.values()
    assert made["amount"] == 20_000
    (call,) = api.named("POST", "/refunds")
    assert call.headers["Idempotency-Key"] == "utsavam-refund-41"


def test_it_is_paid_back_once_when_stripe_has_forgotten_the_key(api, provider):
    provider.begin(order())
    payment = api.pay()["payment_intent"]
    first = refund(provider, payment)
    api._keys.clear()
    assert refund(provider, payment) == first
    assert len(api.refunds) == 1
    assert refund(provider, payment, key="utsavam-refund-42") != first  # the control
    assert len(api.refunds) == 2


def test_a_lost_answer_is_asked_for_again_with_the_same_key(api, provider):
    provider.begin(order())
    payment = api.pay()["payment_intent"]
    api.loses_answers = True
    with pytest.raises(Away):
        provider.begin(order(key="utsavam-8-c0ffee"))
    api.loses_answers = False
    refund(provider, payment)
    assert len(api.refunds) == 1


def test_what_stripe_refuses_is_told_by_its_code(api, provider):
    provider.begin(order())
    payment = api.pay()["payment_intent"]
    api.refused["/refunds"] = NotAllowed(400, "charge_disputed", "a message with names")
    with pytest.raises(Refused, match=r"^charge_disputed \(status 400\)$"):
        refund(provider, payment)


@pytest.mark.parametrize(
    ("currency", "takes"), [("INR", True), ("JPY", True), ("KWD", False), ("ISK", False)]
)
def test_a_currency_is_taken_if_stripe_counts_it_as_we_do(provider, currency, takes):
    assert provider.takes(currency) == takes
