"""Money that is owed back of payments by providers: they pay it back, once, by the worker."""

from datetime import timedelta

import pytest

from app.db import transaction
from app.errors import InvalidField, RefundOnItsWay
from app.lib.payment_providers import ToBePaid
from app.models import EventOutcome, Payment, PaymentProvider, RefundReason
from app.models.columns import now
from app.services import (
    events,
    money_back,
    payment_lists,
    provider_events,
    provider_refunds,
    refunds,
    seat_refunds,
)
from tests.support.payment_recorder import NotAllowed

STRIPE, RAZORPAY = PaymentProvider.STRIPE, PaymentProvider.RAZORPAY
WHY = {STRIPE: "expired_or_canceled_card", RAZORPAY: "failed"}
"""What they say of a refund that has failed."""
REFUSED = NotAllowed(400, "BAD_REQUEST_ERROR", "not enough balance")


@pytest.fixture
def context(paying_app):
    with paying_app.app_context():
        yield


@pytest.fixture
def providers(paying_app):
    return paying_app.extensions["payment_providers"]


@pytest.fixture
def event(make_event):
    return make_event(price_minor=25_000, payment_minutes=15, capacity=20)


@pytest.fixture
def paid(providers, stripe, razorpay, event, make_booking, context):
    """A booking of two seats that is paid, at the provider too; answers it and its payment."""

    def paid(name=STRIPE):
        booking = make_booking(event, seats=2, price_minor=25_000)
        order = ToBePaid(
            order=booking.reference,
            key=f"utsavam-{booking.id}",
            amount_minor=50_000,
            currency="INR",
            title="Sarangi",
            now=now(),
            until=now() + timedelta(minutes=15),
            return_address="https://tickets.example.org/",
        )
        providers[name].begin(order)
        told = stripe.pay() if name == STRIPE else razorpay.pay()
        ref = told["payment_intent"] if name == STRIPE else told["payments"][0]["payment_id"]
        facts = {"amount_minor": 50_000, "currency": "INR", "state": "PAID", "paid_at": now()}
        with transaction() as session:
            payment = Payment(booking_id=booking.id, provider=name.value, provider_ref=ref, **facts)
            session.add(payment)
        return booking, payment

    return paid


@pytest.fixture
def owe(paid):
    """A refund of all of a payment."""

    def owe(name=STRIPE):
        booking, payment = paid(name)
        with transaction() as session:
            refund = refunds.owe_all(session, payment, booking, RefundReason.TWICE)
        return refund.id

    return owe


@pytest.fixture
def send(providers):
    """What the worker does, until nothing is due."""

    def send():
        while provider_refunds.send_next(providers):
            pass

    return send


@pytest.fixture
def row(sql):
    query = "SELECT state, tries, refusal, provider_ref IS NOT NULL FROM refunds ORDER BY id"
    return lambda: sql(query)


@pytest.fixture
def due(sql):
    return lambda: sql("UPDATE refunds SET try_at = now()")


def sent(api):
    return [one["amount"] for one in api.refunds.values()]


@pytest.mark.parametrize("name", [STRIPE, RAZORPAY])
def test_what_is_owed_is_paid_back_by_its_provider(owe, send, row, stripe, razorpay, name):
    owe(name)
    send()
    send()
    assert row() == [("PAID_BACK", 1, None, True)]
    assert sent(stripe if name == STRIPE else razorpay) == [50_000]


def test_a_part_is_paid_back_for_seats_that_are_given_back(paid, send, row, stripe, desk, sql):
    booking, _payment = paid()
    with desk.changing(booking.event_id) as changes:
        row_of_one = changes.session.merge(booking)
        row_of_one.seats = 1
        event = changes.event(booking.event_id)
        seat_refunds.settle(changes.session, event, row_of_one, row_of_one, now())
        row_of_one.seats = 2
    send()
    assert row() == [("PAID_BACK", 1, None, True)]
    assert sent(stripe) == [25_000]


@pytest.mark.parametrize("takes_place", [False, True])
def test_of_a_cancelled_event_it_is_paid_back_after_a_pause(
    paid, send, row, due, stripe, paying_app, event, takes_place
):
    paid()
    desk = paying_app.extensions["desk"]
    events.update_event(event.id, {"status": "cancelled"}, desk)
    send()
    assert row() == [("OWED", 0, None, False)]
    told = payment_lists.sent_from(event.id)
    assert timedelta(minutes=14) < told - now() <= money_back.PAUSE
    if takes_place:
        events.update_event(event.id, {"status": "published"}, desk)
    due()
    send()
    assert row() == ([] if takes_place else [("PAID_BACK", 1, None, True)])
    assert sent(stripe) == ([] if takes_place else [50_000])


def test_what_was_paid_otherwise_is_left_to_staff(owe, send, row, stripe, sql):
    owe()
    sql("UPDATE payments SET provider = 'transfer'")
    send()
    assert row() == [("OWED", 0, None, False)]
    assert sent(stripe) == []


@pytest.mark.parametrize("trouble", [{"away": True}, {"loses_answers": True}])
@pytest.mark.parametrize("name", [STRIPE, RAZORPAY])
def test_a_provider_that_is_away_pays_back_once_when_it_is_there(
    owe, send, row, due, stripe, razorpay, trouble, name
):
    """With the answer lost it may have been done, so it is asked for by the same key."""
    owe(name)
    api = stripe if name == STRIPE else razorpay
    vars(api).update(trouble)
    for _try in range(3):
        send()
        due()
    assert row() == [("OWED", 3, None, False)]
    vars(api).update(dict.fromkeys(trouble, False))
    send()
    assert row() == [("PAID_BACK", 4, None, True)]
    assert sent(api) == [50_000]


def test_the_pauses_grow_up_to_an_hour(owe, send, stripe, sql):
    owe()
    stripe.away, pauses = True, []
    for _try in range(9):
        send()
        ((pause,),) = sql("SELECT extract(epoch FROM try_at - now()) / 60 FROM refunds")
        pauses.append(round(pause))
        sql("UPDATE refunds SET try_at = now()")
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_worker_that_dies_after_the_provider_has_paid_leads_to_no_second_refund(
    owe, send, row, due, stripe, monkeypatch
):
    owe()
    with monkeypatch.context() as dying:
        dying.setattr(refunds, "mark_paid_back", lambda *_facts, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send()
    assert row() == [("OWED", 1, None, False)]
    assert sent(stripe) == [50_000]
    stripe._keys.clear()  # as after a day
    due()
    send()
    assert row() == [("PAID_BACK", 2, None, True)]
    assert sent(stripe) == [50_000]


@pytest.mark.parametrize("name", [STRIPE, RAZORPAY])
def test_a_refusal_is_kept_for_staff_and_tried_again(owe, send, row, due, stripe, razorpay, name):
    owe(name)
    api = stripe if name == STRIPE else razorpay
    api.refused["/refund"] = REFUSED
    send()
    ((state, tries, refusal, _known),) = row()
    assert (state, tries) == ("OWED", 1)
    assert refusal
    api.refused.clear()
    due()
    send()
    assert row() == [("PAID_BACK", 2, None, True)]


def test_staff_may_settle_what_is_refused_and_nothing_is_sent_then(
    owe, send, row, due, stripe, paying_app
):
    refund_id = owe()
    stripe.refused["/refund"] = REFUSED
    send()
    refunds.mark_paid_back(refund_id)
    stripe.refused.clear()
    due()
    send()
    assert row()[0][0] == "PAID_BACK"
    assert sent(stripe) == []


def test_nobody_settles_what_may_be_paid_back_already(owe, send, stripe, row):
    refund_id = owe()
    stripe.loses_answers = True
    send()
    with pytest.raises(RefundOnItsWay):
        refunds.mark_paid_back(refund_id)
    assert row()[0][0] == "OWED"


def test_an_event_that_takes_place_after_all_owes_what_may_be_paid_back_already(
    paid, send, due, stripe, desk, event, sql
):
    paid()
    with desk.changing(event.id) as changes:
        money_back.owe_for_event(changes.session, changes.events[event.id])
    due()
    stripe.loses_answers = True
    send()
    with (
        pytest.raises(InvalidField, match="got their money back"),
        desk.changing(event.id) as changes,
    ):
        money_back.forgive_event(changes.session, changes.events[event.id])
    assert sql("SELECT count(*) FROM refunds") == [(1,)]


def test_a_provider_that_the_site_has_left_is_told_to_staff(owe, row):
    owe()
    provider_refunds.send_next({})
    assert row() == [("OWED", 1, "not configured", False)]


@pytest.fixture
def apis(stripe, razorpay):
    return {STRIPE: stripe, RAZORPAY: razorpay}


@pytest.fixture
def tell(providers, apis, desk, sql):
    """The provider tells that its refund has failed; answers what the worker made of it."""

    def tell(name=STRIPE, **facts):
        (ident,) = apis[name].refunds
        body, headers = apis[name].refund_failed(ident, **facts)
        provider_events.keep(name, providers[name].read(body.encode(), headers.get))
        while provider_events.work_due(desk):
            pass
        told = "SELECT outcome FROM provider_events ORDER BY received_at DESC LIMIT 1"
        return EventOutcome(sql(told)[0][0])

    return tell


@pytest.mark.parametrize("name", [STRIPE, RAZORPAY])
def test_it_is_owed_again_and_sent_no_more(owe, send, due, row, tell, sql, apis, name):
    refund_id = owe(name)
    send()
    assert tell(name) == EventOutcome.OWED
    assert row() == [("OWED", 1, WHY[name], False)]
    assert sql("SELECT failed_ref FROM refunds") == [tuple(apis[name].refunds)]
    due()
    send()
    assert row() == [("OWED", 1, WHY[name], False)]
    assert tell(name) == EventOutcome.NOTHING
    assert refunds.mark_paid_back(refund_id).state == "PAID_BACK"
    assert tell(name) == EventOutcome.NOTHING
    assert row() == [("PAID_BACK", 1, WHY[name], False)]


@pytest.mark.parametrize("kind", ["refund.failed", "refund.updated", "charge.refund.updated"])
def test_stripe_tells_it_by_several_names(owe, send, row, tell, kind):
    owe()
    send()
    assert tell(kind=kind) == EventOutcome.OWED
    assert row()[0][0] == "OWED"


def test_told_before_it_is_noted_as_sent_it_stays_owed(owe, send, row, tell, stripe, sql):
    refund_id = owe()
    send()
    sql("UPDATE refunds SET state = 'OWED', done_at = NULL, provider_ref = NULL")
    assert tell() == EventOutcome.OWED
    (ref,) = stripe.refunds
    refunds.mark_paid_back(refund_id, provider_ref=ref)
    assert row() == [("OWED", 1, WHY[STRIPE], False)]
    refunds.mark_paid_back(refund_id)
    assert row()[0][0] == "PAID_BACK"


def test_what_staff_have_sent_otherwise_meanwhile_is_not_owed_again(owe, send, tell, row, sql):
    owe()
    send()
    sql("UPDATE refunds SET provider_ref = NULL, done_by = 'Priya'")
    assert tell() == EventOutcome.NOTHING
    assert row()[0][0] == "PAID_BACK"


def test_another_sites_refund_is_none_of_ours(owe, send, tell, stripe, sql):
    owe()
    send()
    sql("UPDATE payments SET provider = 'transfer'")
    assert tell() == EventOutcome.UNKNOWN
