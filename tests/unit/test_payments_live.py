"""The script that an operator runs with test keys goes through all that the site asks."""

import subprocess
import sys
from threading import Thread

import pytest

from app.lib.payment_providers.razorpay_links import RazorpayLinks
from app.lib.payment_providers.stripe_checkout import StripeCheckout
from tests.support import razorpay_api, stripe_api
from tests.support.servers import wait_until
from tools.payments_live import NotAsExpected, rehearse


@pytest.fixture(params=["stripe", "razorpay"])
def tried(request):
    """A provider, and the recorder that answers for it."""
    if request.param == "stripe":
        with stripe_api.StripeApi() as api:
            yield StripeCheckout(stripe_api.KEY, stripe_api.WEBHOOK_SECRET, api.url), api
    else:
        keys = (razorpay_api.KEY_ID, razorpay_api.KEY_SECRET, razorpay_api.WEBHOOK_SECRET)
        with razorpay_api.RazorpayApi() as api:
            yield RazorpayLinks(*keys, api.url), api
    assert api.faults == []


def test_it_begins_closes_waits_and_pays_back(tried):
    (provider, api), said = tried, []

    def pay():
        wait_until(lambda: any("Pay here" in one for one in said))
        api.pay()

    paying = Thread(target=pay)
    paying.start()
    rehearse(provider, "https://tickets.example.org", said.append, patience=10)
    paying.join()
    assert sorted(one["amount"] for one in api.refunds.values()) == [4_000, 6_000]


def test_it_says_when_nobody_pays(tried):
    with pytest.raises(NotAsExpected, match="open, not paid"):
        rehearse(tried[0], "https://tickets.example.org", lambda _text: None, patience=0.1)


@pytest.mark.parametrize("key", ["", "sk_live_4Y9"])
def test_it_refuses_keys_that_are_not_for_tests(key, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "tools.payments_live", "stripe"],
        env={"STRIPE_SECRET_KEY": key, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert "not for tests" in ran.stderr
