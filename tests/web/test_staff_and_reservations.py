"""What staff see of seats that wait for their payment."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest

from app.models.references import new_reference
from app.services import gifts, ticket_types

LATER = datetime(2031, 5, 4, 9, 5, tzinfo=UTC)
BY = "Sun 4 May 2031, 14:35 IST"


@pytest.fixture
def event(make_event):
    return make_event(name="Sarangi", price_minor=50_000, capacity=20, payment_minutes=15)


@pytest.fixture
def bookings(event, factories, make_booking, make_user, sql):
    """Of Asha, who has paid, of Bo, who is to pay, and of Chitra, who did not in time."""
    states = {"Asha": "CONFIRMED", "Bo": "RESERVED", "Chitra": "EXPIRED"}
    made = {}
    for seats, (name, status) in enumerate(states.items(), 2):
        until = None if status == "CONFIRMED" else LATER
        facts = {"price_minor": 50_000, "status": status, "reserved_until": until}
        made[name] = make_booking(event, make_user(name=name), seats, **facts)
    sql("UPDATE events SET seats_available = 15, next_expiry_at = %s", LATER)
    factories.payment(made["Asha"])
    return made


def words(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def read(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_bookings_page_says_until_when_it_waits(organiser, bookings):
    page = words(organiser.get(f"/admin/bookings/{bookings['Bo'].id}").text)
    assert f"Reserved to be paid by {BY}" in page
    assert "End the reservation" in page
    assert "Seats to give back" not in page
    page = words(organiser.get(f"/admin/bookings/{bookings['Chitra'].id}").text)
    assert f"Not paid in time was to be paid by {BY}" in page
    page = words(organiser.get(f"/admin/bookings/{bookings['Asha'].id}").text)
    assert "Reserved" not in page
    assert "at the door" not in page


def test_staff_end_a_reservation_as_a_whole(organiser, bookings, sql):
    path = f"/admin/bookings/{bookings['Bo'].id}/cancellation"
    asked = words(organiser.get(f"{path}?had=3&give=3").text)
    assert "They cost ₹1,500, and are not paid yet." in asked
    assert "The reservation ends." in asked
    organiser.post(path, {"had": "3", "give": "3"})
    assert sql("SELECT status FROM bookings WHERE seats = 3") == [("CANCELLED",)]


def test_the_list_of_bookings_has_a_tab_for_each_state(organiser, bookings, event):
    page = words(organiser.get(f"/admin/bookings?event={event.id}").text)
    assert "All 3 Reserved 1 Going 1 Not paid in time 1" in page
    page = words(organiser.get(f"/admin/bookings?event={event.id}&status=reserved").text)
    assert "Bo" in page
    assert "Reserved until 4 May, 14:35" in page
    assert "Asha" not in page


def test_printed_guests_are_those_who_have_paid(organiser, bookings, event):
    page = words(organiser.get(f"/admin/events/{event.id}/guests").text)
    assert "1 booking, 2 seats." in page
    assert "Asha" in page
    for absent in ("Bo ", "Chitra", "To pay"):
        assert absent not in page


def test_what_was_booked_before_is_still_paid_at_the_door(
    organiser, bookings, event, make_booking, make_user
):
    make_booking(event, make_user(name="Dev"), price_minor=50_000)
    page = words(organiser.get(f"/admin/events/{event.id}/guests").text)
    assert re.search(r"Asha 2 Paid .* Dev 1 ₹500 ", page)
    text = organiser.get(f"/admin/bookings.csv?event={event.id}").text
    due = {row["Name"]: (row["Due"], row["How it is paid"]) for row in read(text)}
    assert due["Dev"] == ("500.00", "At the door")
    assert due["Bo"] == ("1500.00", "")


def test_one_payment_pays_all_ticket_types_of_its_order(
    organiser, event, factories, make_booking, make_user, sql
):
    types = factories.ticket_types(event, {"name": "VIP", "price_minor": 90_000})
    user, order = make_user(name="Asha"), new_reference()
    made = [
        make_booking(event, user, ticket_type_id=kind.id, price_minor=500, order_reference=order)
        for kind in types.values()
    ]
    sql("UPDATE bookings SET reference = %s WHERE id = %s", order, made[0].id)
    made[0].reference = order
    factories.payment(made[0])
    text = organiser.get(f"/admin/bookings.csv?event={event.id}").text
    assert [row["Due"] for row in read(text)] == ["0.00", "0.00"]


def test_a_friends_seat_of_what_was_paid_is_paid(organiser, bookings, event, desk, app):
    with app.app_context():
        gifts.give(desk, bookings["Asha"].id)
    text = organiser.get(f"/admin/bookings.csv?event={event.id}&status=confirmed").text
    assert [row["Due"] for row in read(text)] == ["0.00", "0.00"]


def test_staff_read_that_what_was_paid_is_owed(organiser, bookings):
    path = f"/admin/bookings/{bookings['Asha'].id}/cancellation?had=2&give=1"
    asked = words(organiser.get(path).text)
    assert "All that was paid for them: ₹500" in asked
    assert "It is owed to the guest then" in asked


def test_the_csv_says_what_is_due_and_until_when(organiser, bookings, event):
    text = organiser.get(f"/admin/bookings.csv?event={event.id}").text
    rows = read(text)
    told = {
        row["Name"]: (row["Status"], row["Due"], row["To be paid by"][:10], bool(row["Seat codes"]))
        for row in rows
    }
    assert told == {
        "Asha": ("Going", "0.00", "", True),
        "Bo": ("Reserved", "1500.00", "2031-05-04", False),
        "Chitra": ("Not paid in time", "0.00", "2031-05-04", False),
    }


def test_what_is_sold_and_what_is_reserved_are_told_apart(organiser, bookings, event):
    figures = words(organiser.get(f"/admin/events/{event.id}/console").text)
    assert "Sold 2 and 3 reserved, to be paid; of 20" in figures
    assert "2 3 reserved" in words(organiser.get("/admin/events").text)
    dashboard = words(organiser.get("/admin").text)
    assert "3 of them reserved, to be paid" in dashboard
    assert "5 of 20, 3 reserved" in dashboard
    form = words(organiser.get(f"/admin/events/{event.id}/edit").text)
    assert "5 seats are sold or reserved." in form


def test_of_each_ticket_type_too(app, organiser, event, factories, make_booking):
    types = factories.ticket_types(event, {"name": "VIP", "price_minor": 90_000})
    of_vip = {"ticket_type_id": types["VIP"].id, "price_minor": 90_000}
    make_booking(event, seats=2, **of_vip)
    make_booking(event, seats=3, status="RESERVED", reserved_until=LATER, **of_vip)
    with app.app_context():
        (_general, vip) = ticket_types.sales_by_type(event.id)
    assert (vip.seats, vip.value_minor, vip.reserved) == (2, 180_000, 3)
    assert "2 3 reserved" in words(organiser.get(f"/admin/events/{event.id}/console").text)


def test_a_code_of_what_is_not_paid_is_told_as_such(organiser, bookings):
    code = f"{bookings['Bo'].reference}-1"
    page = words(organiser.get(f"/admin/bookings?q={code}").text)
    assert "Seat 1 of 3, Bo: Reserved." in page
