"""What we ask of Razorpay, by Razorpay's library, and which of its words we believe."""

import time
from datetime import timedelta

import pytest

from app.lib.payment_providers import (
    Away,
    Facts,
    Forged,
    PageState,
    Refused,
    ToBePaid,
    razorpay_links,
)
from app.lib.payment_providers.razorpay_links import RazorpayLinks
from app.models.columns import now
from tests.support.payment_recorder import NotAllowed
from tests.support.razorpay_api import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, RazorpayApi, signed

ORDER = "KJ3M7PQ2XA"


@pytest.fixture
def api():
    with RazorpayApi() as api:
        yield api
    assert api.faults == []


@pytest.fixture
def provider(api):
    return RazorpayLinks(KEY_ID, KEY_SECRET, WEBHOOK_SECRET, api.url)


def order(**facts):
    plain = {
        "order": ORDER,
        "key": "utsavam-7-c0ffee",
        "amount_minor": 50_000,
        "currency": "INR",
        "title": "Ōnam Sadya",
        "now": now(),
        "until": now() + timedelta(minutes=5),
        "return_address": "https://tickets.example.org/payments/razorpay/return/KJ3M7PQ2XA",
    }
    return ToBePaid(**{**plain, **facts})


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


def test_a_link_is_closed_and_says_so_again(provider):
    page = provider.begin(order()).page
    for _again in range(2):
        assert provider.cancel(page).state == PageState.CLOSED


def test_a_link_that_is_paid_stays_paid_when_it_is_closed(api, provider):
    page = provider.begin(order()).page
    paid = api.pay()
    told = provider.cancel(page)
    assert (told.state, told.payment) == (PageState.PAID, paid["payments"][0]["payment_id"])


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


@pytest.mark.parametrize("trouble", [{"away": True}, {"loses_answers": True}])
def test_a_provider_that_is_away_is_told_from_one_that_refuses(api, provider, trouble, capsys):
    vars(api).update(trouble)
    with pytest.raises(Away):
        provider.begin(order())
    assert capsys.readouterr().out == ""  # the library prints what goes wrong


def test_a_slow_provider_is_waited_for_no_longer_than_we_say(api, provider, monkeypatch):
    monkeypatch.setattr(razorpay_links, "ANSWER_WITHIN", 0.2)
    api.slow, began = 0.6, time.monotonic()
    with pytest.raises(Away):
        provider.ask("plink_1")
    assert time.monotonic() - began < 0.6


def test_a_wrong_key_is_refused_and_not_told(api):
    with pytest.raises(Refused) as found:
        RazorpayLinks(KEY_ID, "wrong4Y9", WEBHOOK_SECRET, api.url).ask("plink_1")
    assert "wrong4Y9" not in str(found.value)
    assert len(api.faults) == 1
    api.faults.clear()


def test_rupees_alone_are_taken(provider):
    assert [provider.takes(one) for one in ("INR", "USD")] == [True, False]
