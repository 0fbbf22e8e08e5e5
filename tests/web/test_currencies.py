"""Money in whatever currency, as it is typed, shown and handed out, and how it is paid."""

import csv
import html
import io
import json
import re

import pytest

from app.models.defaults import set_default_currency
from tests.web.conftest import Visitor

WISH = {
    "name": "Kolam Morning",
    "start_at": "2099-01-02T06:30",
    "time_zone": "Asia/Kolkata",
    "capacity": "40",
}


def inputs(page):
    """What a browser would send of the event's form, unchanged."""
    form = re.search(r'<form[^>]*id="event-form".*?</form>', page, re.DOTALL)[0]
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    areas = re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\r?\n?(.*?)</textarea>', form, re.DOTALL)
    selects = re.findall(r'<select[^>]*name="([^"]+)".*?</select>', form, re.DOTALL)
    for name in selects:
        block = re.search(rf'<select[^>]*name="{name}".*?</select>', form, re.DOTALL)[0]
        chosen = re.search(r'<option selected[^>]*value="([^"]*)"', block)
        found[name] = chosen[1] if chosen else re.search(r'value="([^"]*)"', block)[1]
    found |= dict(areas)
    return {name: html.unescape(value) for name, value in found.items() if name != "csrf_token"}


@pytest.mark.parametrize(
    ("currency", "minor", "typed"),
    [
        ("JPY", 1000, "1000"),
        ("KWD", 12_345, "12.345"),
        ("KWD", 12_000, "12"),
        ("INR", 49_950, "499.50"),
        ("AED", 15_000, "150"),
        ("DEM", 1500, "15"),
    ],
)
def test_a_form_saved_unchanged_changes_no_price(
    organiser, make_event, sql, currency, minor, typed
):
    event = make_event(currency=currency, price_minor=minor)
    sent = inputs(organiser.get(f"/admin/events/{event.id}/edit").text)
    assert (sent["price"], sent["currency"]) == (typed, currency)
    assert organiser.post(f"/admin/events/{event.id}/edit", sent).status_code == 303
    del sent["currency"]  # A form that was opened before there was such a field.
    sent = {**inputs(organiser.get(f"/admin/events/{event.id}/edit").text), **sent}
    del sent["currency"]
    organiser.post(f"/admin/events/{event.id}/edit", sent)
    assert sql("SELECT price_minor, currency FROM events") == [(minor, currency)]


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [("1,000", "JPY", 1000), ("१,००,०००", "INR", 10_000_000), ("٢٫٥٠٠", "KWD", 2500)],
)
def test_an_amount_is_taken_in_the_currency_chosen(organiser, sql, price, currency, minor):
    organiser.post("/admin/events", {**WISH, "price": price, "currency": currency})
    assert sql("SELECT price_minor, currency FROM events") == [(minor, currency)]


@pytest.mark.parametrize(
    ("price", "currency", "sentence"),
    [
        ("12,50", "INR", "Enter an amount, as in 1250 or 12.50."),
        ("12.50", "JPY", "JPY has no decimals: write it as in 1250."),
        ("1.000,50", "EUR", "Enter an amount, as in 1250 or 12.50."),
        ("99999999999", "JPY", "A seat costs at most JP¥2,00,00,00,000."),
        ("5", "yen", "Choose a currency from the list."),
    ],
)
def test_an_amount_that_could_be_another_is_refused_with_a_sentence(
    organiser, sql, price, currency, sentence
):
    answer = organiser.post("/admin/events", {**WISH, "price": price, "currency": currency})
    assert answer.status_code == 422
    assert sentence in html.unescape(answer.text)
    assert sql("SELECT count(*) FROM events") == [(0,)]


def test_a_booked_currency_is_shown_and_offered_no_other(organiser, make_event, make_booking):
    event = make_event(currency="JPY", price_minor=1000)
    path = f"/admin/events/{event.id}/edit"
    assert '<option value="INR">' in organiser.get(path).text
    before = inputs(organiser.get(path).text)
    make_booking(event)
    page = organiser.get(path).text
    assert '<option value="INR">' not in page
    assert "Seats were booked in it, so it can" in page
    # The form was opened before the booking came.
    answer = organiser.post(path, {**before, "currency": "INR", "price": "500"})
    assert answer.status_code == 422
    assert "Seats were booked in JPY" in answer.text
    assert inputs(answer.text)["currency"] == "JPY"


def test_price_and_currency_of_two_editors_are_never_mixed(organiser, make_event, sql):
    event = make_event(currency="INR", price_minor=50000)
    path = f"/admin/events/{event.id}/edit"
    mine, theirs = inputs(organiser.get(path).text), inputs(organiser.get(path).text)
    changed = {**theirs, "currency": "JPY"}
    assert organiser.post(path, changed).status_code == 303
    answer = organiser.post(path, {**mine, "price": "600"})
    assert answer.status_code == 409
    assert sql("SELECT price_minor, currency FROM events") == [(500, "JPY")]


@pytest.mark.parametrize(
    ("facts", "shown", "offer"),
    [
        ({"currency": "AED", "price_minor": 15000}, "AED\xa0150", ("150.00", "AED")),
        ({"currency": "INR", "price_minor": 50000}, "₹500", ("500.00", "INR")),
        ({"currency": "JPY", "price_minor": 1000}, "JP¥1,000", ("1000", "JPY")),
        ({"currency": "KWD", "price_minor": 2500}, "KWD\xa02.500", ("2.500", "KWD")),
        ({}, "Free", ("0.00", "INR")),
    ],
)
def test_a_price_is_written_one_way_on_pages_and_for_machines(
    signed_in, make_event, make_booking, alice, facts, shown, offer
):
    event = make_event(**facts)
    price = facts.get("price_minor", 0)
    booking = make_booking(event, user=alice, price_minor=price)
    page = signed_in.get(f"/events/{event.id}/{event.slug}").text
    linked = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page)[1])
    assert (linked["offers"]["price"], linked["offers"]["priceCurrency"]) == offer
    described = re.search(r'og:description" content="([^"]*)"', page)[1]
    for text in (described, signed_in.get("/").text, signed_in.get("/events.atom").text):
        assert shown in text
    assert shown in signed_in.get(f"/bookings/{booking.id}").text
    assert f'data-digits="{len(offer[0].partition(".")[2])}"' in page


def test_exports_have_each_amount_in_its_currency(organiser, make_event, make_booking):
    for currency, minor in (("JPY", 1000), ("KWD", 2500), ("INR", 49_950)):
        make_booking(make_event(currency=currency, price_minor=minor), seats=2, price_minor=minor)
    file = organiser.get("/admin/bookings.csv").text.removeprefix("\ufeff")
    amounts = {row["Currency"]: row["Price"] for row in csv.DictReader(io.StringIO(file))}
    assert amounts == {"JPY": "2000", "KWD": "5.000", "INR": "999.00"}


@pytest.mark.parametrize(
    ("note", "event_says", "ticket_says"),
    [
        ("", "Pay ₹500 a seat at the door.", "Pay ₹1,000 at the door."),
        ("By UPI to gate@bank <b>", *["By UPI to gate@bank &lt;b&gt;"] * 2),
    ],
)
def test_event_ticket_and_cancellation_say_how_it_is_paid(
    signed_in, make_event, make_booking, alice, note, event_says, ticket_says
):
    event = make_event(price_minor=50000, payment_note=note, capacity=9)
    booking = make_booking(event, user=alice, seats=2, price_minor=50000)
    page = signed_in.get(f"/events/{event.id}/{event.slug}").text
    form = re.search(r'<form id="booking-form".*?</form>', page, re.DOTALL)[0]
    assert "Nothing is charged here." in form
    assert event_says in form
    assert event_says in page.replace(form, "")
    assert ticket_says in signed_in.get(f"/bookings/{booking.id}").text
    assert ticket_says in signed_in.get(f"/bookings/{booking.id}?new=1").text
    calendar = signed_in.get(f"/bookings/{booking.id}/calendar.ics").text.replace("\r\n ", "")
    assert html.unescape(ticket_says).replace(",", "\\,") in calendar
    asked = signed_in.get(f"/bookings/{booking.id}/cancellation").text
    assert "Nothing was charged here" in asked


def test_a_free_event_asks_for_no_payment(signed_in, make_event, make_booking, alice):
    event = make_event()
    booking = make_booking(event, user=alice)
    page = signed_in.get(f"/events/{event.id}/{event.slug}").text
    assert "Free" in page
    assert "at the door" not in page
    assert "charged" not in page
    assert "charged" not in signed_in.get(f"/bookings/{booking.id}/cancellation").text


def test_the_payment_note_is_typed_in_the_form(organiser, sql):
    sent = {**WISH, "price": "500", "payment_note": "  Cash or UPI\nat the gate "}
    organiser.post("/admin/events", sent)
    assert sql("SELECT payment_note FROM events") == [("Cash or UPI at the gate",)]
    answer = organiser.post("/admin/events", {**WISH, "payment_note": "x" * 201})
    assert answer.status_code == 422
    event_id = sql("SELECT id FROM events")[0][0]
    assert (
        inputs(organiser.get(f"/admin/events/{event_id}/edit").text)["payment_note"]
        == "Cash or UPI at the gate"
    )


def test_how_long_seats_wait_for_the_payment_is_typed_in_the_form(organiser, sql):
    organiser.post("/admin/events", {**WISH, "price": "500", "payment_minutes": "4320"})
    assert sql("SELECT payment_minutes FROM events") == [(4320,)]
    path = f"/admin/events/{sql('SELECT id FROM events')[0][0]}/edit"
    shown = inputs(organiser.get(path).text)
    assert shown["payment_minutes"] == "4320"
    answer = organiser.post(path, {**shown, "payment_minutes": "0"})
    assert answer.status_code == 422
    assert "Seats wait for the payment</a>: From 1 to 43,200 minutes" in answer.text
    organiser.post(path, {**shown, "payment_minutes": ""})
    assert sql("SELECT payment_minutes FROM events") == [(None,)]


def test_the_form_of_a_new_event_begins_with_the_sites_currency(make_app, clean, settings):
    try:
        visitor = Visitor(make_app(default_currency="KWD"))
        visitor.log_in(settings.admin_key[0])
        page = visitor.get("/admin/events/new").text
    finally:
        set_default_currency("INR")
    assert '<option selected value="KWD"' in page
