"""Payments as staff see them: what is to come, what came, what is owed back."""

import re

import pytest

from app.models import Role
from app.services import staff
from tests.web.conftest import Visitor

UTR = "412345678901"
ANNOUNCED = {"provider": "upi", "provider_ref": None, "bank_reference": UTR}
ANNOUNCED |= {"state": "PENDING", "paid_at": None}


@pytest.fixture
def event(make_event):
    return make_event(name="Sarangi Evening", price_minor=50_000, payment_minutes=15, capacity=20)


@pytest.fixture
def reserved(event, make_booking, make_user):
    def make(name="Asha", seats=2, **facts):
        user = make_user(name=name, email=f"{name.lower()}@example.com")
        plain = {"reserved_until": event.start_at, "price_minor": 50_000, "booked_in": "INR"}
        return make_booking(event, user=user, seats=seats, status="RESERVED", **plain, **facts)

    return make


@pytest.fixture
def shown(organiser, event):
    """The guests that the page lists."""

    def shown(**query):
        page = organiser.get(f"/admin/events/{event.id}/payments", query_string=query)
        assert page.status_code == 200
        return re.findall(
            r'class="guest"><a [^>]*><bdi>(\w+)|class="guest"><a [^>]*>(\w+)', page.text
        )

    return lambda **query: ["".join(found) for found in shown(**query)]


def form_of(booking):
    return f"/admin/bookings/{booking.id}/payment"


def typed(**changes):
    return {"amount": "1000", "provider": "transfer", "bank_reference": "T-1", **changes}


def test_what_is_to_come_is_listed_the_oldest_first(shown, reserved, make_booking, event):
    reserved("Asha")
    reserved("Bo")
    make_booking(event)
    assert shown() == ["Asha", "Bo"]


@pytest.mark.parametrize("q", [UTR, "4123 4567", "1500", "₹1,500.00", "bo@example.com", "Bo"])
def test_it_is_found_by_what_a_statement_says(shown, reserved, factories, q):
    reserved("Asha")
    bo = reserved("Bo", seats=3)
    factories.payment(bo, **ANNOUNCED)
    assert shown(q=q) == ["Bo"]


def test_it_is_found_by_its_reference(shown, reserved):
    reserved("Asha")
    bo = reserved("Bo")
    for q in (bo.reference, bo.reference[:6].lower(), bo.spoken_reference):
        assert shown(q=q) == ["Bo"]
    assert shown(q="zz top") == []


def test_whose_time_is_over_is_listed_if_they_say_to_have_paid(shown, reserved, factories, sql):
    for name in ("Asha", "Bo"):
        booking = reserved(name)
    factories.payment(
        booking,
        provider="upi",
        provider_ref=None,
        bank_reference=UTR,
        state="PENDING",
        paid_at=None,
    )
    sql("UPDATE bookings SET status = 'EXPIRED'")
    assert shown() == ["Bo"]
    assert shown(q="Asha") == ["Asha"]


def test_marking_one_as_paid_confirms_it_and_lists_the_payment(
    organiser, reserved, shown, event, sql
):
    booking = reserved()
    form = organiser.get(form_of(booking)).text
    assert 'value="1000"' in form
    sent = organiser.post(form_of(booking), typed())
    assert (sent.status_code, sent.location) == (303, f"/admin/bookings/{booking.id}")
    page = organiser.get(sent.location).text
    assert "It is paid: the seats are confirmed." in page
    assert "T-1" in page
    assert sql("SELECT status FROM bookings") == [("CONFIRMED",)]
    assert sql("SELECT actor, action FROM audit_entries") == [("ADMIN_KEY", "payment.received")]
    assert shown() == []
    assert "T-1" in organiser.get(f"/admin/events/{event.id}/payments?received=1").text


def test_the_guest_s_reference_is_in_the_form_already(organiser, reserved, factories):
    booking = reserved()
    factories.payment(
        booking,
        provider="upi",
        provider_ref=None,
        bank_reference=UTR,
        state="PENDING",
        paid_at=None,
    )
    form = organiser.get(form_of(booking)).text
    assert f'value="{UTR}"' in form
    assert '<option selected value="upi">' in form


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "999"}, "The order costs ₹1,000"),
        ({"amount": ""}, "Enter the amount that has come."),
        ({"amount": "0"}, "Enter the amount that has come."),
        ({"amount": "10,00"}, "Enter an amount"),
        ({"bank_reference": ""}, "reference, as in the statement."),
        ({"bank_reference": "a;b"}, "letters, digits"),
        ({"provider": "upi"}, "12 digits"),
        ({"provider": "card"}, "Not a valid choice"),
    ],
)
def test_what_can_t_be_is_refused_at_its_field(organiser, reserved, sql, changes, message):
    sent = organiser.post(form_of(reserved()), typed(**changes))
    assert sent.status_code in {409, 422}
    assert message in sent.text
    assert sql("SELECT * FROM payments") == []


def test_a_wrong_amount_can_be_taken_as_owed_back_and_be_paid_back(organiser, reserved, event, sql):
    booking = reserved()
    sent = organiser.post(form_of(booking), typed(amount="10", also_wrong="y"))
    page = organiser.get(sent.location).text
    assert "owed back: not the amount due" in page
    owed = organiser.get(f"/admin/refunds/owed?event={event.id}").text
    assert "₹10" in owed
    (action,) = set(re.findall(r'action="(/admin/refunds/\d+/paid-back[^"]*)"', owed))
    sent = organiser.post(action)
    assert sent.location == f"/admin/refunds/owed?event={event.id}"
    page = organiser.get(sent.location).text
    assert "₹10 is marked as paid back." in page
    assert "No money is owed back." in page
    assert "₹10" in organiser.get("/admin/refunds/owed?done=1").text
    assert sql("SELECT state, done_by FROM refunds") == [("PAID_BACK", "ADMIN_KEY")]


def test_who_may_only_look_marks_nothing(app, reserved, event, sql):
    booking = reserved()
    with app.app_context():
        _, key = staff.create_key("Vera", Role.VIEWER)
    viewer = Visitor(app)
    viewer.log_in(key)
    page = viewer.get(f"/admin/events/{event.id}/payments").text
    assert "Asha" in page
    assert "Mark as paid" not in page
    assert viewer.get(form_of(booking)).status_code == 403
    assert viewer.post(form_of(booking), typed()).status_code == 403
    assert sql("SELECT * FROM payments") == []


def test_an_event_that_is_paid_at_the_door_has_no_such_page_among_its_own(organiser, make_event):
    event = make_event(price_minor=50_000)
    assert "/payments" not in organiser.get(f"/admin/events/{event.id}/holds").text


def test_who_cancels_is_told_before_what_is_owed_then(
    organiser, event, make_booking, factories, sql
):
    paid = make_booking(event, seats=2, price_minor=50_000)
    factories.payment(paid)
    make_booking(event, price_minor=50_000)
    owed = "₹1,000 that guests paid is owed back then"
    assert owed in organiser.get(f"/admin/events/{event.id}/cancellation").text
    assert owed in organiser.get(f"/admin/events/{event.id}/deletion").text
    asked = organiser.get(f"/admin/bookings/{paid.id}/cancellation?had=2&give=1").text
    assert "All that was paid for them: ₹500" in asked
    organiser.post(f"/admin/bookings/{paid.id}/cancellation", {"had": "2", "give": "1"})
    assert sql("SELECT amount_minor, reason FROM refunds") == [(50_000, "cancelled")]
    listed = organiser.get("/admin/bookings").text
    assert 'href="/admin/refunds/owed"' in listed
    assert "₹500" in organiser.get("/admin/refunds/owed").text


def test_of_a_cancelled_event_staff_read_from_when_on_providers_pay_back(
    organiser, event, make_booking, factories, sql
):
    booking = make_booking(event, price_minor=50_000)
    factories.payment(booking, provider="stripe", provider_ref="pi_1")
    assert "15 minutes later on" in organiser.get(f"/admin/events/{event.id}/cancellation").text
    organiser.post(f"/admin/events/{event.id}/cancellation")
    sql("UPDATE refunds SET try_at = now() + interval '400 days'")
    (at,) = sql("SELECT to_char(try_at AT TIME ZONE 'Asia/Kolkata', 'HH24:MI') FROM refunds")[0]
    for page in (f"events/{event.id}/edit", f"events/{event.id}/console"):
        assert f"Payment providers pay back from {at}." in organiser.get(f"/admin/{page}").text
    for page in ("refunds/owed", f"bookings/{booking.id}"):
        assert f"Stripe pays it back from {at}" in organiser.get(f"/admin/{page}").text
    organiser.post(f"/admin/events/{event.id}/publication")
    assert sql("SELECT * FROM refunds") == []


def test_staff_read_why_a_refund_did_not_arrive_and_mark_it_once_sent_otherwise(
    organiser, event, make_booking, factories, sql
):
    booking = make_booking(event, price_minor=50_000)
    payment = factories.payment(booking, provider="stripe", provider_ref="pi_1")
    why = {"tries": 1, "refusal": "lost_or_stolen_card", "failed_ref": "re_7"}
    refund = factories.refund(payment, **why)
    for page in ("refunds/owed", f"bookings/{booking.id}"):
        text = " ".join(re.sub(r"<[^>]*>", " ", organiser.get(f"/admin/{page}").text).split())
        told = "Stripe sent it, and it did not arrive (lost_or_stolen_card): send it otherwise re_7"
        assert told in text
    organiser.post(f"/admin/refunds/{refund.id}/paid-back")
    assert sql("SELECT state FROM refunds") == [("PAID_BACK",)]
