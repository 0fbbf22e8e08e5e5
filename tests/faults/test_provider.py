"""The payment provider is killed between any two steps of paying and paying back. Its own history
is held against ours: nobody has paid without seats or money back, and nobody has both."""

from collections import Counter
from datetime import timedelta
from secrets import token_hex

import pytest

from app.errors import ProviderAway
from app.lib.payment_providers.stripe_checkout import StripeCheckout
from app.models import PaymentProvider
from app.models.columns import now
from app.services import bookings, payment_pages
from app.services.payment_worker import PaymentWorker
from tests.support import stripe_api

STRIPE, PRICE = PaymentProvider.STRIPE, 25_000
SESSIONS = "/v1/checkout/sessions"
CALLS = {
    "page made": ("POST", f"{SESSIONS}$"),
    "page asked about": ("GET", f"{SESSIONS}/"),
    "page closed": ("POST", f"{SESSIONS}/.+/expire$"),
    "refunds looked for": ("GET", "/v1/refunds$"),
    "refund made": ("POST", "/v1/refunds$"),
}
NEXT_DAY = (
    "UPDATE payments SET ask_at = now() WHERE ask_at IS NOT NULL",
    "UPDATE refunds SET try_at = now() WHERE state = 'OWED'",
)


@pytest.fixture
def stripe(clean):
    with stripe_api.StripeApi() as api:
        yield api
        assert api.faults == []


@pytest.fixture
def shop(make_app, stripe):
    app = make_app(
        stripe_secret_key=stripe_api.KEY,
        stripe_webhook_secret=stripe_api.WEBHOOK_SECRET,
        stripe_api_base=stripe.url,
        site_url="https://tickets.example.org",
    )
    with app.app_context():
        yield app


@pytest.fixture
def reserve(make_event, make_booking, make_user):
    event = make_event(price_minor=PRICE, payment_minutes=15, capacity=20)

    def reserve(minutes=15):
        until = now() + timedelta(minutes=minutes)
        facts = {"status": "RESERVED", "reserved_until": until, "price_minor": PRICE}
        return make_booking(event, make_user(), seats=2, booked_in="INR", **facts)

    return reserve


@pytest.fixture
def begin(shop, stripe):
    """Press the button, and again while the provider is away; answers the page."""

    def begin(booking):
        facts = shop.extensions["desk"], shop.extensions["payment_providers"], STRIPE, booking.id
        for _press in range(3):
            try:
                address = payment_pages.begin(*facts, "https://tickets.example.org/{}".format)
            except ProviderAway:
                assert stripe.is_dead
                stripe.start_again()
            else:
                return next(id for id, one in stripe.sessions.items() if one["url"] == address)
        raise AssertionError("the button leads nowhere")

    return begin


@pytest.fixture
def work(shop, stripe, sql):
    """What `flask worker` does in the days to come: the provider is back when it was away."""
    worker = PaymentWorker(shop, shop.extensions["payment_providers"])

    def work():
        for _day in range(3):
            while worker.work():
                pass
            if stripe.is_dead:
                stripe.start_again()
            for statement in NEXT_DAY:
                sql(statement)

    return work


@pytest.fixture
def live(reserve, begin, work, stripe, shop, sql):
    """One pays and stays, one pays and gives a seat back, one leaves and lets the time pass; no
    webhook ever comes."""

    def live():
        stays, gives_back, leaves = (reserve() for _ in range(3))
        for booking in (stays, gives_back):
            stripe.pay(begin(booking))
        begin(leaves)
        sql("UPDATE bookings SET reserved_until = now() + interval '20 s' WHERE id = %s", leaves.id)
        for statement in NEXT_DAY:
            sql(statement)
        work()
        bookings.cancel(shop.extensions["desk"], gives_back.id, keep=1)
        work()
        return leaves

    return live


def check_histories(stripe, sql):
    """What the provider has taken and sent is what we know, and each order has its worth."""
    taken = {one["payment_intent"]: one for one in stripe.sessions.values()}
    taken = {intent: one for intent, one in taken.items() if one["payment_status"] == "paid"}
    back = Counter()
    for refund in stripe.refunds.values():
        back[refund["payment_intent"]] += refund["amount"]
    ours = sql(
        "SELECT p.provider_ref, p.amount_minor, b.status, b.seats, (SELECT"
        " coalesce(sum(r.amount_minor), 0) FROM refunds r"
        " WHERE r.payment_id = p.id AND r.state = 'PAID_BACK')"
        " FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE p.state = 'PAID'"
    )
    assert {ref: amount for ref, amount, *_ in ours} == {
        intent: one["amount_total"] for intent, one in taken.items()
    }, "money that one of us does not know"
    for ref, amount, status, seats, told in ours:
        worth = seats * PRICE if status == "CONFIRMED" else 0
        assert told == back[ref], f"{ref}: {back[ref]} paid back, we know of {told}"
        assert amount - back[ref] == worth, f"{ref}: paid {amount}, {back[ref]} back, {worth} here"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("moment", CALLS)
def test_nobody_loses_money_or_seats_when_the_provider_dies(live, stripe, sql, moment, after):
    stripe.dies_at, stripe.dies_after = CALLS[moment], after
    leaves = live()
    assert stripe.dies_at is None, "it did not come to that"
    check_histories(stripe, sql)
    open_still = [one for one in stripe.sessions.values() if one["status"] == "open"]
    # Of a page that was made, and of which we never heard, its buyer has not heard either.
    assert len(open_still) == (1 if (moment, after) == ("page made", True) else 0)
    assert sql("SELECT status FROM bookings WHERE id = %s", leaves.id) == [("RESERVED",)]


def test_the_check_notices_what_is_paid_back_twice(live, stripe, sql, monkeypatch):
    """The control: each try asks for a refund of its own."""
    monkeypatch.setattr(StripeCheckout, "refund", _without_its_key(StripeCheckout.refund))
    stripe.dies_at, stripe.dies_after = CALLS["refund made"], True
    live()
    with pytest.raises(AssertionError, match="50000 paid back, we know of 25000"):
        check_histories(stripe, sql)


def _without_its_key(refund):
    return lambda self, payment, amount, _key: refund(self, payment, amount, token_hex(8))
