"""Settings of payment providers: what is missing is told, and what is secret is not logged."""

import secrets

import pytest

from app import config_checks, logs
from app.config import Settings
from app.lib.payment_providers import Provider
from app.models import PaymentProvider
from app.services.payment_providers import configured

STRONG = {"admin_key": (secrets.token_urlsafe(32),), "secret_key": secrets.token_urlsafe(32)}
STRIPE = {"stripe_secret_key": "sk_test_4Y9", "stripe_webhook_secret": "whsec_8Wd"}
RAZORPAY = {
    "razorpay_key_id": "rzp_test_7Q",
    "razorpay_key_secret": "b8Wd4Y9",
    "razorpay_webhook_secret": "hook7Q4Y9",
}


def settings(**changes):
    return Settings(**{**STRONG, **changes})


def test_a_site_without_keys_has_no_provider():
    assert settings().problems() == []
    assert configured(settings()) == {}


def test_each_provider_is_there_with_its_keys():
    found = settings(**STRIPE, **RAZORPAY)
    assert found.problems() == []
    assert list(configured(found)) == [PaymentProvider.STRIPE, PaymentProvider.RAZORPAY]


@pytest.mark.parametrize("left_out", [*STRIPE, *RAZORPAY])
def test_what_is_missing_is_told(left_out):
    (problem,) = settings(**{**STRIPE, **RAZORPAY, left_out: ""}).problems()
    assert f"needs {left_out.upper()} besides" in problem


def test_a_library_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr(config_checks, "find_spec", lambda _library: None)
    (problem,) = settings(**STRIPE).problems()
    assert "requirements/payments.txt" in problem


@pytest.mark.parametrize(
    "base", ["http://api.stripe.com", "https://api.stripe.com/v1", "ftp://x", "https://a@b"]
)
def test_the_api_is_asked_by_tls_alone(base):
    with pytest.raises(ValueError, match="https:// address"):
        settings(stripe_api_base=base)


def test_keys_and_secrets_never_reach_a_log():
    guard = logs.Guard(settings(**STRIPE, **RAZORPAY))
    told = [*STRIPE.values(), *list(RAZORPAY.values())[1:]]
    cleaned = guard.clean("it was asked with " + " and ".join(told))
    assert not [secret for secret in told if secret in cleaned]


def test_both_providers_have_what_the_interface_asks():
    names = [name for name in vars(Provider) if not name.startswith("_")]
    for one in configured(settings(**STRIPE, **RAZORPAY)).values():
        assert [name for name in names if not callable(getattr(one, name, None))] == []
