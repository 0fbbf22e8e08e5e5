"""What letters tell of the refund rule, and of what came back by it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import db
from app.models import Mail, PaymentProvider
from app.models.columns import now
from app.services import bookings, events, letters, payments
from app.services.mail_relay import relay
from app.services.payments import Received

HALF = [{"hours_before": None, "percent": 50}]
NOTHING = [{"hours_before": None, "percent": 0}]
AGREED = "50% of the price comes back."


@pytest.fixture
def mailing(make_app, clean):
    app = make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
    with app.app_context():
        yield app


@pytest.fixture
def desk(mailing):
    return mailing.extensions["desk"]


@pytest.fixture
def paid(desk, make_event, make_user, latest):
    def paid(rule):
        start = now() + timedelta(days=9)
        facts = {"refund_rule": rule, "start_at": start, "name": "Revue"}
        event = make_event(price_minor=25_000, payment_minutes=15, **facts)
        order = {"user_id": make_user().id, "event_id": event.id, "seats": 2}
        booking = bookings.book(desk, **order).booking
        assert ("of the price comes back." in latest("reservation").text) == bool(rule)
        received = Received(PaymentProvider.TRANSFER, 50_000, "INR", "T-1")
        payments.record_paid(desk, booking.id, received)
        return booking

    return paid


@pytest.fixture
def latest():
    """The last letter of this name, written."""

    def latest(name):
        relay()
        wanted = select(Mail).where(Mail.letter == name).order_by(Mail.id.desc()).limit(1)
        return letters.render(db.session.scalars(wanted).one())

    return latest


def test_a_ticket_tells_what_was_agreed(desk, paid, latest):
    booking = paid(HALF)
    events.update_event(booking.event_id, {"refund_rule": NOTHING}, desk)
    letter = latest("ticket")
    assert AGREED in letter.text
    assert AGREED in letter.html
    assert "nothing of the price" not in letter.text


def test_a_moved_date_tells_the_rule_anew(desk, paid, latest):
    booking = paid(HALF)
    latest("ticket")
    events.update_event(booking.event_id, {"start_at": now() + timedelta(days=20)}, desk)
    assert AGREED in latest("event_changed").text


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (HALF, "₹125 of the ₹250 that you have paid for them is owed to you."),
        (NOTHING, "Nothing of the ₹250 that you have paid for them comes back."),
    ],
)
def test_who_cancels_is_told_what_came_back(desk, paid, latest, rule, told):
    booking = paid(rule)
    bookings.cancel(desk, booking.id, keep=1)
    letter = latest("seats_given_back")
    assert told in letter.text
    assert told in letter.html
