"""Booked, paid, refunded, owed and kept: by event and by currency, and never added up wrongly."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from app.models import PaymentProvider
from app.models.columns import now
from app.services import bookings, events, payment_figures, payments
from app.services.payment_figures import Figures
from app.services.payments import Received
from app.services.sales import sales
from app.services.ticket_types import sales_by_type

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def paid(desk, make_user):
    """A booking that is paid, by a transfer of its own."""

    def paid(event, seats=1):
        order = {"user_id": make_user().id, "event_id": event.id, "seats": seats}
        booking = bookings.book(desk, **order).booking
        amount = event.price_minor * seats
        received = Received(PaymentProvider.TRANSFER, amount, event.currency, f"T-{booking.id}")
        payments.record_paid(desk, booking.id, received)
        return booking

    return paid


def test_currencies_stand_beside_each_other(make_event, paid):
    for price, currency in ((500, "JPY"), (1_250, "KWD"), (500, "JPY")):
        paid(make_event(price_minor=price, payment_minutes=15, currency=currency))
    found = payment_figures.total(payment_figures.by_event().values())
    assert found == {
        "JPY": Figures(booked=1_000, paid=1_000),
        "KWD": Figures(booked=1_250, paid=1_250),
    }


def test_money_in_another_currency_is_no_figure_of_the_events_own(desk, make_event, make_user):
    event = make_event(price_minor=500, payment_minutes=15, currency="JPY")
    booking = bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=1).booking
    received = Received(PaymentProvider.TRANSFER, 900, "INR", "T-1")
    payments.record_paid(desk, booking.id, received, also_wrong=True)
    found = payment_figures.money_of(event.id)
    assert list(found.items()) == [
        ("JPY", Figures(to_come=500)),
        ("INR", Figures(paid=900, owed=900)),
    ]


def test_what_is_paid_at_the_door_is_no_figure_of_all(make_event, make_booking):
    event = make_event(price_minor=500)
    make_booking(event, seats=2, price_minor=500)
    assert payment_figures.by_event() == {}
    assert payment_figures.figures_of(event.id) == Figures(booked=1_000)


def test_what_is_booked_is_what_was_booked_on_all_days_and_of_all_types(
    desk, factories, make_event, paid, sql
):
    event = make_event(price_minor=500, payment_minutes=15, capacity=50)
    factories.ticket_types(event, {"name": "VIP"})
    part, gone, _stands = paid(event, seats=3), paid(event), paid(event, seats=2)
    sql("UPDATE bookings SET created_at = created_at - interval '3 days'")
    bookings.cancel(desk, part.id, keep=2)
    bookings.cancel(desk, gone.id)
    booked = payment_figures.figures_of(event.id).booked
    zone = ZoneInfo("America/New_York")
    today = now().astimezone(zone).date()
    (row,) = sales(today - timedelta(days=9), today, zone).events
    assert booked == row.value == sum(one.value_minor for one in sales_by_type(event.id)) == 2_000
    events.update_event(event.id, {"status": "cancelled"}, desk)
    assert payment_figures.figures_of(event.id).booked == 0
    assert [one.value_minor for one in sales_by_type(event.id)] == [0, 0]


def test_kept_is_what_is_not_paid_back_of_seats_given_back(desk, make_event, paid, sql):
    event = make_event(price_minor=500, payment_minutes=15)
    part, gone = paid(event, seats=3), paid(event, seats=2)
    bookings.cancel(desk, part.id, keep=2)
    bookings.cancel(desk, gone.id)
    sql("UPDATE refunds SET amount_minor = amount_minor - 100")
    sql(
        "INSERT INTO kept_amounts (payment_id, booking_id, amount_minor, currency)"
        " SELECT payment_id, booking_id, 100, currency FROM refunds"
    )
    found = payment_figures.figures_of(event.id)
    assert (found.owed, found.kept) == (1_300, 200)
    assert found.stays == found.booked + found.kept
    assert found.owed_if_cancelled == found.booked
