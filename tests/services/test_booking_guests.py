"""A booking's guest, corrected by staff."""

import pytest

from app.errors import (
    BookedByAccount,
    BookingChanged,
    BookingNotFound,
    OverPersonLimit,
    TicketNotFound,
    UserNotFound,
)
from app.models.staff_scope import StaffScope, act_within
from app.presenters.ticket_addresses import ticket_secret
from app.services import accounts, audit, bookings, sign_ins, tickets
from app.services.booking_guests import GuestChange, change_guest
from app.services.mail_relay import relay

pytestmark = pytest.mark.usefixtures("invariants")
WRONG, RIGHT = "asha@exmaple.com", "asha@example.com"
PASSWORD = "correct horse battery"


@pytest.fixture
def event(make_event):
    return make_event(capacity=20)


@pytest.fixture
def booked(desk, event):
    """A booking with a mistyped email."""
    return book(desk, event)


def book(desk, event, email=WRONG, seats=2, **facts):
    facts = {"event_id": event.id, "name": "Asha", "seats": seats, **facts}
    made = bookings.book_as_guest(desk, email=email, **facts)
    return bookings.get_booking(made.booking.id)


def correct(desk, booking, email=RIGHT, **facts):
    return change_guest(desk, booking.id, GuestChange(email=email, **facts))


class TestAnotherEmail:
    def test_the_booking_moves_to_a_person_who_is_new(self, desk, booked, sql):
        former_id = booked.user_id
        moved = correct(desk, booked)
        assert (moved.user.email, moved.holder_name, moved.seats) == (RIGHT, "Asha", 2)
        assert sql("SELECT email FROM users ORDER BY id") == [(WRONG,), (RIGHT,)]
        assert bookings.list_bookings_of_user(former_id).items == []

    def test_it_moves_to_who_has_an_account_however_their_email_is_spelt(
        self, desk, booked, make_user, sql
    ):
        member = make_user(RIGHT, name="Asha Rao")
        assert correct(desk, booked, " ASHA@Example.com").user_id == member.id
        (mine,) = bookings.list_bookings_of_user(member.id).items
        assert mine.guest_name == "Asha"
        assert sql("SELECT name FROM users WHERE id = %s", member.id) == [("Asha Rao",)]

    def test_seats_given_back_of_it_move_too(self, desk, booked, sql):
        bookings.cancel(desk, booked.id, keep=1)
        moved = correct(desk, booked)
        assert sql("SELECT DISTINCT user_id FROM bookings") == [(moved.user_id,)]

    def test_the_former_secret_address_opens_nothing_any_more(self, desk, booked):
        former = ticket_secret(booked)
        moved = correct(desk, booked)
        with pytest.raises(TicketNotFound):
            tickets.find_ticket(former)
        assert tickets.find_ticket(ticket_secret(moved)).user.email == RIGHT

    def test_who_sent_the_same_form_again_with_the_right_email_has_both(self, desk, event):
        """Their keys are one, which a person may use once."""
        wrong = book(desk, event, idempotency_key="k-1")
        right = book(desk, event, RIGHT, idempotency_key="k-1")
        assert correct(desk, wrong).user_id == right.user_id

    def test_the_limit_per_person_counts_for_the_right_person(self, desk, make_event, sql):
        event = make_event(capacity=20, max_per_person=3)
        book(desk, event, RIGHT)
        wrong = book(desk, event)
        with pytest.raises(OverPersonLimit):
            correct(desk, wrong)
        assert bookings.get_booking(wrong.id).user.email == WRONG
        sql("UPDATE bookings SET issued_for = 'The band' WHERE id = %s", wrong.id)
        assert correct(desk, wrong).user.email == RIGHT, "staff had issued them past the limit"

    def test_it_is_audited_with_both(self, desk, booked):
        audit.act_as("asha")
        correct(desk, booked, name="Asha Rao")
        (entry,) = audit.list_entries(subject="booking", subject_id=booked.id).items
        assert (entry.action, entry.actor) == ("booking.guest_corrected", "asha")
        assert entry.before == {"email": WRONG, "name": "Asha"}
        assert entry.after == {"email": RIGHT, "name": "Asha Rao"}
        assert audit.count_emails() == 1


class TestTheNameAlone:
    def test_it_changes_on_the_ticket_whose_address_stays(self, desk, booked, sql):
        secret = ticket_secret(booked)
        change_guest(desk, booked.id, GuestChange(name="Asha Rao"))
        assert tickets.find_ticket(secret).holder_name == "Asha Rao"
        assert sql("SELECT name FROM users") == [("Asha",)]


class TestRefused:
    def test_what_somebody_else_corrected_meanwhile(self, desk, booked):
        seen = {"seen_email": WRONG, "seen_name": "Asha"}
        correct(desk, booked, **seen)
        with pytest.raises(BookingChanged):
            correct(desk, booked, "other@example.com", **seen)
        assert correct(desk, booked, **seen).address_version == 1, "the same once more"

    def test_a_booking_by_somebody_signed_in(self, desk, event, make_user, make_booking, sql):
        member = make_user(password=PASSWORD)
        booking = make_booking(event, member)
        with pytest.raises(BookedByAccount):
            correct(desk, booking)
        sql("UPDATE users SET password_hash = NULL")
        sign_ins.begin_for_user(member)
        with pytest.raises(BookedByAccount):
            correct(desk, booking)
        sql("DELETE FROM sign_ins")
        assert correct(desk, booking).user.email == RIGHT, "staff had booked for them"

    def test_of_an_account_that_was_met_by_a_typing_error_the_booking_alone_moves(
        self, desk, event, make_user
    ):
        member = make_user(WRONG, password=PASSWORD)
        moved = correct(desk, book(desk, event))
        assert moved.user_id != member.id
        assert accounts.authenticate(WRONG, PASSWORD).id == member.id

    def test_what_is_cancelled_or_was_of_a_deleted_account(self, desk, booked, event, sql):
        bookings.cancel(desk, booked.id)
        with pytest.raises(BookingChanged):
            correct(desk, booked)
        left = book(desk, event)
        sql("UPDATE users SET deleted_at = now()")
        with pytest.raises(UserNotFound):
            correct(desk, left)

    def test_of_an_event_that_the_key_does_not_open(self, desk, booked, event):
        act_within(StaffScope(events=frozenset({event.id + 1})))
        with pytest.raises(BookingNotFound):
            correct(desk, booked)


class TestLetters:
    @pytest.fixture
    def mailing(self, make_app, clean):
        app = make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
        with app.app_context():
            yield app.extensions["desk"]

    def test_the_ticket_goes_to_the_right_address_alone(self, mailing, event, sql):
        booking = book(mailing, event)
        relay()
        correct(mailing, booking)
        relay()
        assert sql("SELECT letter, recipient FROM mails") == [("ticket", RIGHT)]

    def test_what_never_arrived_follows_and_what_was_sent_stays(self, mailing, event, sql):
        booking = book(mailing, event)
        for letter, state in [
            *(("ticket", "given_up"), ("message", "given_up"), ("reminder", "queued")),
            *(("event_changed", "sent"), ("message", "sending")),
        ]:
            sql(
                "INSERT INTO mails (letter, recipient, locale, state, sent_at, attempts, user_id,"
                " booking_id) VALUES (%s, %s, 'en_IN', %s, CASE %s WHEN 'sent' THEN now() END, 3,"
                " %s, %s)",
                *(letter, WRONG, state, state, booking.user_id, booking.id),
            )
        former_id = booking.user_id
        moved = correct(mailing, booking)
        assert sql("SELECT letter, recipient, state, attempts, user_id FROM mails ORDER BY id") == [
            ("message", RIGHT, "queued", 0, moved.user_id),
            ("reminder", RIGHT, "queued", 0, moved.user_id),
            ("event_changed", WRONG, "sent", 3, former_id),
            ("message", WRONG, "sending", 3, former_id),
        ]

    def test_another_name_sends_none(self, mailing, event, sql):
        booking = book(mailing, event)
        sql("DELETE FROM journal_entries")
        change_guest(mailing, booking.id, GuestChange(name="Asha Rao"))
        assert sql("SELECT count(*) FROM journal_entries") == [(0,)]

    def test_of_a_cancelled_event_no_ticket_is_sent(self, mailing, event, sql):
        booking = book(mailing, event)
        sql("DELETE FROM journal_entries")
        sql("UPDATE events SET status = 'cancelled'")
        assert correct(mailing, booking).user.email == RIGHT
        assert sql("SELECT count(*) FROM journal_entries") == [(0,)]
