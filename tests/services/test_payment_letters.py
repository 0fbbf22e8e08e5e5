"""What buyers are told of their money."""

import pytest
from sqlalchemy import select

from app.db import db
from app.models import Mail, PaymentProvider, RefundReason
from app.presenters.ticket_addresses import ticket_url
from app.services import bookings, gifts, letters, payment_lists, payments, refunds
from app.services.mail_relay import relay
from app.services.payments import Received


@pytest.fixture
def mailing(make_app, clean):
    app = make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
    with app.app_context():
        yield app


@pytest.fixture
def told(sql):
    return lambda: [letter for (letter,) in sql("SELECT letter FROM mails ORDER BY id")]


def test_who_has_paid_gets_the_ticket_and_who_paid_twice_gets_money_back(
    mailing, make_event, make_user, told
):
    desk = mailing.extensions["desk"]
    event = make_event(price_minor=25_000, payment_minutes=15, name="Rock & <Roll>")
    user = make_user(email="asha@example.com")
    booking = bookings.book(desk, user_id=user.id, event_id=event.id, seats=1).booking
    relay()
    assert told() == ["reservation"]

    def pay(reference):
        received = Received(PaymentProvider.TRANSFER, 25_000, "INR", reference)
        return payments.record_paid(desk, booking.id, received)

    for reference in ("T-1", "T-1"):
        pay(reference)
        relay()
    assert told() == ["reservation", "ticket"]
    refund = pay("T-2").refund
    refunds.mark_paid_back(refund.id)
    relay()
    assert told()[2:] == ["money_back", "money_back"]
    owed, done = db.session.scalars(select(Mail).where(Mail.letter == "money_back"))
    letter = letters.render(owed)
    assert letter.subject == "You get money back: Rock & <Roll>"
    assert "A second payment of ₹250 for Rock & <Roll> has come." in letter.text
    assert "Rock &amp; &lt;Roll&gt;" in letter.html
    assert "<Roll>" not in letter.html
    assert "₹250 of what you paid for Rock & <Roll> was paid back" in letters.render(done).text
    done.facts = {**done.facts, "done": False, "failed": True}
    assert "was sent back to you, and did not arrive" in letters.render(done).text


@pytest.mark.parametrize("reason", RefundReason)
def test_each_reason_is_told(mailing, make_event, make_booking, reason):
    booking = make_booking(make_event(name="Revue"))
    facts = {"reason": reason.value, "amount_minor": 5_050, "currency": "INR", "done": False}
    mail = Mail(letter="money_back", recipient="a@b.example", locale="en_IN", facts=facts)
    mail.booking_id, mail.event_id = booking.id, booking.event_id
    assert "₹50.50" in letters.render(mail).text


def test_money_for_a_friend_s_seat_is_told_to_who_paid_it(mailing, make_event, make_user, sql):
    desk = mailing.extensions["desk"]
    event = make_event(price_minor=25_000, payment_minutes=15)
    user = make_user(email="asha@example.com")
    booking = bookings.book(desk, user_id=user.id, event_id=event.id, seats=2).booking
    received = Received(PaymentProvider.TRANSFER, 50_000, "INR", "T-1")
    payments.record_paid(desk, booking.id, received)
    gift = gifts.give(desk, booking.id)
    gifts.accept(desk, gift.booking_id, name="Ravi", email="ravi@example.com")
    relay()
    sql("DELETE FROM mails")
    bookings.cancel(desk, gift.booking_id)
    bookings.cancel(desk, booking.id)
    relay()
    told = sql("SELECT letter, recipient, facts->>'owed_minor' FROM mails ORDER BY letter, id")
    assert told == [
        ("money_back", "asha@example.com", None),
        ("seats_given_back", "ravi@example.com", None),
        ("seats_given_back", "asha@example.com", "25000"),
    ]
    mail = db.session.scalars(select(Mail).where(Mail.facts.has_key("owed_minor"))).one()
    assert "₹250 of what you have paid is owed to you." in letters.render(mail).text


def test_letters_lead_to_the_receipt_and_the_credit_note(mailing, make_event, make_user):
    desk = mailing.extensions["desk"]
    event = make_event(price_minor=25_000, payment_minutes=15)
    booking = bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=1).booking
    received = Received(PaymentProvider.TRANSFER, 25_000, "INR", "T-1")
    payments.record_paid(desk, booking.id, received)
    relay()
    bookings.cancel(desk, booking.id)
    refunds.mark_paid_back(payment_lists.list_refunds().items[0].id)
    address = f"{ticket_url(booking)}/receipts"
    relay()
    by_name = {mail.letter: mail for mail in db.session.scalars(select(Mail).order_by(Mail.id))}
    assert f"Receipt and credit note: {address}" in letters.render(by_name["money_back"]).text
    free = make_event()
    booking = bookings.book(desk, user_id=make_user().id, event_id=free.id, seats=1).booking
    relay()
    mail = db.session.scalars(select(Mail).where(Mail.booking_id == booking.id)).one()
    assert "receipt" not in letters.render(mail).text


def test_the_letter_of_a_payment_leads_to_its_receipt(mailing, make_event, make_user):
    desk = mailing.extensions["desk"]
    event = make_event(price_minor=25_000, payment_minutes=15)
    booking = bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=1).booking
    payments.record_paid(desk, booking.id, Received(PaymentProvider.TRANSFER, 25_000, "INR", "T-1"))
    relay()
    mail = db.session.scalars(select(Mail).where(Mail.letter == "ticket")).one()
    letter = letters.render(mail)
    address = f"{ticket_url(bookings.get_booking(booking.id))}/receipts"
    assert f"Your receipt: {address}" in letter.text
    assert f'href="{address}"' in letter.html
