"""Paying on a provider's page: the way there and back, and what the provider tells meanwhile."""

import re
import threading
from datetime import timedelta

import pytest

from app.errors import BookingNotFound
from app.lib.payment_providers import Facts, PageState
from app.models import EventOutcome, PaymentProvider
from app.models.columns import now
from app.presenters.ticket_addresses import ticket_secret
from app.services import payment_pages
from app.services.payment_worker import PaymentWorker
from tests.support.payment_recorder import NotAllowed
from tests.support.stripe_api import signed
from tests.web.conftest import HTML, Visitor

STRIPE = PaymentProvider.STRIPE


@pytest.fixture
def event(make_event):
    return make_event(name="Sarangi Evening", price_minor=25_000, capacity=20, payment_minutes=15)


@pytest.fixture
def reserved(event, make_booking, make_user):
    """Two seats for 500 rupees, reserved for some minutes more."""

    def make(minutes=15, of=event, **facts):
        until = now() + timedelta(minutes=minutes)
        plain = {"seats": 2, "price_minor": of.price_minor, "reserved_until": until}
        return make_booking(of, user=make_user(), status="RESERVED", **{**plain, **facts})

    return make


@pytest.fixture
def buyer(paying_app):
    return Visitor(paying_app)


@pytest.fixture
def secret_of(app):
    def secret_of(booking):
        with app.app_context():
            return ticket_secret(booking)

    return secret_of


@pytest.fixture
def begin(buyer, secret_of):
    """Press the button; answers the page that leads to the provider."""

    def begin(booking, who=buyer, provider="stripe"):
        return who.post(f"/tickets/{secret_of(booking)}/payment/{provider}")

    return begin


@pytest.fixture
def tell(paying_app):
    """Send a webhook: the body and its headers."""

    def tell(signed_body, provider="stripe", **options):
        body, headers = signed_body
        client = paying_app.test_client()
        return client.post(f"/payments/{provider}/webhook", data=body, headers=headers, **options)

    return tell


@pytest.fixture
def work(paying_app):
    """What `flask worker` does, until there is nothing to do."""

    def work():
        worker = PaymentWorker(paying_app, paying_app.extensions["payment_providers"])
        while worker.work():
            pass

    return work


@pytest.fixture
def status(sql):
    return lambda booking: sql("SELECT status FROM bookings WHERE id = %s", booking.id)[0][0]


@pytest.fixture
def owed(sql):
    return lambda: sql("SELECT amount_minor, currency, reason FROM refunds ORDER BY id")


@pytest.fixture
def paid(sql):
    query = "SELECT provider, amount_minor, provider_ref FROM payments WHERE state = 'PAID'"
    return lambda: sql(f"{query} ORDER BY id")


@pytest.fixture
def outcomes(sql):
    return lambda: [o for (o,) in sql("SELECT outcome FROM provider_events ORDER BY received_at")]


def test_a_reserved_booking_offers_to_pay_online(secret_of, buyer, reserved, begin, stripe):
    booking = reserved()
    page = buyer.get(f"/tickets/{secret_of(booking)}").text
    assert "Pay ₹500 by Stripe" in page
    answer = begin(booking)
    (session,) = stripe.sessions.values()
    assert answer.status_code == 200
    assert f'http-equiv="refresh" content="0; url={session["url"]}"' in answer.text
    assert f'href="{session["url"]}"' in answer.text
    assert session["amount_total"] == 50_000
    assert session["success_url"] == (
        f"https://tickets.example.org/payments/stripe/return/{booking.reference}"
    )
    assert secret_of(booking) not in str([call.body for call in stripe.calls])


def test_without_a_provider_nothing_is_offered(secret_of, visitor, reserved):
    booking = reserved()
    secret = secret_of(booking)
    assert "online" not in visitor.get(f"/tickets/{secret}").text
    answer = visitor.post(f"/tickets/{secret}/payment/stripe")
    assert answer.status_code == 303
    assert "be paid online now" in visitor.get(f"/tickets/{secret}").text


@pytest.mark.parametrize("minutes", [-1, 0.5])
def test_nothing_is_begun_when_the_time_is_too_short(buyer, reserved, begin, stripe, minutes):
    assert begin(reserved(minutes)).status_code == 303
    assert stripe.calls == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"status": "CONFIRMED", "reserved_until": None}, "is paid, or costs nothing"),
        ({"status": "CANCELLED", "cancelled_at": now()}, "nothing to pay"),
    ],
)
def test_what_needs_no_payment_is_not_begun(
    secret_of, buyer, event, make_booking, begin, stripe, facts, said
):
    booking = make_booking(event, seats=2, price_minor=25_000, **facts)
    begin(booking)
    assert stripe.calls == []
    assert said in buyer.get(f"/tickets/{secret_of(booking)}").text


def test_whoever_begins_twice_comes_to_the_same_page(reserved, begin, stripe):
    booking = reserved()
    assert begin(booking).text == begin(booking).text
    assert len(stripe.sessions) == 1


def test_an_order_that_costs_something_else_now_has_a_new_page(reserved, begin, stripe, sql):
    booking = reserved()
    begin(booking)
    sql("UPDATE bookings SET seats = 1 WHERE id = %s", booking.id)
    begin(booking)
    assert [(s["status"], s["amount_total"]) for s in stripe.sessions.values()] == [
        ("expired", 50_000),
        ("open", 25_000),
    ]


def test_two_who_begin_at_once_get_pages_of_which_one_is_open(
    paying_app, reserved, stripe, begin, sql
):
    booking, together = reserved(), threading.Barrier(2)
    answered, answer = [], stripe.answer

    def wait_for_the_other(call):
        if call.method == "POST" and len(stripe.sessions) < 2:
            stripe._lock.release()
            try:
                together.wait(5)
            finally:
                stripe._lock.acquire()
        return answer(call)

    stripe.answer = wait_for_the_other
    people = [Visitor(paying_app) for _ in range(2)]
    for one in people:
        one.csrf_token()
    threads = [
        threading.Thread(target=lambda one=one: answered.append(begin(booking, one)))
        for one in people
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    del stripe.answer
    open_pages = [s for s in stripe.sessions.values() if s["status"] == "open"]
    assert len(stripe.sessions) == 2
    assert [page["url"] in one.text for one in answered for page in open_pages] == [True, True]
    assert sql("SELECT page FROM payments") == [(open_pages[0]["id"],)]


@pytest.mark.parametrize("trouble", [{"away": True}, {"loses_answers": True}])
def test_a_provider_that_does_not_answer_costs_nothing(
    secret_of, buyer, reserved, begin, stripe, trouble
):
    booking = reserved()
    vars(stripe).update(trouble)
    answer = begin(booking)
    assert answer.status_code == 303
    page = buyer.get(f"/tickets/{secret_of(booking)}").text
    assert "did not answer. Your seats are reserved still" in page
    assert "Pay ₹500 by Stripe" in page
    vars(stripe).update(dict.fromkeys(trouble, False))
    assert begin(booking).status_code == 200


def test_a_webhook_confirms_the_order_once_the_worker_has_it(
    reserved, begin, tell, work, stripe, status, paid, outcomes
):
    booking = reserved()
    begin(booking)
    told = stripe.event(stripe.pay())
    assert tell(told).status_code == 200
    assert status(booking) == "RESERVED"  # answered at once
    work()
    assert status(booking) == "CONFIRMED"
    assert paid() == [("stripe", 50_000, next(iter(stripe.sessions.values()))["payment_intent"])]
    assert outcomes() == ["paid"]


def test_a_webhook_that_comes_again_has_no_effect(
    reserved, begin, tell, work, stripe, status, paid, owed
):
    booking = reserved()
    begin(booking)
    session = stripe.pay()
    for ident in ("evt_same", "evt_same", "evt_other"):
        assert tell(stripe.event(session, ident=ident)).status_code == 200
        work()
    assert status(booking) == "CONFIRMED"
    assert len(paid()) == 1
    assert owed() == []


def test_webhooks_out_of_order_take_nothing_back(
    reserved, begin, tell, work, stripe, status, owed, outcomes
):
    booking = reserved()
    begin(booking)
    before = dict(next(iter(stripe.sessions.values())))
    tell(stripe.event(stripe.pay()))
    tell(stripe.event({**before, "status": "expired"}, "checkout.session.expired"))
    tell(stripe.event({**before}, "checkout.session.completed"))
    work()
    assert status(booking) == "CONFIRMED"
    assert owed() == []
    assert outcomes()[0] == "paid"


def test_a_worker_that_dies_before_it_works_leaves_it_to_the_next(
    reserved, begin, tell, work, stripe, status, sql, monkeypatch
):
    booking = reserved()
    begin(booking)
    tell(stripe.event(stripe.pay()))
    with monkeypatch.context() as dying:
        dying.setattr(payment_pages, "settle", lambda *_facts: 1 / 0)
        work()
    assert status(booking) == "RESERVED"
    assert sql("SELECT worked_at, due_at > now() FROM provider_events") == [(None, True)]
    sql("UPDATE provider_events SET due_at = now()")
    work()
    assert status(booking) == "CONFIRMED"


@pytest.mark.parametrize(
    ("changes", "owes"),
    [
        ({"amount_total": 49_999}, (49_999, "INR")),
        ({"amount_total": 50_001}, (50_001, "INR")),
        ({"currency": "usd"}, (50_000, "USD")),
    ],
)
def test_another_amount_or_currency_brings_no_seats_and_is_owed_back(
    reserved, begin, tell, work, stripe, status, owed, outcomes, changes, owes
):
    booking = reserved()
    begin(booking)
    tell(stripe.event(stripe.pay(**changes)))
    work()
    assert status(booking) == "RESERVED"
    assert owed() == [(*owes, "wrong_amount")]
    assert outcomes() == ["owed"]


def test_a_forged_webhook_is_refused_and_limited_by_address(
    reserved, begin, tell, work, stripe, status, sql
):
    booking = reserved()
    begin(booking)
    body, _headers = stripe.event(stripe.pay())
    answers = {tell(signed(body, "whsec_guessed")).status_code for _ in range(70)}
    assert answers == {400, 429}
    assert sql("SELECT * FROM provider_events") == []
    # Stripe's own come through, from the same address too.
    assert tell(signed(body)).status_code == 200
    work()
    assert status(booking) == "CONFIRMED"


def test_a_webhook_for_nobody_is_not_found(tell, stripe):
    told = signed('{"id": "evt_1", "object": "event", "type": "x", "data": {"object": {}}}')
    assert [tell(told, name).status_code for name in ("door", "x")] == [404, 404]


def test_a_webhook_that_is_too_large_is_refused(tell):
    assert tell(signed("x" * 70_000)).status_code == 413


def test_an_event_of_another_site_of_the_same_account_is_left_alone(
    tell, work, stripe, outcomes, paid, reserved, begin
):
    begin(reserved())
    session = {**stripe.pay(), "id": "cs_other", "metadata": {}, "client_reference_id": "17"}
    tell(stripe.event(session))
    tell(stripe.event({"id": "ch_1", "object": "charge"}, "charge.succeeded"))
    work()
    assert sorted(outcomes()) == ["nothing", "unknown"]
    assert paid() == []


def test_nothing_of_the_person_who_paid_is_kept(tell, stripe, reserved, begin, sql):
    begin(reserved())
    session = stripe.pay(customer_details={"email": "meera@example.com", "name": "Meera"})
    tell(stripe.event(session))
    ((kept,),) = sql("SELECT body::text FROM provider_events")
    assert "eera" not in kept


def test_the_way_back_confirms_without_waiting_for_the_webhook(
    secret_of, buyer, reserved, begin, stripe, status
):
    booking = reserved()
    begin(booking)
    stripe.pay()
    answer = buyer.get(f"/payments/stripe/return/{booking.reference}")
    assert status(booking) == "CONFIRMED"
    assert answer.status_code == 303
    assert answer.location == f"/tickets/{secret_of(booking)}?new=1"
    assert buyer.get(answer.location).status_code == 200


def test_the_way_back_without_a_payment_leads_to_the_ticket_that_waits(
    secret_of, buyer, reserved, begin, stripe, status
):
    booking = reserved()
    begin(booking)
    answer = buyer.get(f"/payments/stripe/return/{booking.reference}")
    assert answer.location == f"/tickets/{secret_of(booking)}"
    assert status(booking) == "RESERVED"
    assert "Pay ₹500 by Stripe" in buyer.get(answer.location).text


def test_the_way_back_says_so_when_the_provider_is_away(
    buyer, reserved, begin, stripe, work, status, sql
):
    booking = reserved()
    begin(booking)
    stripe.pay()
    stripe.away = True
    answer = buyer.get(f"/payments/stripe/return/{booking.reference}")
    assert "not known yet" in buyer.get(answer.location).text
    stripe.away = False
    sql("UPDATE payments SET ask_at = now()")
    work()
    assert status(booking) == "CONFIRMED"


def test_the_way_back_tells_a_stranger_nothing_and_asks_nobody(paying_app, reserved, begin, stripe):
    booking = reserved()
    begin(booking)
    calls = len(stripe.calls)
    answer = Visitor(paying_app).get(f"/payments/stripe/return/{booking.reference}")
    assert answer.location == "/tickets"
    assert len(stripe.calls) == calls


def test_the_way_back_of_an_account_leads_to_its_booking(
    paying_app, event, make_user, make_booking, stripe, status
):
    user = make_user("rani@example.com", password="correct horse battery")
    until = now() + timedelta(minutes=9)
    booking = make_booking(
        event, user=user, seats=2, price_minor=25_000, status="RESERVED", reserved_until=until
    )
    rani = Visitor(paying_app)
    rani.sign_in("rani@example.com")
    assert rani.post(f"/bookings/{booking.id}/payment/stripe").status_code == 200
    stripe.pay()
    answer = rani.get(f"/payments/stripe/return/{booking.reference}")
    assert answer.location == f"/bookings/{booking.id}?new=1"
    assert status(booking) == "CONFIRMED"


def test_a_webhook_that_never_comes_is_asked_for(reserved, begin, stripe, work, status, sql):
    booking = reserved()
    begin(booking)
    stripe.pay()
    work()
    assert status(booking) == "RESERVED"  # it is not time to ask
    sql("UPDATE payments SET ask_at = now()")
    work()
    assert status(booking) == "CONFIRMED"
    assert sql("SELECT ask_at FROM payments") == [(None,)]


def test_a_page_is_asked_about_in_time_before_the_reservations_end(reserved, begin, sql):
    soon, later = reserved(1.5), reserved(60)
    begin(soon)
    begin(later)
    asked = sql("SELECT extract(epoch FROM ask_at - now())::int FROM payments ORDER BY id")
    assert [one for (one,) in asked] == [pytest.approx(60, abs=3), pytest.approx(120, abs=3)]


def test_a_page_is_closed_before_its_money_would_be_late(reserved, begin, stripe, work, sql):
    booking = reserved()
    begin(booking)
    until = now() + payment_pages.LAST_CALL - timedelta(seconds=1)
    sql("UPDATE bookings SET reserved_until = %s", until)
    sql("UPDATE payments SET ask_at = now()")
    work()
    assert [session["status"] for session in stripe.sessions.values()] == ["expired"]
    assert sql("SELECT ask_at FROM payments") == [(None,)]


@pytest.mark.parametrize("becomes", ["CONFIRMED", "CANCELLED", "EXPIRED"])
def test_a_page_is_closed_once_nothing_is_to_be_paid_on_it(
    reserved, begin, stripe, work, sql, becomes
):
    begin(reserved())
    until = None if becomes == "CONFIRMED" else now()
    gone = now() if becomes == "CANCELLED" else None
    changes = "status = %s, reserved_until = %s, cancelled_at = %s"
    sql(f"UPDATE bookings SET {changes}", becomes, until, gone)
    sql("UPDATE payments SET ask_at = now()")
    work()
    assert [session["status"] for session in stripe.sessions.values()] == ["expired"]


def test_money_that_came_while_the_page_was_closed_still_brings_its_seats(
    reserved, begin, stripe, work, status, sql, owed
):
    booking = reserved()
    begin(booking)
    stripe.pay()
    sql("UPDATE bookings SET status = 'EXPIRED', reserved_until = now()")
    sql("UPDATE events SET seats_available = seats_available + 2")
    sql("UPDATE payments SET ask_at = now()")
    work()
    assert status(booking) == "CONFIRMED"
    assert owed() == []


def test_a_page_of_a_provider_that_is_away_is_closed_later(reserved, begin, stripe, work, sql):
    begin(reserved())
    sql("UPDATE bookings SET reserved_until = now() + interval '5 s'")
    sql("UPDATE payments SET ask_at = now()")
    stripe.away = True
    work()
    assert sql("SELECT ask_at > now() FROM payments") == [(True,)]
    stripe.away = False
    sql("UPDATE payments SET ask_at = now()")
    work()
    assert [session["status"] for session in stripe.sessions.values()] == ["expired"]


def test_money_on_two_pages_brings_seats_once_and_is_owed_back_once(
    paying_app, reserved, begin, stripe, status, owed, tell, work
):
    """A page that nobody kept, as of a process that died, is led back by the order's reference."""
    booking = reserved()
    begin(booking)
    first = stripe.pay()
    second = {**first, "id": "cs_orphan", "payment_intent": "pi_orphan"}
    tell(stripe.event(second))
    tell(stripe.event(first))
    work()
    assert status(booking) == "CONFIRMED"
    assert owed() == [(50_000, "INR", "twice")]


def test_facts_of_an_order_that_there_never_was_are_unknown(paying_app, desk):
    facts = Facts("cs_1", PageState.PAID, 50_000, "INR", "pi_1", "NOSUCHREF1")
    with paying_app.app_context():
        assert payment_pages.settle(desk, STRIPE, facts) == EventOutcome.UNKNOWN
        with pytest.raises(BookingNotFound):
            payment_pages.begin(desk, paying_app.extensions["payment_providers"], STRIPE, 7, str)


def test_a_form_of_another_site_begins_nothing(secret_of, buyer, reserved, stripe):
    path = f"/tickets/{secret_of(reserved())}/payment/stripe"
    assert buyer.post(path, csrf=False, headers=HTML).status_code == 400
    assert stripe.calls == []


def test_the_page_between_says_where_it_leads(reserved, begin):
    words = " ".join(re.sub(r"<[^>]*>", " ", begin(reserved()).text).split())
    assert "You pay on a page of Stripe, and come back here afterwards." in words


def test_razorpay_is_paid_by_the_same_ways(
    buyer, reserved, begin, razorpay, tell, work, status, paid, outcomes
):
    booking, other = reserved(), reserved()
    begin(booking, provider="razorpay")
    told = razorpay.event(razorpay.pay())
    assert [tell(told, "razorpay").status_code for _again in range(2)] == [200, 200]
    work()
    assert status(booking) == "CONFIRMED"
    begin(other, provider="razorpay")
    razorpay.pay()
    buyer.get(f"/payments/razorpay/return/{other.reference}?razorpay_payment_id=pay_1")
    assert status(other) == "CONFIRMED"
    assert [provider for provider, _amount, _reference in paid()] == ["razorpay", "razorpay"]
    assert outcomes() == ["paid"]


def test_staff_see_what_becomes_of_a_refund_by_a_provider(
    paying_app, settings, factories, event, make_booking, stripe, work, sql
):
    payment = factories.payment(
        make_booking(event, seats=2, price_minor=25_000), provider="stripe", provider_ref="pi_1"
    )
    refund = factories.refund(payment)
    staff = Visitor(paying_app)
    staff.log_in(settings.admin_key[0])
    stripe.loses_answers = True
    work()
    page = staff.get("/admin/refunds/owed").text
    assert "Stripe is paying it back" in page
    assert 'action="/admin/refunds/' not in page
    answer = staff.post(f"/admin/refunds/{refund.id}/paid-back")
    assert "just paying it back" in staff.get(answer.location).text
    stripe.loses_answers = False
    stripe.refused["/refunds"] = NotAllowed(400, "charge_disputed", "x")
    sql("UPDATE refunds SET try_at = now()")
    work()
    page = staff.get("/admin/refunds/owed").text
    assert "Stripe refuses (charge_disputed (status 400))" in page
    assert f'action="/admin/refunds/{refund.id}/paid-back' in page


def test_a_dollar_is_paid_by_whoever_takes_it(buyer, make_event, reserved, secret_of):
    event = make_event(price_minor=25_000, currency="USD", payment_minutes=15)
    page = buyer.get(f"/tickets/{secret_of(reserved(of=event))}").text
    assert "online" in page
    assert "Razorpay" not in page
