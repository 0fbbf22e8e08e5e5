"""What holds of each payment provider, whatever its library is like."""

import time

import pytest

from app.lib.payment_providers import Away, PageState, Refused, razorpay_links, stripe_checkout
from app.lib.payment_providers.razorpay_links import RazorpayLinks
from app.lib.payment_providers.stripe_checkout import StripeCheckout
from tests.support import razorpay_api, stripe_api
from tests.support.payment_recorder import order


def stripe_with(url, key=stripe_api.KEY):
    return StripeCheckout(key, stripe_api.WEBHOOK_SECRET, url)


def razorpay_with(url, key=razorpay_api.KEY_SECRET):
    return RazorpayLinks(razorpay_api.KEY_ID, key, razorpay_api.WEBHOOK_SECRET, url)


EACH = {
    "stripe": (stripe_api.StripeApi, stripe_with, stripe_checkout),
    "razorpay": (razorpay_api.RazorpayApi, razorpay_with, razorpay_links),
}


@pytest.fixture(params=EACH.values(), ids=EACH)
def kind(request):
    return request.param


@pytest.fixture
def api(kind):
    with kind[0]() as api:
        yield api
    assert api.faults == []


@pytest.fixture
def connect(kind, api):
    """The provider as we ask it, at the recorder if no other address is told."""
    return lambda url=None, **facts: kind[1](url or api.url, **facts)


def test_a_page_is_closed_and_says_so_again(connect):
    provider = connect()
    page = provider.begin(order()).page
    for _again in range(2):
        assert provider.cancel(page).state == PageState.CLOSED


def test_a_page_that_is_paid_stays_paid_when_it_is_closed(api, connect):
    provider = connect()
    page = provider.begin(order()).page
    api.pay()
    told = provider.cancel(page)
    assert told.state == PageState.PAID
    assert told.payment is not None
    assert told == provider.ask(page)


@pytest.mark.parametrize("trouble", [{"away": True}, {"loses_answers": True}])
def test_one_that_is_away_is_told_from_one_that_refuses(api, connect, trouble, capsys):
    vars(api).update(trouble)
    with pytest.raises(Away):
        connect().begin(order())
    assert capsys.readouterr().out == ""  # Razorpay's library prints what goes wrong


def test_one_that_nobody_reaches_is_away(connect):
    with pytest.raises(Away):
        connect("http://127.0.0.1:9").ask("page_1")


def test_a_slow_one_is_waited_for_no_longer_than_we_say(kind, api, connect, monkeypatch):
    monkeypatch.setattr(kind[2], "ANSWER_WITHIN", 0.2)
    api.slow, provider = 0.6, connect()
    began = time.monotonic()
    with pytest.raises(Away):
        provider.ask("page_1")
    assert time.monotonic() - began < 0.6


def test_a_wrong_key_is_refused_and_not_told(api, connect):
    with pytest.raises(Refused) as found:
        connect(key="sk_wrong4Y9").ask("page_1")
    assert "wrong4Y9" not in str(found.value)
    assert len(api.faults) == 1
    api.faults.clear()
