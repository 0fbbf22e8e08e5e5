"""Bookings as organisers keep them: found, shown, cancelled, made for somebody, exported."""

import csv
import io
import re
from uuid import UUID
from zipfile import ZipFile

import pytest

from app.booking.redis_client import connect
from app.services import booking_matches, booking_search, export_progress
from tests.web.conftest import Visitor


@pytest.fixture
def event(make_event):
    return make_event(name="Tech Talk", capacity=100, price_minor=50000)


@pytest.fixture
def guests(event, make_event, make_user, make_booking, sql):
    other = make_event(name="Indie Concert", capacity=50)
    asha = make_user(email="asha@example.com", name="Asha Iyer")
    ravi = make_user(email="ravi@work.example", name="=HYPERLINK(1)")
    made = [
        make_booking(event, user=asha, seats=2, price_minor=50000),
        make_booking(event, user=ravi, seats=1),
        make_booking(other, user=asha, seats=3),
    ]
    sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE id = %s", made[1].id)
    sql("UPDATE events SET seats_available = seats_available + 1 WHERE id = %s", event.id)
    return made


def listed(page):
    return [int(number) for number in re.findall(r'href="/admin/bookings/(\d+)"', page)]


@pytest.mark.parametrize(
    ("address", "found", "counts"),
    [
        ("", [3, 2, 1], ["3", "2", "1"]),
        ("?event=1", [2, 1], ["2", "1", "1"]),
        ("?status=cancelled", [2], ["3", "2", "1"]),
        ("?event=1&status=confirmed", [1], ["2", "1", "1"]),
        ("?q=asha", [3, 1], ["2", "2", "0"]),
        ("?q=ASHA+iyer+indie", [3], ["1", "1", "0"]),
        ("?q=work.example", [2], ["1", "0", "1"]),
        ("?q=nobody", [], ["0", "0", "0"]),
        ("?q=%25", [], ["0", "0", "0"]),
        ("?status=rubbish", [3, 2, 1], ["3", "2", "1"]),
    ],
)
def test_bookings_are_found_and_counted(organiser, guests, address, found, counts):
    page = organiser.get(f"/admin/bookings{address}").text
    assert listed(page) == found
    assert re.findall(r'class="count">([\d,]+)<', page) == counts


def test_a_reference_is_found_as_it_is_read_aloud(organiser, guests):
    for words in (guests[0].reference, guests[0].spoken_reference.lower()):
        assert listed(organiser.get(f"/admin/bookings?q={words}").text) == [guests[0].id]


def test_an_organiser_cancels_past_the_guests_deadline_once(organiser, guests, sql, invariants):
    sql("UPDATE events SET cancel_until = now()")
    path = f"/admin/bookings/{guests[0].id}/cancellation"
    for _ in range(2):
        organiser.post(path, {"had": "2", "give": "1"})
    page = organiser.get(f"/admin/bookings/{guests[0].id}").text
    assert "Seats given back" in page
    assert "2 seats, then 1" in page
    assert sql("SELECT seats FROM bookings WHERE id = %s", guests[0].id) == [(1,)]


def test_booking_for_somebody_makes_their_account_and_books_once(organiser, event, sql, invariants):
    form = {
        "email": "New@Guest.example",
        "name": "New Guest",
        "seats": "4",
        "idempotency_key": "k" * 20,
    }
    places = {organiser.post(f"/admin/events/{event.id}/bookings", form).location for _ in range(2)}
    assert places == {"/admin/bookings/1"}
    assert sql("SELECT email, name, password_hash FROM users") == [
        ("new@guest.example", "New Guest", None)
    ]
    assert sql("SELECT sum(seats) FROM bookings") == [(4,)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "rubbish"}, "Enter an email address"),
        ({"seats": "0"}, "Choose from 1"),
        ({"seats": "many"}, "Enter a whole number"),
        ({"seats": "101"}, "Only 100 seats are left"),
    ],
)
def test_what_can_not_be_booked_for_somebody_says_why_and_loses_nothing(
    organiser, event, sql, change, said
):
    form = {
        "email": "g@example.com",
        "name": "BookingRow",
        "seats": "4",
        "idempotency_key": "k" * 20,
        **change,
    }
    answer = organiser.post(f"/admin/events/{event.id}/bookings", form)
    assert answer.status_code in {409, 422}
    assert said in answer.text
    assert f'value="{form["email"]}"' in answer.text
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_the_csv_has_every_booking_and_no_formula(organiser, guests):
    answer = organiser.get("/admin/bookings.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bookings.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    asha, ravi, again = (guest.spoken_reference for guest in guests)
    assert [row["Reference"] for row in rows] == [ravi, asha, again]
    assert [row["Status"] for row in rows] == ["Cancelled", "Going", "Going"]
    assert (rows[1]["Price"], rows[1]["Currency"]) == ("1000.00", "INR")
    assert rows[0]["Name"] == "'=HYPERLINK(1)"


def test_the_excel_file_has_numbers_moments_and_text_as_what_they_are(organiser, guests):
    answer = organiser.get("/admin/bookings.xlsx?event=1&status=cancelled")
    with ZipFile(io.BytesIO(answer.data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        strings = (
            sheet + book.read("xl/sharedStrings.xml").decode()
            if ("xl/sharedStrings.xml" in book.namelist())
            else sheet
        )
    assert guests[1].spoken_reference in strings
    assert guests[0].spoken_reference not in strings
    assert re.search(r'<c r="D2"( s="\d+")?><v>0(.0+)?</v></c>', sheet), "a price is a number"
    assert re.search(r'<c r="I2" s="\d+"><v>[\d.]+</v></c>', sheet), "a moment is one"
    assert "=HYPERLINK(1)" in strings
    assert "<f>" not in sheet
    assert 'filename="bookings-tech-talk.xlsx"' in answer.headers["Content-Disposition"]
    answer.close()


def test_an_export_of_any_length_reads_a_batch_at_a_time(app, event, make_user, sql, monkeypatch):
    monkeypatch.setattr(booking_search, "BATCH", 100)
    user = make_user()
    sql(
        "INSERT INTO bookings (reference, user_id, event_id, seats)"
        " SELECT 'R' || n, %s, %s, 1 FROM generate_series(1, 1050) n",
        user.id,
        event.id,
    )
    with app.app_context():
        found = [
            b.reference for b in booking_search.iterate_bookings(booking_search.BookingQuery())
        ]
    assert found == [f"R{n}" for n in range(1, 1051)]


TOKEN = "0b6b2f0e-8f35-4f0e-9d3c-3a1d9c1f7a55"


def test_an_export_tells_how_far_it_has_come(organiser, make_event, make_booking, monkeypatch):
    monkeypatch.setattr(export_progress, "REPORT_EVERY", 2)
    event = make_event(capacity=10)
    for _ in range(5):
        make_booking(event)
    assert "is being made" in organiser.get(f"/admin/exports/{TOKEN}").text
    answer = organiser.get(f"/admin/bookings.csv?progress={TOKEN}")
    told = [row for row in csv.reader(io.StringIO(answer.text)) if row]
    assert len(told) == 6
    assert "5 rows are in the file." in organiser.get(f"/admin/exports/{TOKEN}").text


def test_half_way_the_export_says_so(app, organiser, make_event):
    client = app.extensions["redis"]
    rows = export_progress.followed(client, UUID(TOKEN).hex, range(2000), 2000)
    for _ in range(1001):
        next(rows)
    text = organiser.get(f"/admin/exports/{TOKEN}").text
    assert "1,000 of 2,000 rows" in text
    assert '<progress id="export-rows" value="1000" max="2000">' in text


@pytest.mark.parametrize("token", ["x", "../../etc", "1" * 500, "%00"])
def test_a_token_that_is_none_changes_nothing(organiser, make_event, make_booking, token):
    make_booking(make_event())
    assert organiser.get(f"/admin/bookings.csv?progress={token}").status_code in {200, 400}
    assert organiser.get(f"/admin/exports/{token}").status_code in {400, 404}


def test_an_export_goes_on_without_redis():
    away = connect("redis://127.0.0.1:1/0", 100)
    assert list(export_progress.followed(away, "a", range(3), 3)) == [0, 1, 2]
    assert export_progress.progress_of(away, "a") is None


@pytest.mark.parametrize("path", ["/admin/bookings", "/admin/bookings.csv", "/admin/bookings.xlsx"])
@pytest.mark.parametrize("ident", ["0", "-1", "x", str(2**63), "9" * 40])
def test_what_is_no_id_of_an_event_counts_as_not_chosen(organiser, guests, path, ident):
    answer = organiser.get(f"{path}?event={ident}")
    assert answer.status_code == 200
    answer.close()


def test_a_search_that_finds_very_many_says_that_there_are_more_than_counted(
    organiser, make_event, make_booking, make_user, monkeypatch
):
    monkeypatch.setattr(booking_matches, "MAX_LISTED", 2)
    monkeypatch.setattr(booking_search, "MAX_COUNTED", 2)
    event = make_event(capacity=50)
    for number in range(4):
        make_booking(event, make_user(f"{number}@example.com"))
    page = organiser.get("/admin/bookings?q=example").text
    assert '>All <span class="count">more than 2</span>' in page
    assert '<span class="count">0</span>' not in page


def test_who_gets_no_seat_from_staff_is_not_recorded_either(organiser, make_event, sql):
    event = make_event(capacity=1)
    form = {"email": "new@example.com", "name": "New", "seats": "2", "idempotency_key": "k" * 20}
    refused = organiser.post(f"/admin/events/{event.id}/bookings", form)
    assert refused.status_code == 409
    assert sql("SELECT count(*) FROM users WHERE email = 'new@example.com'") == [(0,)]


@pytest.mark.parametrize("sends_mail", [True, False])
def test_whoever_gives_seats_back_reads_what_becomes_of_them_and_who_is_told(
    make_app, clean, settings, make_event, make_booking, sends_mail
):
    mail = {"mail_url": "smtp://127.0.0.1:1", "mail_from": "t@example.org"} if sends_mail else {}
    organiser = Visitor(make_app(**mail))
    organiser.log_in(settings.admin_key[0])
    booking = make_booking(make_event(), seats=3)
    asked = organiser.get(f"/admin/bookings/{booking.id}/cancellation?had=3&give=2").text
    assert "The seats go on sale again at once." in asked
    assert ("The guest gets a letter" in asked) == sends_mail
    assert ("tell them yourself" in asked) != sends_mail


def test_seats_of_a_sale_that_is_over_go_on_no_sale(organiser, make_event, make_booking, sql):
    booking = make_booking(make_event(), seats=3)
    sql("UPDATE events SET sales_close_at = now()")
    asked = organiser.get(f"/admin/bookings/{booking.id}/cancellation?had=3&give=2").text
    assert "on sale again" not in asked
