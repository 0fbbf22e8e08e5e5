"""Guests are forgotten some time after their last event; sums and seats stay."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.booking.walk_ins import WalkIn
from app.db import transaction
from app.models import Mail
from app.models.columns import now
from app.services import bookings, walk_ins


@pytest.fixture
def forget(app):
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["forget", *words])


@pytest.fixture
def long_ago(make_event):
    def make(days=400, **facts):
        start = now() - timedelta(days=days)
        return make_event(start_at=start, end_at=start + timedelta(hours=2), **facts)

    return make


@pytest.fixture
def guest(make_user, sql):
    def make(email, **facts):
        user = make_user(email=email, **facts)
        sql("UPDATE users SET created_at = now() - interval '5 years' WHERE id = %s", user.id)
        return user

    return make


def emails(sql):
    return {row[0] for row in sql("SELECT email FROM users")}


def test_a_guest_of_long_ago_loses_name_email_and_mails_and_leaves_the_sums(
    app, forget, long_ago, guest, make_booking, sql
):
    event, old = long_ago(price_minor=500), guest("old@example.com", name="Bob")
    booking = make_booking(event, old, seats=2, price_minor=500, guest_name="Bob B.")
    with app.app_context(), transaction() as session:
        session.add(Mail(letter="ticket", recipient="OLD@example.com", locale="en_IN"))
    result = forget()
    assert result.exit_code == 0, result.output
    assert "1 guests forgotten" in result.output
    assert emails(sql) == {f"deleted-{old.id}@invalid"}
    assert sql("SELECT name, deleted_at IS NULL FROM users") == [("", False)]
    assert sql("SELECT id, seats, price_minor, guest_name, status FROM bookings") == [
        (booking.id, 2, 500, None, "CONFIRMED")
    ]
    assert sql("SELECT count(*) FROM mails") == [(0,)]
    assert sql("SELECT actor, action, after FROM audit_entries") == [
        ("ADMIN_KEY", "guests.forgotten", {"guests": 1})
    ]
    assert app.test_cli_runner().invoke(args=["reconcile"]).exit_code == 0
    assert "0 guests forgotten" in forget().output


def test_the_name_of_who_walked_in_goes_as_well(app, desk, forget, long_ago, make_event, sql):
    events = [make_event(), make_event()]
    with app.app_context():
        for event in events:
            walk_ins.admit(desk, event.id, WalkIn(uuid4(), name="Meena"))
    old = long_ago()
    facts = (old.start_at, old.end_at, events[0].id)
    sql("UPDATE events SET start_at = %s, end_at = %s WHERE id = %s", *facts)
    assert "1 guests to be forgotten" in forget("--dry-run").output
    assert "1 guests forgotten" in forget().output
    names = sql("SELECT guest_name FROM bookings ORDER BY event_id")
    assert names == [(None,), ("Meena",)]
    assert "0 guests forgotten" in forget().output


def test_a_dry_run_counts_and_changes_nothing(forget, long_ago, guest, make_booking, sql):
    make_booking(long_ago(), guest("old@example.com"))
    assert "1 guests to be forgotten" in forget("--dry-run").output
    assert emails(sql) == {"old@example.com"}
    assert sql("SELECT count(*) FROM audit_entries") == [(0,)]


def test_who_has_a_password_a_later_event_or_a_sign_in_is_kept(
    forget, long_ago, guest, make_booking, make_token, make_user, sql
):
    old = long_ago()
    account = guest("account@example.com", password="correct horse battery")
    later, program = guest("later@example.com"), guest("program@example.com")
    for user in (account, later, program):
        make_booking(old, user)
    make_booking(long_ago(days=300), later)
    make_token(program)
    make_user(email="new@example.com")
    assert "0 guests forgotten" in forget().output
    assert len(emails(sql)) == 4


def test_who_may_get_money_back_is_kept_for_three_years(forget, long_ago, guest, make_booking, sql):
    for days, email in ((400, "owed@example.com"), (1200, "lapsed@example.com")):
        event = long_ago(days=days, price_minor=500, status="cancelled")
        make_booking(event, guest(email), price_minor=500)
    make_booking(long_ago(status="cancelled"), guest("free@example.com"))
    forget()
    assert {e for e in emails(sql) if "deleted" not in e} == {"owed@example.com"}


def test_more_guests_than_one_batch_has_are_all_forgotten(
    forget, long_ago, guest, make_booking, monkeypatch, sql
):
    monkeypatch.setattr("app.services.forgetting.BATCH", 2)
    event = long_ago()
    for number in range(5):
        make_booking(event, guest(f"guest{number}@example.com"))
    assert "5 guests forgotten" in forget().output
    assert sql("SELECT count(*) FROM audit_entries") == [(3,)]


def test_the_email_of_a_forgotten_guest_books_as_somebody_new(
    app, desk, forget, long_ago, guest, make_booking, make_event, sql
):
    old = guest("again@example.com")
    make_booking(long_ago(), old)
    forget()
    with app.app_context():
        who = {"email": "again@example.com", "name": "Bob"}
        booked = bookings.book_as_guest(desk, event_id=make_event().id, seats=1, **who).booking
    assert booked.user_id != old.id


def test_whom_codes_were_for_goes_with_the_event_whether_they_booked_or_not(
    forget, long_ago, make_event, factories, sql
):
    for event in (long_ago(), make_event()):
        factories.voucher(event, email="meena@example.com", note="Meena, of the choir")
        factories.voucher(event, note="Anybody")
    facts = "SELECT email, note, withdrawn FROM vouchers ORDER BY id"
    before = sql(facts)
    assert "1 guests to be forgotten" in forget("--dry-run").output
    assert sql(facts) == before
    assert "1 guests forgotten" in forget().output
    assert sql(facts) == [(None, "", True), *before[1:]]
