"""Booking and cancelling on the pages, with HTMX and without."""

import html
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import resvg_py
import zxingcpp
from icalendar import Calendar
from PIL import Image

from app.models.columns import now
from app.models.references import read_code
from app.presenters.ticket_codes import seat_codes
from tests.web.conftest import HTML, HTMX, PASSWORD

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2030, 5, 4, 13, 30, tzinfo=UTC)


@pytest.fixture
def book(signed_in):
    def do(event, seats=1, key="a-key-of-this-page", headers=HTML):
        data = {"seats": str(seats), "idempotency_key": key}
        return signed_in.post(f"/events/{event.id}/bookings", data, headers=headers)

    return do


def test_a_booking_leads_to_its_ticket(signed_in, book, make_event, invariants):
    answer = book(make_event(name="Tech Talk"), seats=2)
    assert (answer.status_code, answer.location) == (303, "/bookings/1?new=1")
    page = signed_in.get(answer.location).text
    assert "You're going to Tech Talk!" in page


def test_htmx_is_led_by_its_own_header(book, make_event):
    answer = book(make_event(), headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/bookings/1?new=1")


def test_the_same_form_sent_twice_books_once(book, make_event, sql, invariants):
    event = make_event()
    assert book(event).location == book(event).location
    assert sql("SELECT count(*) FROM bookings") == [(1,)]


def test_the_same_page_asked_for_other_seats_explains_and_offers_a_new_try(
    book, make_event, invariants
):
    event = make_event()
    book(event, seats=1)
    answer = book(event, seats=2)
    assert answer.status_code == 422
    assert "You have booked from this page already." in answer.text
    assert "a-key-of-this-page" not in answer.text


@pytest.mark.parametrize("seats", ["0", "-1", "1.5", "two", "", "1e9", "1001", "9" * 30])
def test_a_wrong_number_of_seats_is_refused_with_a_sentence_and_kept(book, make_event, sql, seats):
    answer = book(make_event(), seats=seats, headers=HTMX)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert f'value="{seats}"' in answer.text
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_a_lost_race_answers_the_form_with_the_seats_left_and_the_counter(book, make_event):
    answer = book(make_event(capacity=10, seats_available=2), seats=4, headers=HTMX)
    assert answer.status_code == 409
    assert "<html" not in answer.text
    assert "Only 2 seats are left." in answer.text
    assert 'value="4"' in answer.text
    assert 'hx-swap-oob="true"' in answer.text


def test_without_javascript_a_lost_race_is_the_whole_page(book, make_event):
    answer = book(make_event(name="Tech Talk", capacity=10, seats_available=2), seats=4)
    assert answer.status_code == 409
    assert '<h1 dir="auto">Tech Talk</h1>' in answer.text
    assert 'value="4"' in answer.text


def test_a_person_at_the_limit_is_told_so(book, make_event):
    event = make_event(capacity=10, max_per_person=2)
    book(event, seats=2)
    answer = book(event, seats=1, key="another-page")
    assert answer.status_code == 409
    assert "you have 2 already" in answer.text


def test_somebody_elses_booking_is_not_found(signed_in, make_event, make_booking):
    booking = make_booking(make_event())
    for path in (f"/bookings/{booking.id}", f"/bookings/{booking.id}/cancellation"):
        assert signed_in.get(path).status_code == 404
    assert signed_in.post(f"/bookings/{booking.id}/cancellation").status_code == 404


def test_cancelling_asks_first_and_gives_the_seats_back_once(
    signed_in, alice, make_event, make_booking, sql, invariants
):
    booking = make_booking(make_event(), user=alice, seats=3)
    path = f"/bookings/{booking.id}/cancellation"
    assert "This can't be undone." in signed_in.get(path).text
    assert sql("SELECT seats_available FROM events") == [(2,)]
    for _ in range(2):
        assert signed_in.post(path).location == "/bookings?show=cancelled"
    assert sql("SELECT seats_available FROM events") == [(5,)]
    assert "cancelled already" in signed_in.get(path).text


def test_htmx_swaps_the_row_that_was_cancelled(signed_in, alice, make_event, make_booking):
    booking = make_booking(make_event(name="Tech Talk"), user=alice)
    path = f"/bookings/{booking.id}/cancellation"
    asked = signed_in.get(path, headers=HTMX).text
    assert f'<li id="booking-{booking.id}"' in asked
    row = signed_in.post(path, headers=HTMX).text
    assert 'data-state="cancelled"' in row
    told = "Done. You have given back all seats of this booking."
    assert f'<p class="told">{told}</p>' in row
    assert f"{told}</p>" in row.partition('id="live"')[2]


@pytest.mark.parametrize("tab", ["upcoming", "past", "cancelled"])
def test_the_tab_stays_marked_when_seats_are_given_back(
    signed_in, alice, make_event, make_booking, tab
):
    booking = make_booking(make_event(), user=alice, seats=3)
    path = f"/bookings/{booking.id}/cancellation"
    asked = signed_in.get(f"{path}?show={tab}", headers=HTMX).text
    assert f'name="show" value="{tab}"' in asked
    assert "How many of your 3 seats for" in asked
    assert re.search(r'name="give"[^>]* value=""', asked)
    row = signed_in.post(path, {"had": "3", "give": "1", "show": tab}, headers=HTMX).text
    marked = re.findall(r'show=(\w+)" aria-current="page"|bookings" aria-current="page"', row)
    assert marked == ["" if tab == "upcoming" else tab]


def test_some_seats_are_given_back_once_however_often_the_form_is_sent(
    signed_in, alice, make_event, make_booking, sql, invariants
):
    booking = make_booking(make_event(), user=alice, seats=4)
    path = f"/bookings/{booking.id}/cancellation"
    assert 'name="had" value="4"' in signed_in.get(path).text
    for _ in range(2):
        answer = signed_in.post(path, {"had": "4", "give": "1"}, follow_redirects=True)
        assert "You keep 3 seats." in answer.text
    assert sql("SELECT seats_available FROM events") == [(2,)]
    listed = signed_in.get("/bookings?show=cancelled").text
    assert "Given back" in listed


@pytest.mark.parametrize("give", ["", "0", "5", "-1", "one", "1.5", "٣"])
def test_a_wrong_number_of_seats_to_give_back_gives_none_back(
    signed_in, alice, make_event, make_booking, sql, give
):
    booking = make_booking(make_event(), user=alice, seats=4)
    answer = signed_in.post(
        f"/bookings/{booking.id}/cancellation", {"had": "4", "give": give}, headers=HTMX
    )
    assert answer.status_code == 422
    assert "Choose from 1 to 4 seats." in answer.text
    assert f'value="{give}"' in answer.text
    assert sql("SELECT seats_available FROM events") == [(1,)]


def test_who_gives_back_what_is_given_back_already_is_told_to_choose_again(
    signed_in, alice, make_event, make_booking, sql
):
    booking = make_booking(make_event(), user=alice, seats=4)
    path = f"/bookings/{booking.id}/cancellation"
    signed_in.post(path, {"had": "4", "give": "3"})
    answer = signed_in.post(path, {"had": "4", "give": "1"})
    assert answer.status_code == 422
    assert "given back meanwhile" in answer.text
    assert sql("SELECT seats_available FROM events") == [(4,)]


def test_each_tab_lists_its_bookings_and_counts_all(
    signed_in, alice, make_event, make_booking, desk
):
    make_booking(make_event(name="Later", start_at=now() + 9 * DAY), user=alice)
    make_booking(make_event(name="Sooner", start_at=now() + DAY), user=alice)
    make_booking(make_event(name="Long Ago", start_at=now() - DAY), user=alice)
    given_back = make_booking(make_event(name="Given Up"), user=alice)
    signed_in.post(f"/bookings/{given_back.id}/cancellation")
    shown = {
        tab: re.findall(r'row-title"><a [^>]+>([^<]+)', signed_in.get(f"/bookings?show={tab}").text)
        for tab in ("", "past", "cancelled", "rubbish")
    }
    assert shown == {
        "": ["Sooner", "Later"],
        "past": ["Long Ago"],
        "cancelled": ["Given Up"],
        "rubbish": ["Sooner", "Later"],
    }
    counts = re.findall(r'class="count">(\d+)<', signed_in.get("/bookings").text)
    assert counts == ["2", "1", "1"]


@pytest.mark.long
@pytest.mark.parametrize("tab", ["upcoming", "past", "cancelled"])
def test_the_pages_of_a_tab_hold_every_booking_once(
    signed_in, alice, make_event, make_booking, sql, tab
):
    event = make_event(capacity=100, start_at=now() + (-DAY if tab == "past" else DAY))
    for _ in range(45):
        make_booking(event, user=alice)
    if tab == "cancelled":
        sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now()")
    seen, url = [], f"/bookings?show={tab}"
    while url:
        page = signed_in.get(url).text
        seen += re.findall(r'id="booking-(\d+)"', page)
        found = re.search(r'href="([^"]+after=[^"]+)"', page)
        url = found and html.unescape(found[1])
    assert sorted(map(int, seen)) == list(range(1, 46))


@pytest.mark.long
def test_a_ticket_has_a_code_for_each_seat_a_hundred_a_page(
    signed_in, alice, make_event, make_booking
):
    booking = make_booking(make_event(capacity=500), user=alice, seats=102)
    codes = []
    for path in ("", "?from=101", "?from=999", "?from=-5"):
        page = signed_in.get(f"/bookings/{booking.id}{path}").text
        codes.append(re.findall(r'code-letters">([^<]+)<', page))
        told = "seats 1 to 100 of 102" if path in ("", "?from=-5") else "to 102 of 102"
        assert told in page
    spoken = booking.spoken_reference
    assert codes[0] == codes[3] == [f"{spoken}-{n}" for n in range(1, 101)]
    assert codes[1] == [f"{spoken}-101", f"{spoken}-102"]
    assert codes[2] == [f"{spoken}-102"]


@pytest.mark.parametrize(
    ("event_facts", "booking_facts", "said", "not_said"),
    [
        ({"status": "cancelled"}, {}, "This event is cancelled", "book again"),
        ({}, {"status": "CANCELLED", "cancelled_at": now()}, "This booking is cancelled", "over"),
        (
            {"status": "cancelled"},
            {"status": "CANCELLED", "cancelled_at": now()},
            "This booking is cancelled",
            "takes place",
        ),
        ({"start_at": now() - 2 * DAY}, {}, "This event is over", "cancelled"),
        ({}, {}, "Your ticket", "over"),
    ],
)
def test_a_ticket_says_why_it_is_good_for_nothing_any_more(
    signed_in, alice, make_event, make_booking, event_facts, booking_facts, said, not_said
):
    booking = make_booking(make_event(**event_facts), user=alice, **booking_facts)
    page = signed_in.get(f"/bookings/{booking.id}").text
    words = page[page.index("<h1") : page.index("<article")]
    assert said in words
    assert not_said not in words
    assert ('class="codes"' in page) == (said in {"Your ticket", "This event is over"})


def test_the_page_of_a_cancelled_booking_says_so_and_books_when_asked_again(
    signed_in, book, make_event, sql, invariants
):
    event = make_event()
    first = book(event, seats=2)
    signed_in.post(f"{first.location.partition('?')[0]}/cancellation", {"had": "2", "give": "2"})
    answer = book(event, seats=2)
    assert answer.status_code == 409
    assert "was cancelled. Press again to book once more." in answer.text
    assert sql("SELECT count(*) FROM bookings") == [(1,)]
    key = re.search(r'name="idempotency_key"[^>]* value="([^"]+)"', answer.text)[1]
    assert book(event, seats=2, key=key).location == "/bookings/2?new=1"


def test_the_page_of_a_booking_given_back_in_part_says_so(signed_in, book, make_event, sql):
    event = make_event()
    book(event, seats=3)
    signed_in.post("/bookings/1/cancellation", {"had": "3", "give": "2"})
    answer = book(event, seats=3, headers=HTMX)
    assert answer.status_code == 409
    assert "gave some of the seats back. Press again" in answer.text
    assert sql("SELECT sum(seats) FROM bookings WHERE status = 'CONFIRMED'") == [(1,)]


def test_an_events_page_shows_those_who_have_booked_the_way_to_their_ticket(
    new_visitor, signed_in, alice, make_event, make_booking
):
    event = make_event(capacity=50)
    path = f"/events/{event.id}/{event.slug}"
    assert "Show ticket" not in signed_in.get(path).text
    first = make_booking(event, user=alice, seats=2)
    make_booking(event, seats=1)
    page = signed_in.get(path).text
    assert "You have 2 seats." in page
    assert f'<a href="/bookings/{first.id}">Show ticket</a>' in page
    make_booking(event, user=alice, seats=1)
    page = signed_in.get(path).text
    assert "You have 3 seats." in page
    assert '<a href="/bookings">Show tickets</a>' in page
    for _ in range(2):
        assert "Show ticket" not in new_visitor().get(path).text


def test_the_code_of_a_seat_can_be_read_by_a_scanner(app, make_event, make_booking):
    booking = make_booking(make_event(), seats=2)
    with app.app_context():
        drawing = str(seat_codes(booking).codes[1].drawing)
    drawing = drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    picture = Image.open(BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=drawing, width=300))))
    (read,) = zxingcpp.read_barcodes(picture.convert("L"))
    assert read.format == zxingcpp.BarcodeFormat.QRCode
    code = read_code(read.text)
    assert (code.reference, code.seat, bool(code.signature)) == (booking.reference, 2, True)


def test_a_booking_goes_to_a_calendar_with_its_reference(
    signed_in, alice, make_event, make_booking
):
    event = make_event(name="Tech Talk, with coffee", start_at=START, end_at=START + 2 * HOUR)
    booking = make_booking(event, user=alice, seats=2)
    answer = signed_in.get(f"/bookings/{booking.id}/calendar.ics")
    (entry,) = Calendar.from_ical(answer.data).events
    assert entry["summary"] == "Tech Talk, with coffee"
    assert (entry.start, entry.end) == (START, START + 2 * HOUR)
    assert booking.spoken_reference in entry["description"]
    assert entry["status"] == "CONFIRMED"
    signed_in.post(f"/bookings/{booking.id}/cancellation")
    again = signed_in.get(f"/bookings/{booking.id}/calendar.ics")
    (entry,) = Calendar.from_ical(again.data).events
    assert entry["status"] == "CANCELLED"


def test_another_users_ticket_and_calendar_are_not_there(signed_in, make_event, make_booking):
    booking = make_booking(make_event())
    for path in ("", "/calendar.ics", "/ticket.pdf", "/cancellation"):
        assert signed_in.get(f"/bookings/{booking.id}{path}").status_code == 404


def test_an_api_token_is_shown_once_and_works_until_it_is_revoked(signed_in, client, alice):
    form = {"token-name": "box office", "token-password": PASSWORD}
    page = signed_in.post("/account/api-tokens", form)
    assert page.status_code == 201
    secret = page.text.partition('<code class="secret">')[2].partition("<")[0]
    assert secret not in signed_in.get("/account").text
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get(f"/users/{alice.id}/bookings", headers=headers).status_code == 200
    signed_in.post("/account/api-tokens/1/revocation")
    assert client.get(f"/users/{alice.id}/bookings", headers=headers).status_code == 401
