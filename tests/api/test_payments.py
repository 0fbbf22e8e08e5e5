"""Payments and refunds, by programs of staff."""

import pytest

from app.models import Role
from app.services import staff
from tests.api.conftest import Caller


@pytest.fixture
def event(make_event):
    return make_event(price_minor=50_000, payment_minutes=15, capacity=20)


@pytest.fixture
def reserved(event, make_booking, make_user):
    def make(name="Asha", seats=2):
        user = make_user(name=name, email=f"{name.lower()}@example.com")
        facts = {"reserved_until": event.start_at, "price_minor": 50_000, "booked_in": "INR"}
        return make_booking(event, user=user, seats=seats, status="RESERVED", **facts)

    return make


@pytest.fixture
def pay(organiser):
    def pay(booking, **changes):
        body = {"provider": "transfer", "amount_minor": 100_000, "currency": "INR"}
        body |= {"bank_reference": "T-1", **changes}
        return organiser.post(f"/admin/bookings/{booking.id}/payments", body)

    return pay


def test_what_is_to_come_is_listed_page_by_page(organiser, reserved, event):
    first, second = reserved("Asha"), reserved("Bo", seats=1)
    address = f"/admin/events/{event.id}/payments-to-come"
    page = organiser.get(f"{address}?limit=1")
    assert page.json == [
        {
            "booking_id": first.id,
            "reference": first.reference,
            "guest": "Asha",
            "user_email": "asha@example.com",
            "amount_minor": 100_000,
            "currency": "INR",
            "reserved_until": page.json[0]["reserved_until"],
            "is_reserved": True,
            "bank_reference": None,
        }
    ]
    (link,) = page.headers.getlist("Link")
    after = link.partition("after=")[2].partition(">")[0].partition("&")[0]
    assert [one["booking_id"] for one in organiser.get(f"{address}?after={after}").json] == [
        second.id
    ]
    assert [one["guest"] for one in organiser.get(f"{address}?q=500").json] == ["Bo"]


def test_a_payment_confirms_and_is_recorded_once(organiser, reserved, pay, event, sql):
    booking = reserved()
    answers = [pay(booking), pay(booking)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert answers[0].json["refunds"] == []
    assert sql("SELECT status FROM bookings") == [("CONFIRMED",)]
    assert organiser.get(f"/admin/events/{event.id}/payments").json == [answers[0].json]
    assert organiser.get(f"/admin/events/{event.id}/payments-to-come").json == []


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"amount_minor": 99_999}, 409, "wrong-amount"),
        ({"currency": "USD"}, 409, "wrong-amount"),
        ({"currency": "usd"}, 422, "invalid"),
        ({"amount_minor": 0}, 422, "invalid"),
        ({"bank_reference": ""}, 422, "invalid"),
        ({"provider": "upi"}, 422, "invalid"),
        ({"provider": "card"}, 422, "invalid"),
    ],
)
def test_what_does_not_fit_is_a_problem(reserved, pay, problem, sql, changes, status, slug):
    said = problem(pay(reserved(), **changes), status, slug)
    if slug == "wrong-amount":
        assert (said["amount_minor"], said["currency"]) == (100_000, "INR")
    assert sql("SELECT * FROM payments") == []


def test_a_reference_of_another_order_is_a_problem(reserved, pay, problem):
    pay(reserved("Asha"))
    problem(pay(reserved("Bo")), 409, "bank-reference-taken")


def test_cash_for_what_is_paid_is_a_problem(reserved, pay, problem):
    booking = reserved()
    pay(booking)
    said = problem(pay(booking, provider="door", bank_reference=""), 409, "nothing-to-pay")
    assert said["is_paid"]


def test_what_is_owed_back_is_listed_and_marked_once(organiser, reserved, pay, event, problem):
    booking = reserved()
    pay(booking)
    (refund,) = pay(booking, bank_reference="T-2").json["refunds"]
    assert (refund["reason"], refund["state"], refund["done_at"]) == ("twice", "OWED", None)
    (owed,) = organiser.get(f"/admin/refunds?event_id={event.id}").json
    assert owed["id"] == refund["id"]
    assert (owed["guest"], owed["bank_reference"]) == ("Asha", "T-2")
    answers = [organiser.post(f"/admin/refunds/{refund['id']}/paid-back") for _ in range(2)]
    assert [answer.json["state"] for answer in answers] == ["PAID_BACK"] * 2
    assert answers[0].json["done_at"] == answers[1].json["done_at"]
    assert organiser.get("/admin/refunds").json == []
    assert len(organiser.get("/admin/refunds?state=PAID_BACK").json) == 1
    problem(organiser.post("/admin/refunds/999/paid-back"), 404)


def test_the_sums_of_an_event_are_told(organiser, reserved, pay, event):
    reserved("Bo", seats=1)
    booking = reserved()
    pay(booking)
    pay(booking, bank_reference="T-2", amount_minor=900)
    assert organiser.get(f"/admin/events/{event.id}/payment-figures").json == {
        "currency": "INR",
        "booked": 100_000,
        "fees": 0,
        "to_come": 50_000,
        "paid": 100_900,
        "refunded": 0,
        "owed": 900,
        "kept": 0,
        "other_currencies": {},
    }


def test_a_key_that_may_only_look_records_nothing(app, reserved, client, problem, event):
    booking = reserved()
    with app.app_context():
        _, key = staff.create_key("Vera", Role.VIEWER, sees_emails=False)
    viewer = Caller(client, "/api", {"X-Admin-Key": key})
    (one,) = viewer.get(f"/admin/events/{event.id}/payments-to-come").json
    assert one["user_email"] is None
    body = {"provider": "transfer", "amount_minor": 100_000, "currency": "INR"}
    problem(viewer.post(f"/admin/bookings/{booking.id}/payments", body), 403)
