"""An event's currency can't change once anything was booked; a booking keeps its own."""

import threading
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from app.errors import CurrencyFixed, InvalidField
from app.models.columns import now
from app.models.defaults import set_default_currency
from app.presenters.audit_words import audit_words
from app.services import audit, bookings, events, profile
from app.services.booking_search import BookingQuery, iterate_bookings

pytestmark = pytest.mark.usefixtures("invariants")


def test_nothing_booked_yet_the_currency_may_change_together_with_the_price(desk, make_event):
    event = make_event(price_minor=50000)
    with pytest.raises(InvalidField, match="price_minor"):
        events.update_event(event.id, {"currency": "JPY"}, desk)
    events.update_event(event.id, {"currency": "JPY", "price_minor": 500}, desk)
    found = events.get_event(event.id)
    assert (found.currency, found.price_minor) == ("JPY", 500)


def test_a_new_event_has_the_sites_currency(make_app, desk):
    facts = {"name": "Noh", "venue": "Hall", "start_at": now() + timedelta(days=9), "capacity": 9}
    try:
        make_app(default_currency="JPY")
        assert events.create_event(facts, desk).currency == "JPY"
        assert events.preview_event(facts).currency == "JPY"
        assert events.create_event({**facts, "currency": "KWD"}, desk).currency == "KWD"
    finally:
        set_default_currency("INR")
    assert events.create_event(facts, desk).currency == "INR"


def test_a_free_event_changes_its_currency_alone(desk, make_event):
    event = make_event()
    assert events.update_event(event.id, {"currency": "KWD"}, desk).currency == "KWD"


@pytest.mark.parametrize("cancelled", [False, True])
def test_once_booked_the_currency_stays_also_when_all_was_cancelled(
    desk, make_event, make_user, cancelled
):
    event, user = make_event(price_minor=1000, currency="JPY"), make_user()
    booked = bookings.book(desk, user_id=user.id, event_id=event.id, seats=2)
    if cancelled:
        bookings.cancel(desk, booked.booking.id)
    change = {"currency": "INR", "price_minor": 50000}
    for tried in (events.update_event, lambda id, facts, _desk: events.preview_event(facts, id)):
        with pytest.raises(CurrencyFixed) as refusal:
            tried(event.id, change, desk)
        assert refusal.value.currency == "JPY"
    same = {"currency": "JPY", "price_minor": 1200}
    assert events.update_event(event.id, same, desk).price_minor == 1200


def test_a_booking_that_comes_in_between_keeps_the_currency(app, desk, make_event, make_user, sql):
    """The change has read that nothing is booked, and waits for the row: it looks again."""
    event, user = make_event(price_minor=1000, currency="JPY"), make_user()
    change = {"currency": "INR", "price_minor": 50000}
    refused = []

    def organise():
        with app.app_context():
            try:
                events.preview_event(change, event.id)
                previewed.set()
                booked.wait(10)
                events.update_event(event.id, change, desk)
            except CurrencyFixed as refusal:
                refused.append(refusal)

    previewed, booked = threading.Event(), threading.Event()
    thread = threading.Thread(target=organise)
    thread.start()
    assert previewed.wait(10)
    bookings.book(desk, user_id=user.id, event_id=event.id, seats=1)
    booked.set()
    thread.join(10)
    assert len(refused) == 1
    assert sql("SELECT currency, price_minor FROM events") == [("JPY", 1000)]


def test_a_booking_keeps_currency_and_price_whatever_becomes_of_the_event(
    desk, make_event, make_user, sql
):
    event, user = make_event(price_minor=12_500, currency="KWD"), make_user()
    booked = bookings.book(desk, user_id=user.id, event_id=event.id, seats=3)
    bookings.cancel(desk, booked.booking.id, keep=2)
    assert sql("SELECT currency, price_minor, seats FROM bookings ORDER BY id") == [
        ("KWD", 12_500, 2),
        ("KWD", 12_500, 1),
    ]
    sql("UPDATE events SET currency = 'INR', price_minor = 1")
    booking = bookings.get_booking(booked.booking.id)
    assert (booking.currency, booking.total_minor) == ("KWD", 25_000)
    rows = iterate_bookings(BookingQuery())
    assert [(row.currency, row.price_minor) for row in rows] == [("KWD", 12_500)] * 2
    told = profile.export(user.id)["bookings"]
    assert {line["currency"] for line in told} == {"KWD"}


def test_a_booking_of_an_older_version_has_the_events_currency(make_event, make_booking, sql):
    event = make_event(price_minor=1000, currency="JPY")
    booking = make_booking(event, price_minor=1000)
    assert sql("SELECT currency FROM bookings") == [(None,)]
    assert bookings.get_booking(booking.id).currency == "JPY"
    assert next(iterate_bookings(BookingQuery())).currency == "JPY"


def test_the_audit_log_has_each_price_with_its_currency(desk, make_event):
    event = make_event(price_minor=50000)
    audit.act_as("Meena")
    events.update_event(event.id, {"currency": "JPY", "price_minor": 1000}, desk)
    events.update_event(event.id, {"price_minor": 1200}, desk)
    newer, older = audit.list_entries(subject="event", subject_id=event.id).items
    assert newer.before == {"currency": "JPY", "price_minor": 1000}
    assert newer.after == {"currency": "JPY", "price_minor": 1200}
    assert older.before == {"currency": "INR", "price_minor": 50000}
    told = (audit_words(entry, ZoneInfo("UTC")) for entry in (older, newer))
    words = [sorted(map(str, changes)) for changes in told]
    assert words == [["currency INR → JPY", "price ₹500 → JP¥1,000"], ["price JP¥1,000 → JP¥1,200"]]


def test_a_copy_has_currency_and_payment_note(desk, make_event):
    event = make_event(currency="AED", price_minor=15000, payment_note="By card at the door")
    copy = events.duplicate_event(event.id, "Again", desk)
    assert (copy.currency, copy.price_minor) == ("AED", 15000)
    assert copy.payment_note == "By card at the door"
