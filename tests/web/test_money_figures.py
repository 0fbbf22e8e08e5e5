"""Booked, paid, refunded, owed: pages, files and programs tell the same of them."""

import csv
import io

import pytest

from app.models import PaymentProvider
from app.services import bookings, payment_lists, payments, refunds
from app.services.payment_figures import Figures
from app.services.payments import Received

FIGURES = Figures(booked=2_000, to_come=4_000, paid=18_000, refunded=10_000, owed=6_000)


@pytest.fixture
def evening(app, make_event, make_user):
    """An event of which all figures differ: one seat stands, two more wait for their payment."""
    event = make_event(price_minor=2_000, payment_minutes=15, currency="KWD", capacity=50)
    users = [make_user() for _ in range(4)]
    desk = app.extensions["desk"]
    with app.app_context():
        made = []
        for user, seats in zip(users, (1, 5, 3, 2), strict=True):
            order = {"user_id": user.id, "event_id": event.id, "seats": seats}
            made.append(bookings.book(desk, **order).booking)
        stands, back, owed, _waits = made
        for one in (stands, back, owed):
            amount = one.seats * 2_000
            received = Received(PaymentProvider.TRANSFER, amount, "KWD", f"T-{one.id}")
            payments.record_paid(desk, one.id, received)
        bookings.cancel(desk, back.id)
        refunds.mark_paid_back(payment_lists.list_refunds().items[0].id)
        bookings.cancel(desk, owed.id)
    return event


def test_programs_tell_them(client, admin, evening):
    told = client.get(f"/api/admin/events/{evening.id}/payment-figures", headers=admin).json
    assert told == {"currency": "KWD", "other_currencies": {}, **FIGURES._asdict()}
    report = client.get("/api/admin/sales", headers=admin).json
    assert report["money"] == {"KWD": FIGURES._asdict()}
    assert report["events"][0]["money"] == report["money"]


def test_the_file_of_events_tells_them(organiser, evening, make_event):
    make_event(name="Paid at the door")
    told = organiser.get("/admin/sales-by-event.csv?sort=name").text.removeprefix("\ufeff")
    names = ("Booked now", "Reserved now", "Paid", "Paid back", "Owed back")
    found = {
        row["Event"]: [row[name] for name in names] for row in csv.DictReader(io.StringIO(told))
    }
    assert found[evening.name] == ["2.000", "4.000", "18.000", "10.000", "6.000"]
    assert found["Paid at the door"] == [""] * 5


@pytest.mark.parametrize("page", ["", "/events/{id}/payments", "/events/{id}/console"])
def test_pages_tell_them(organiser, evening, page):
    text = organiser.get(f"/admin{page.format(id=evening.id)}").text
    _before, *sections = text.split('<dl class="figures money">')
    assert len(sections) == 1
    told = sections[0][: sections[0].index("</dl>")]
    amounts = [f"KWD\xa0{n}<" in told for n in (2, 18, 10, 6)]
    assert all(amounts)
    assert "KWD\xa04 reserved" in told


def test_an_event_that_is_not_paid_here_has_none(organiser, make_event, make_booking):
    event = make_event(price_minor=500)
    make_booking(event, price_minor=500)
    for page in ("", f"/events/{event.id}/console"):
        assert "figures money" not in organiser.get(f"/admin{page}").text
