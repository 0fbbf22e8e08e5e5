"""Guest lists as they are used at a door: by name, with each seat's code, on paper."""

import csv
import io
import re
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest

from app.lib.text import name_order

NAMES = ["Zoë", "arun", "Élodie", "Edith", "मीरा", "Arjun", "Östen", "Olga", ""]


@pytest.fixture
def event(make_event, make_user, make_booking):
    event = make_event(name="Tech Talk", capacity=100)
    for number, name in enumerate(NAMES):
        guest = make_user(email=f"b{number}@example.com", name=name)
        make_booking(event, user=guest, seats=2)
    return event


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_exports_are_in_the_order_in_which_people_look_names_up(organiser, event):
    found = [row["Name"] for row in rows_of(organiser.get("/admin/bookings.csv"))]
    assert found == [
        *("Arjun", "arun", "b8", "Edith", "Élodie", "Olga", "Östen", "Zoë", "मीरा"),
    ]
    page = organiser.get(f"/admin/events/{event.id}/guests").text
    shown = re.findall(r'<th scope="row" class="guest">(?:<[^>]+>)?([^<]+)', page)
    assert shown == found


def test_marks_of_other_scripts_are_letters(app):
    assert name_order("Élodie") == "elodie"
    assert name_order("की") != name_order("क")
    assert name_order("हिन्दी") == "हिन्दी"


def test_every_seat_that_lets_in_has_its_code_as_a_scanner_types_it(
    organiser, event, sql, make_user, make_booking
):
    booking = make_booking(event, user=make_user(name="Aadya"), seats=3)
    organiser.post(f"/admin/bookings/{booking.id}/cancellation", {"had": "3", "give": "1"})
    rows = [row for row in rows_of(organiser.get("/admin/bookings.csv")) if row["Name"] == "Aadya"]
    assert [(row["Status"], row["Seats"]) for row in rows] == [("Going", "2"), ("Given back", "1")]
    reference = booking.reference
    assert [row["Seat codes"] for row in rows] == [f"{reference}-1 {reference}-2", ""]
    page = organiser.get(f"/admin/events/{event.id}/guests").text
    assert f"{booking.spoken_reference}-1 … -2" in page
    assert page.count("Aadya") == 1, "who gave back a seat is one guest"
    assert "10 bookings, 20 seats." in page


def test_the_export_tells_the_door_who_owes_what_and_when_the_event_ends(
    organiser, make_event, make_booking, sql
):
    event = make_event(end_at=datetime(2099, 3, 4, 12, tzinfo=UTC))
    make_booking(event, seats=2, price_minor=50_000)
    (row,) = rows_of(organiser.get("/admin/bookings.csv"))
    assert row["Event ends"].startswith("2099-03-04")
    assert (float(row["Due"]), row["How it is paid"]) == (1000, "At the door")
    sql("UPDATE events SET payment_note = 'By UPI', status = 'cancelled'")
    (row,) = rows_of(organiser.get("/admin/bookings.csv"))
    assert (float(row["Due"]), row["How it is paid"]) == (0, "")


def test_the_excel_files_columns_are_as_wide_as_what_they_hold(organiser, event):
    answer = organiser.get("/admin/bookings.xlsx")
    with ZipFile(io.BytesIO(answer.data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    answer.close()
    widths = [int(width) for width in re.findall(r'<col [^>]*width="(\d+)"', sheet)]
    assert len(widths) == sheet.split("</row>")[0].count("<c ")
    assert widths[2] < widths[0] < widths[6]
    assert 'fitToWidth="1"' in sheet


def test_the_printed_list_tells_the_door_what_each_guest_owes(
    organiser, make_event, make_user, make_booking
):
    event = make_event(price_minor=1500, currency="JPY", payment_note="In cash, please")
    make_booking(event, user=make_user(name="Aiko"), seats=2, price_minor=1500)
    page = organiser.get(f"/admin/events/{event.id}/guests").text
    assert all(said in page for said in ("To pay", "¥3,000", "In cash, please"))


def test_a_list_of_a_free_event_has_no_column_of_money(organiser, event):
    assert "To pay" not in organiser.get(f"/admin/events/{event.id}/guests").text
