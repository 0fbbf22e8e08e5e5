"""Receipts and credit notes, by programs of staff."""

import pytest

from app.models import Role
from app.models.columns import now
from app.services import staff
from tests.api.conftest import Caller


@pytest.fixture
def event(make_event):
    return make_event(price_minor=50_000, payment_minutes=15, capacity=20)


@pytest.fixture
def issued(event, make_booking, make_user, factories):
    """A receipt of two seats, of which one was paid back, and its credit note."""
    user = make_user(name="Meena", email="meena@example.com")
    booking = make_booking(event, user=user, price_minor=50_000, booked_in="INR")
    part = make_booking(
        event,
        user=user,
        price_minor=50_000,
        status="CANCELLED",
        cancelled_at=now(),
        part_of=booking.id,
    )
    line = {"ticket_type_id": None, "seats": 2, "price_minor": 50_000, "fee_minor": 0}
    payment = factories.payment(booking, amount_minor=100_000, seats_paid=[line])
    done = {"booking_id": part.id, "state": "PAID_BACK", "done_at": now(), "reason": "cancelled"}
    factories.refund(payment, amount_minor=50_000, **done)
    return factories.receipt(payment)


def test_they_are_listed_in_sequence_page_by_page(organiser, issued, event):
    first = organiser.get("/admin/receipts?limit=1")
    (receipt,) = first.json
    assert receipt == {
        "id": issued.id,
        "number": "R26-27/00001",
        "kind": "receipt",
        "corrects": None,
        "issued_at": receipt["issued_at"],
        "payment_id": issued.payment_id,
        "refund_id": None,
        "event_id": event.id,
        "reference": issued.facts["reference"],
        "buyer": "Meena",
        "buyer_email": "meena@example.com",
        "amount_minor": 100_000,
        "net_minor": 100_000,
        "tax_minor": 0,
        "currency": "INR",
        "lines": [
            {
                "ticket_type": "",
                "is_fee": False,
                "seats": 2,
                "price_minor": 50_000,
                "amount_minor": 100_000,
            }
        ],
        "taxes": [],
    }
    cursor = first.headers["Link"].partition("after=")[2].partition(">")[0]
    (note,) = organiser.get(f"/admin/receipts?after={cursor}").json
    assert (note["number"], note["kind"]) == ("C26-27/00001", "credit_note")
    assert (note["corrects"], note["amount_minor"]) == ("R26-27/00001", 50_000)


def test_a_month_or_an_event_has_its_own(organiser, issued, event, make_event):
    month = issued.issued_at.strftime("%Y-%m")
    assert len(organiser.get(f"/admin/receipts?month={month}&event_id={event.id}").json) == 2
    assert organiser.get("/admin/receipts?month=1999-12").json == []
    assert organiser.get(f"/admin/receipts?event_id={make_event().id}").json == []
    assert organiser.get("/admin/receipts?month=1999-13").status_code == 422


def test_a_key_that_may_not_see_emails_sees_none(app, client, issued):
    with app.app_context():
        _key, secret = staff.create_key("no emails", Role.VIEWER, sees_emails=False)
    found = Caller(client, "/api", {"X-Admin-Key": secret}).get("/admin/receipts").json
    assert [one["buyer_email"] for one in found] == [None, None]


@pytest.mark.parametrize("place", ["99", "", "3", "36\n", "Telangana"])
def test_an_events_state_is_the_code_of_one(organiser, event, place):
    address = f"/admin/events/{event.id}"
    assert organiser.put(address, {"tax_bp": 500, "tax_place": "36"}).json["tax_place"] == "36"
    assert organiser.put(address, {"tax_place": place}).status_code == 422
    assert organiser.put(address, {"tax_place": None, "tax_bp": None}).json["tax_bp"] is None
