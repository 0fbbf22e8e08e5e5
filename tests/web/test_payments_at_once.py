"""A payment that is told by all ways at once, and a worker that is killed: it counts once."""

import signal
from datetime import timedelta
from threading import Barrier, Thread

import httpx
import pytest

from app.lib.payment_providers import Facts, PageState
from app.models import EventOutcome, PaymentProvider
from app.models.columns import now
from app.services import payment_pages
from app.services.payment_worker import PaymentWorker
from tests.support import stripe_api
from tests.support.mail_worker import MailWorker
from tests.support.servers import wait_until
from tests.support.site import Site
from tests.support.sums import seats_left

STRIPE = PaymentProvider.STRIPE


@pytest.fixture
def event(make_event):
    return make_event(price_minor=25_000, capacity=20, payment_minutes=15)


@pytest.fixture
def reserved(event, make_booking):
    def make(**facts):
        until = now() + timedelta(minutes=9)
        plain = {"seats": 2, "price_minor": 25_000, "booked_in": "INR"}
        plain |= {"status": "RESERVED", "reserved_until": until}
        return make_booking(event, **{**plain, **facts})

    return make


def paid_facts(booking, payment="pi_1"):
    return Facts("cs_1", PageState.PAID, 50_000, "INR", payment, booking.reference)


def at_once(*steps):
    """Do them together; answers what each returns."""
    together, answers = Barrier(len(steps)), []

    def run(step):
        together.wait(10)
        answers.append(step())

    threads = [Thread(target=run, args=(step,)) for step in steps]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return answers


@pytest.fixture
def settle(app, desk):
    def settle(facts):
        with app.app_context():
            return payment_pages.settle(desk, STRIPE, facts)

    return settle


@pytest.mark.parametrize("status", ["RESERVED", "EXPIRED"])
def test_what_is_told_by_six_ways_at_once_is_recorded_once(
    reserved, settle, sql, event, status, invariants
):
    booking = reserved(status=status)
    if status == "EXPIRED":
        sql("UPDATE events SET seats_available = 20")
    facts = paid_facts(booking)
    answers = at_once(*[lambda: settle(facts)] * 6)
    assert answers == [EventOutcome.PAID] * 6
    assert sql("SELECT state FROM payments") == [("PAID",)]
    assert sql("SELECT * FROM refunds") == []
    assert seats_left(sql, event) == 18


def test_six_payments_at_once_bring_seats_once_and_five_are_owed_back(
    reserved, settle, sql, invariants
):
    """The control: told as different payments, they count as such."""
    booking = reserved()
    steps = [lambda n=n: settle(paid_facts(booking, f"pi_{n}")) for n in range(6)]
    answers = at_once(*steps)
    assert sorted(answers) == [EventOutcome.OWED] * 5 + [EventOutcome.PAID]
    assert sql("SELECT count(*), sum(amount_minor) FROM refunds") == [(5, 250_000)]


def test_two_workers_pay_back_once(paying_app, stripe, reserved, sql, factories):
    payment = factories.payment(reserved(), provider="stripe", provider_ref="pi_9")
    stripe.sessions["cs_9"] = {
        **{"id": "cs_9", "payment_intent": "pi_9", "payment_status": "paid"},
        **{"amount_total": 50_000, "currency": "inr", "status": "complete"},
    }
    for _ in range(3):
        factories.refund(payment, amount_minor=10_000, reason="cancelled", booking_id=reserved().id)
    workers = [
        PaymentWorker(paying_app, paying_app.extensions["payment_providers"]) for _ in range(2)
    ]

    def work(worker):
        while worker.work():
            pass

    at_once(*[lambda one=one: work(one) for one in workers])
    assert [one["amount"] for one in stripe.refunds.values()] == [10_000] * 3
    assert sql("SELECT DISTINCT state FROM refunds") == [("PAID_BACK",)]


@pytest.mark.long
def test_a_killed_worker_leaves_a_webhook_to_the_next(
    settings, stripe, folder, reserved, sql, clean
):
    """The whole way: gunicorn keeps the webhook, one worker is killed, another works it."""
    booking = reserved()
    provider = {
        "STRIPE_SECRET_KEY": stripe_api.KEY,
        "STRIPE_WEBHOOK_SECRET": stripe_api.WEBHOOK_SECRET,
        "STRIPE_API_BASE": stripe.url,
    }
    with Site(settings, folder / "paid", **provider) as site:

        def tell(ident, about):
            session = {
                **{"id": f"cs_{ident}", "status": "complete", "payment_status": "paid"},
                **{"payment_intent": f"pi_{ident}", "amount_total": 50_000, "currency": "inr"},
                "metadata": {"utsavam_order": about.reference},
            }
            body, headers = stripe.event(session)
            path = f"{site.url}/payments/stripe/webhook"
            return httpx.post(path, content=body, headers=headers).status_code

        with MailWorker(site) as worker:
            first = reserved()
            assert tell("first", first) == 200
            confirmed = "SELECT status FROM bookings WHERE id = %s"
            wait_until(lambda: sql(confirmed, first.id) == [("CONFIRMED",)])
            worker._process.send_signal(signal.SIGKILL)
            worker._process.wait(10)
            assert tell("second", booking) == 200
            assert sql(confirmed, booking.id) == [("RESERVED",)]
        with MailWorker(site):
            wait_until(lambda: sql(confirmed, booking.id) == [("CONFIRMED",)])
