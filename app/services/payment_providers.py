"""The payment providers that this site is configured for."""

from collections.abc import Mapping

from app.config import Settings
from app.lib.payment_providers import Provider
from app.models import PaymentProvider

Providers = Mapping[PaymentProvider, Provider]


def configured(settings: Settings) -> Providers:
    """Return them by name. Their libraries are imported by a site that uses them, and no other."""
    found: dict[PaymentProvider, Provider] = {}
    if settings.stripe_secret_key:
        from app.lib.payment_providers.stripe_checkout import StripeCheckout

        found[PaymentProvider.STRIPE] = StripeCheckout(
            settings.stripe_secret_key, settings.stripe_webhook_secret, settings.stripe_api_base
        )
    if settings.razorpay_key_id:
        from app.lib.payment_providers.razorpay_links import RazorpayLinks

        found[PaymentProvider.RAZORPAY] = RazorpayLinks(
            settings.razorpay_key_id,
            settings.razorpay_key_secret,
            settings.razorpay_webhook_secret,
            settings.razorpay_api_base,
        )
    return found
