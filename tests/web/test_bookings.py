"""Booking and cancelling on the pages, with HTMX and without."""

import pytest

from tests.web.conftest import HTML, HTMX


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
    assert "<h1>Tech Talk</h1>" in answer.text
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
        assert signed_in.post(path).location == "/bookings"
    assert sql("SELECT seats_available FROM events") == [(5,)]
    assert "cancelled already" in signed_in.get(path).text


def test_htmx_swaps_the_row_that_was_cancelled(signed_in, alice, make_event, make_booking):
    booking = make_booking(make_event(name="Tech Talk"), user=alice)
    path = f"/bookings/{booking.id}/cancellation"
    asked = signed_in.get(path, headers=HTMX).text
    assert f'<li id="booking-{booking.id}"' in asked
    row = signed_in.post(path, headers=HTMX).text
    assert 'data-state="cancelled"' in row
    assert "Cancelled: Tech Talk" in row


def test_an_api_token_is_shown_once_and_works_until_it_is_revoked(signed_in, client, alice):
    page = signed_in.post("/account/api-tokens", {"name": "box office"})
    assert page.status_code == 201
    secret = page.text.partition('<code class="secret">')[2].partition("<")[0]
    assert secret not in signed_in.get("/account").text
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get(f"/users/{alice.id}/bookings", headers=headers).status_code == 200
    signed_in.post("/account/api-tokens/1/revocation")
    assert client.get(f"/users/{alice.id}/bookings", headers=headers).status_code == 401
