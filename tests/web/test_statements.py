"""A bank's statement, as staff send it: what it finds is shown first, and marked then."""

import io
import re
from html import unescape

import pytest

UTR, OTHER_UTR = "412345678901", "498765432109"
ANNOUNCED = {"provider": "upi", "provider_ref": None, "state": "PENDING", "paid_at": None}


@pytest.fixture
def event(make_event):
    return make_event(price_minor=50_000, payment_minutes=15, capacity=50)


@pytest.fixture
def reserved(event, make_booking, make_user):
    def make(name="Asha", seats=2):
        facts = {"reserved_until": event.start_at, "price_minor": 50_000, "booked_in": "INR"}
        user = make_user(name=name)
        return make_booking(event, user=user, seats=seats, status="RESERVED", **facts)

    return make


@pytest.fixture
def send(organiser, event):
    """Send a file of these lines; answers the page."""

    def send(*lines, header="date,amount,text"):
        content = "\n".join([header, *lines]).encode()
        file = {"statement": (io.BytesIO(content), "statement.csv")}
        return organiser.post(
            f"/admin/events/{event.id}/statement", file, content_type="multipart/form-data"
        )

    return send


@pytest.fixture
def mark(organiser, event):
    """Mark what a page has ticked, or these lines of it."""

    def mark(page, lines=None):
        text = re.search(r"<textarea [^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)[1]
        ticked = re.findall(r'name="line" value="(\d+)" checked', page.text)
        data = {"text": unescape(text), "line": ticked if lines is None else lines}
        return organiser.post(f"/admin/events/{event.id}/statement/marked", data)

    return mark


def told(page):
    """What the page says of each line."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.text, re.DOTALL)[1:]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)[-1] for row in rows]
    return [re.sub(r"<.*", "", cell, flags=re.DOTALL).strip() for cell in cells]


def test_lines_are_matched_shown_and_marked(organiser, reserved, factories, send, mark, sql):
    by_text, by_bank, spoken, none = (reserved(name) for name in ("A", "B", "C", "D"))
    factories.payment(by_bank, **ANNOUNCED, bank_reference=UTR)
    page = send(
        f"2026-11-28,1000,NEFT for {by_text.reference.lower()} thanks",
        f"2026-11-28,1000.00,UPI/{UTR}/bo",
        f'2026-11-28,"1,000",UPI/{OTHER_UTR}/{spoken.spoken_reference}',
        "2026-11-28,1000,rent",
        "2026-11-28,-1000,rent",
    )
    assert page.status_code == 200
    assert told(page) == [*["Pays this booking"] * 3, "Matches nothing here", "Nothing came in"]
    assert sql("SELECT count(*) FROM payments WHERE state = 'PAID'") == [(0,)]
    sent = mark(page)
    assert "3 payments are marked." in organiser.get(sent.location).text
    statuses = dict(sql("SELECT id, status FROM bookings"))
    assert [statuses[one.id] for one in (by_text, by_bank, spoken, none)] == [
        *["CONFIRMED"] * 3,
        "RESERVED",
    ]
    found = sql("SELECT provider, provider_ref, marked_by FROM payments ORDER BY booking_id")
    assert found[0][:2] == ("transfer", found[0][1])
    assert found[0][1].startswith("S-")
    assert found[1:] == [("upi", UTR, "ADMIN_KEY"), ("upi", OTHER_UTR, "ADMIN_KEY")]


def test_the_same_statement_once_more_marks_nothing(reserved, send, mark, sql):
    booking = reserved()
    line = f"2026-11-28,1000,{booking.reference}"
    mark(send(line))
    page = send(line)
    assert told(page) == ["Marked already"]
    assert "Mark the ticked lines" not in page.text
    mark(page, lines=["2"])
    assert sql("SELECT count(*) FROM payments") == [(1,)]


def test_the_bank_s_own_reference_is_kept(reserved, send, mark, sql):
    booking = reserved()
    mark(send(f"2026-11-28,1000,{booking.reference},n 99", header="date,amount,text,reference"))
    assert sql("SELECT provider, provider_ref FROM payments") == [("transfer", "N99")]


def test_what_does_not_fit_is_told_and_not_marked(reserved, make_booking, event, send, mark, sql):
    booking, confirmed = reserved(), make_booking(event)
    page = send(
        f"2026-11-28,999,{booking.reference}",
        f"2026-11-28,1000,{booking.reference}",
        f"2026-11-28,1000,again {booking.reference}",
        f"2026-11-28,1000,{confirmed.reference}",
    )
    assert told(page) == [
        "Another amount than this booking costs",
        "Pays this booking",
        "Pays this booking once more: look at it by hand",
        "Names a booking that is paid or cancelled",
    ]
    mark(page, lines=["2", "3", "4", "5", "6", "x"])
    assert sql("SELECT amount_minor, state FROM payments") == [(100_000, "PAID")]
    assert sql("SELECT * FROM refunds") == []


def test_another_event_s_bookings_are_left_alone(reserved, make_event, organiser, send):
    other = make_event(price_minor=50_000, payment_minutes=15)
    booking = reserved()
    content = f"date,amount,text\n2026-11-28,1000,{booking.reference}".encode()
    file = {"statement": (io.BytesIO(content), "statement.csv")}
    page = organiser.post(
        f"/admin/events/{other.id}/statement", file, content_type="multipart/form-data"
    )
    assert told(page) == ["Matches nothing here"]


def test_money_whose_seats_are_gone_is_to_be_looked_at(organiser, reserved, send, mark, sql, event):
    booking = reserved()
    page = send(f"2026-11-28,1000,{booking.reference}")
    sql("UPDATE bookings SET status = 'EXPIRED'")
    sql("UPDATE events SET seats_available = 0, seats_held = capacity")
    sent = mark(page)
    assert "Look at these lines by hand: 2." in organiser.get(sent.location).text
    assert sql("SELECT reason FROM refunds") == [("late",)]


def test_a_bad_file_says_which_line_and_column(send, sql):
    page = send("2026-11-28,ten,x")
    assert page.status_code == 422
    assert "Line 2, column “amount”" in page.text


def test_no_file_at_all_is_refused(organiser, event):
    page = organiser.post(f"/admin/events/{event.id}/statement", {})
    assert page.status_code == 422
    assert "This file is empty." in page.text


def test_a_text_of_the_payer_s_is_shown_as_text(send, reserved):
    assert "<b>" not in send("2026-11-28,1,<b>&</textarea><b>").text
