"""Letters of reservations: how to pay and until when, the ticket once it is paid, or the end."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.booking import reservations
from app.booking.orders import Item
from app.db import db, transaction
from app.models import Happened, Mail
from app.models.columns import now
from app.models.references import spoken
from app.services import bookings, event_news, letters, outbox, payment_providers
from app.services.events import update_event
from app.services.mail_relay import relay
from tests.support.expiry import expire_due

LATER = datetime(2031, 5, 4, 9, 5, tzinfo=UTC)


@pytest.fixture
def mailing(make_app, clean):
    facts = {"mail_url": "smtp://127.0.0.1:1", "mail_from": "tickets@example.org"}
    app = make_app(**facts, contact_email="sabha@example.org")
    with app.app_context():
        yield app


@pytest.fixture
def shop(mailing):
    return mailing.extensions["desk"]


@pytest.fixture
def event(make_event):
    facts = {"name": "Jazz & <Tea>", "price_minor": 50_000, "capacity": 40}
    return make_event(**facts, payment_minutes=15, payment_note="By UPI to gate@bank")


@pytest.fixture
def book(shop, event, sql):
    """Seats that Asha reserves until the 4th of May 2031, 14:35 in Kolkata."""

    def reserve(*items, of=event, seats=2, until=LATER):
        facts = {"email": "asha@example.com", "name": "Asha", "event_id": of.id}
        booked = bookings.book_as_guest(shop, **facts, seats=seats, items=items).bookings
        sql("UPDATE bookings SET reserved_until = %s", until)
        return booked

    return reserve


@pytest.fixture
def order(book, event, factories):
    """An order of two ticket types."""
    types = factories.ticket_types(event, {"name": "VIP", "price_minor": 90_000})

    def reserve(**facts):
        return book(Item(types["General"].id, 2), Item(types["VIP"].id, 1), seats=3, **facts)

    return reserve


def pay(event, booked):
    """As a payment does."""
    ids = [one.id for one in booked]
    with transaction() as session:
        assert reservations.confirm(session, ids, now())
        outbox.note(Happened.PAID, event_id=event.id, booking_ids=ids)


def owed():
    return list(db.session.scalars(select(Mail.letter).order_by(Mail.id)))


def written(letter):
    return letters.render(db.session.scalars(select(Mail).where(Mail.letter == letter)).one())


def test_a_reservation_says_what_to_pay_how_and_until_when(book):
    (booking,) = book()
    relay()
    assert owed() == ["reservation"]
    letter = written("reservation")
    by = "Sun 4 May 2031, 14:35 IST"
    assert letter.subject == f"Reserved, to be paid by {by}: Jazz & <Tea>"
    assert "Jazz &amp; &lt;Tea&gt;" in letter.html
    for text in (letter.text, letter.html):
        for words in (by, "₹1,000", "gate@bank", f"/tickets/{booking.reference}"):
            assert words in text
    assert letter.pictures == {}
    assert letter.files == ()


def test_without_the_organisers_words_it_says_whom_to_ask(book, make_event):
    facts = {"currency": "JPY", "price_minor": 4500, "time_zone": "America/New_York"}
    book(of=make_event(**facts, payment_minutes=4320))
    relay()
    text = written("reservation").text
    assert "Pay JP¥9,000 by then." in text
    assert "until Sun 4 May 2031, 05:05 EDT" in text
    assert "learn from the organiser: sabha@example.org" in text


def test_it_names_the_sites_upi_address(book, mailing, make_event):
    settings = mailing.extensions["settings"]
    mailing.extensions["settings"] = settings.model_copy(update={"upi_address": "sabha@upi"})
    book(of=make_event(price_minor=4500, payment_minutes=60))
    relay()
    letter = written("reservation")
    for text in (letter.text, letter.html):
        assert "By UPI to sabha@upi" in text
        assert "learn from" not in text


@pytest.mark.parametrize("currency", ["INR", "USD"])
def test_it_names_the_providers_that_take_the_currency(book, mailing, make_event, currency):
    keys = {"stripe_secret_key": "sk_test_1", "razorpay_key_id": "rzp_test_1"}
    seller = mailing.extensions["settings"].model_copy(update=keys)
    mailing.extensions["payment_providers"] = payment_providers.configured(seller)
    book(of=make_event(price_minor=4500, payment_minutes=60, currency=currency))
    relay()
    letter = written("reservation")
    for text in (letter.text, letter.html):
        assert "Online with Stripe: by the button on the page below." in text
        assert ("Razorpay" in text) == (currency == "INR")
        assert "learn from" not in text
        assert "reference with the payment" not in text


def test_an_order_of_several_ticket_types_has_one_letter_with_their_sum(order):
    booked = order()
    relay()
    assert owed() == ["reservation"]
    text = written("reservation").text
    assert "Pay ₹1,900 by then." in text
    assert "General" in text
    assert "VIP" in text
    assert f"payment: {spoken(booked[0].reference)}" in text


def test_the_ticket_comes_once_it_is_paid(order, event):
    booked = order()
    relay()
    pay(event, booked)
    relay()
    assert owed() == ["reservation", "ticket"]
    assert len(written("ticket").pictures) == 3
    with pytest.raises(letters.NoLongerTrue):
        written("reservation")


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_paid_before_a_letter_went_out_has_one_ticket_letter(order, event, sql, at_once):
    booked = order()
    pay(event, booked)
    if not at_once:
        # Another worker has taken the second entry, and comes later.
        sql("UPDATE journal_entries SET booking_ids = '{}' WHERE kind = 'paid'")
        relay()
        outbox.note(Happened.PAID, event_id=event.id, booking_ids=[one.id for one in booked])
        db.session.commit()
    relay()
    assert owed() == ["ticket"]


def test_nobody_is_asked_to_pay_when_it_is_too_late(book):
    book(until=now() - timedelta(seconds=1))
    relay()
    with pytest.raises(letters.NoLongerTrue):
        written("reservation")


def test_what_was_not_paid_in_time_has_a_letter_for_each_order(order, shop, sql):
    booked = order(until=now() - timedelta(seconds=1))
    sql("UPDATE events SET next_expiry_at = now() - interval '1 s'")
    relay()
    assert expire_due(shop) == 1
    relay()
    assert owed() == ["reservation", "reservation_ended"]
    letter = written("reservation_ended")
    assert letter.subject == "Your reservation has ended: Jazz & <Tea>"
    for text in (letter.text, letter.html):
        for words in ("Have you paid?", spoken(booked[0].reference), "/events/", "sabha@"):
            assert words in text


def test_what_is_paid_after_all_is_not_told_to_have_ended(book, shop, sql):
    book(until=now() - timedelta(seconds=1))
    sql("UPDATE events SET next_expiry_at = now() - interval '1 s'")
    expire_due(shop)
    relay()
    sql("UPDATE bookings SET status = 'CONFIRMED', reserved_until = NULL")
    with pytest.raises(letters.NoLongerTrue):
        written("reservation_ended")


def test_a_cancelled_event_asks_those_who_have_reserved_not_to_pay(book, shop, event):
    book()
    relay()
    update_event(event.id, {"status": "cancelled"}, shop)
    relay()
    assert owed() == ["reservation", "reservation_ended"]
    letter = written("reservation_ended")
    for text in (letter.text, letter.html):
        assert "please don't pay for it any more" in text.replace("&#39;", "'")
    assert "/events/" not in letter.text


def test_a_change_is_told_to_whoever_has_reserved(book, shop, event, mailing):
    book()
    assert event_news.count_told(event) == 1
    assert event_news.count_guests(event) == 0
    update_event(event.id, {"venue": "The Old Palace"}, shop)
    relay()
    assert owed() == ["reservation", "event_changed"]
    for text in (written("event_changed").text, written("event_changed").html):
        assert "reserved until Sun 4 May 2031, 14:35 IST, and are still to be paid" in text


def test_a_change_is_told_with_a_ticket_before_a_reservation(book, shop, event, sql):
    (first,) = book()
    sql("UPDATE bookings SET status = 'CONFIRMED', reserved_until = NULL")
    bookings.book_as_guest(shop, email="asha@example.com", name="Asha", event_id=event.id, seats=1)
    update_event(event.id, {"venue": "The Old Palace"}, shop)
    relay()
    assert f"/tickets/{first.reference}" in written("event_changed").text


def test_a_free_seat_has_its_ticket_at_once(book, make_event):
    book(of=make_event(price_minor=0, payment_minutes=15), until=None)
    relay()
    assert owed() == ["ticket"]
