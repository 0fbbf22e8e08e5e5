"""Try a payment provider with your test keys: begin, pay, close, pay back.

usage: python -m tools.payments_live stripe|razorpay

Reads the same settings as the site, from the environment or `.env`, and refuses keys that are not
for tests. You pay in a browser, with the provider's test card or UPI address; no booking is made.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from app.config import Settings
from app.lib.payment_providers import PageState, Provider, ToBePaid
from app.models import PaymentProvider
from app.services.payment_providers import configured

AMOUNT, BACK = 10_000, 4_000
"""What is paid and what of it is paid back first, in paise."""
PATIENCE = 600.0
"""Seconds to pay in."""


class NotAsExpected(Exception):
    """The provider does otherwise than we take it to do; the message says how."""


def main() -> None:
    names = [name.value for name in (PaymentProvider.STRIPE, PaymentProvider.RAZORPAY)]
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        sys.exit(__doc__)
    settings = Settings.load()
    name = PaymentProvider(sys.argv[1])
    key = settings.stripe_secret_key if name == PaymentProvider.STRIPE else settings.razorpay_key_id
    if "_test_" not in key:
        sys.exit(f"utsavam: the keys of {name.value} are missing, or not for tests")
    try:
        rehearse(configured(settings)[name], settings.base_url, print)
    except NotAsExpected as fault:
        sys.exit(f"utsavam: not as expected: {fault}")


def rehearse(
    provider: Provider, site: str, say: Callable[[str], None], patience: float = PATIENCE
) -> None:
    """Go through all that the site asks of a provider. Raises `NotAsExpected`."""
    unpaid = provider.begin(_order(site))
    _expect(provider.cancel(unpaid.page).state, PageState.CLOSED)
    _expect(provider.cancel(unpaid.page).state, PageState.CLOSED)
    say("A page was begun and closed, twice.")
    begun = provider.begin(_order(site))
    _expect(provider.ask(begun.page).state, PageState.OPEN)
    say(f"Pay here, within ten minutes: {begun.address}")
    end = time.monotonic() + patience
    while (facts := provider.ask(begun.page)).state != PageState.PAID or not facts.payment:
        if time.monotonic() > end:
            raise NotAsExpected(f"the page is {facts.state.value}, not paid")
        time.sleep(min(3.0, patience / 20))
    _expect((facts.amount_minor, facts.currency), (AMOUNT, "INR"))
    _expect(provider.cancel(begun.page).state, PageState.PAID)
    say(f"Paid: {facts.payment}. It stays so when the page is closed.")
    key = f"utsavam-live-{token_hex(8)}"
    refund = provider.refund(facts.payment, BACK, key)
    _expect(provider.refund(facts.payment, BACK, key), refund)
    say(f"Paid back in part: {refund}. Asked again, it was not paid back again.")
    rest = provider.refund(facts.payment, AMOUNT - BACK, f"{key}-rest")
    say(f"Paid back the rest: {rest}. Look at both in the provider's dashboard.")
    say("Webhooks are not tried by this: send a test event to SITE_URL/payments/…/webhook.")


def _order(site: str) -> ToBePaid:
    now = datetime.now(UTC)
    return ToBePaid(
        order="TESTORDER",
        key=f"utsavam-live-{token_hex(8)}",
        amount_minor=AMOUNT,
        currency="INR",
        title="A try of Utsavam",
        now=now,
        until=now + timedelta(minutes=15),
        return_address=site,
    )


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise NotAsExpected(f"{found} instead of {wanted}")


if __name__ == "__main__":
    main()
