"""Prices and how they are paid, in words."""

from datetime import UTC, datetime

import pytest

from app.lib.money import NotAnAmount, parse_money
from app.models import Booking, Event
from app.presenters.prices import (
    amount_refused,
    how_to_pay,
    how_to_pay_booking,
    how_to_pay_in_words,
    price,
    price_or_free,
)

STANDS = {"status": "CONFIRMED"}


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context():
        yield


def event(price_minor=0, currency="INR", payment_note=""):
    return Event(price_minor=price_minor, currency=currency, payment_note=payment_note)


@pytest.mark.long
def test_a_price_is_an_amount_or_free():
    assert price_or_free(0, "AED") == "Free"
    assert price_or_free(15000, "AED") == price(15000, "AED") == "AED\xa0150"


@pytest.mark.parametrize(
    ("facts", "one_seat", "three_seats"),
    [
        ({}, "", ""),
        ({"payment_note": "Donations welcome"}, "Donations welcome", "Donations welcome"),
        ({"price_minor": 50000}, "Pay ₹500 a seat at the door.", "Pay ₹1,500 at the door."),
        ({"price_minor": 1000, "payment_note": "By UPI"}, "By UPI", "By UPI"),
        (
            {"price_minor": 2500, "currency": "KWD"},
            "Pay KWD\xa02.500 a seat at the door.",
            "Pay KWD\xa07.500 at the door.",
        ),
    ],
)
def test_how_it_is_paid_is_the_organisers_word_or_the_amount_at_the_door(
    facts, one_seat, three_seats
):
    this = event(**facts)
    booking = Booking(**STANDS, event=this, seats=3, price_minor=this.price_minor)
    assert (how_to_pay(this), how_to_pay_booking(booking)) == (one_seat, three_seats)


def test_a_booking_is_paid_at_the_price_it_was_made_at():
    booking = Booking(**STANDS, event=event(90000), seats=2, price_minor=50000, booked_in="INR")
    assert how_to_pay_booking(booking) == "Pay ₹1,000 at the door."
    booking.price_minor = 0
    assert how_to_pay_booking(booking) == ""


def test_nothing_is_to_be_paid_for_what_does_not_stand():
    booking = Booking(**STANDS, event=event(90000), seats=2, price_minor=50000, booked_in="INR")
    booking.event.status = "cancelled"
    assert how_to_pay_booking(booking) == ""
    booking.event.status, booking.status = "published", "CANCELLED"
    assert how_to_pay_booking(booking) == ""


@pytest.mark.parametrize(
    ("text", "currency", "sentence"),
    [
        ("12,50", "INR", "Enter an amount, as in 1250 or 12.50."),
        ("free", "JPY", "Enter an amount, as in 1250."),
        ("1.005", "AED", "AED has 2 decimals: write it as in 1250 or 12.50."),
        ("10.5", "JPY", "JPY has no decimals: write it as in 1250."),
        ("1.2345", "KWD", "KWD has 3 decimals: write it as in 1250 or 12.500."),
        ("1,250", "KWD", "That can be read in two ways: write it as in 1250 or 12.500."),
    ],
)
def test_a_refused_amount_is_told_how_to_be_written(text, currency, sentence):
    with pytest.raises(NotAnAmount) as refusal:
        parse_money(text, currency)
    assert amount_refused(refusal.value, currency) == sentence


@pytest.mark.parametrize(("note", "more"), [("", ""), ("By UPI", " By UPI")])
def test_programs_read_how_a_reservation_is_paid_and_until_when(note, more):
    until = datetime(2031, 5, 4, 9, 5, tzinfo=UTC)
    this = event(50000, payment_note=note)
    this.time_zone, this.payment_minutes = "Asia/Kolkata", 15
    booking = Booking(status="RESERVED", event=this, seats=2, price_minor=50000, booked_in="INR")
    booking.reserved_until = until
    told = "Pay ₹1,000 by Sun 4 May 2031, 14:35 IST."
    assert how_to_pay_in_words(booking) == told + more
    booking.status, booking.paid_at = "CONFIRMED", until
    assert how_to_pay_in_words(booking) == how_to_pay_booking(booking) == ""
