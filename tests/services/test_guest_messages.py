"""Letters to all guests of an event, and reminders: one a person, once."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.db import transaction
from app.errors import InvalidField
from app.models.columns import now
from app.services import events, guest_messages, letters, mail_queue, reminders
from app.services.anonymising import anonymise
from app.services.mail_relay import relay

KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def mailing(make_app, clean):
    app = make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
    with app.app_context():
        yield app


@pytest.fixture
def mails(sql):
    return lambda: sql("SELECT letter, recipient, bulk FROM mails ORDER BY recipient")


def write(event, token=None):
    return guest_messages.send(event.id, token or uuid.uuid4(), "Doors at six", "Come **early**.")


class TestMessage:
    def test_each_person_gets_one_letter_and_who_gave_seats_back_none(
        self, mailing, make_event, make_user, make_booking, mails, sql
    ):
        event = make_event(name="Jazz")
        asha, bo = make_user(email="asha@example.com"), make_user(email="bo@example.com")
        for _number in range(2):
            make_booking(event, user=asha)
        gone = make_booking(event, user=bo)
        sql("UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE id = %s", gone.id)
        assert write(event).guests == 1
        relay()
        assert mails() == [("message", "asha@example.com", True)]
        letter = letters.render(mail_queue.claim())
        assert letter.subject == "Doors at six"
        assert "<strong>early</strong>" in letter.html
        assert "Come early." in letter.text

    def test_a_second_click_sends_nothing_more(self, mailing, make_event, make_booking, sql):
        event = make_event()
        make_booking(event)
        token = uuid.uuid4()
        assert write(event, token).id == write(event, token).id
        assert sql("SELECT count(*) FROM journal_entries") == [(1,)]

    def test_two_clicks_at_once_send_once(self, mailing, make_event, make_booking, sql):
        event, token = make_event(), uuid.uuid4()
        make_booking(event)

        def click(_number):
            with mailing.app_context():
                return write(event, token).id

        with ThreadPoolExecutor(8) as people:
            assert len(set(people.map(click, range(8)))) == 1
        assert sql("SELECT count(*) FROM journal_entries") == [(1,)]

    def test_it_says_how_far_it_is_and_who_was_not_reached(
        self, mailing, make_event, make_booking, make_user, sql
    ):
        event = make_event()
        for number in range(3):
            make_booking(event, user=make_user(email=f"p{number}@example.com"))
        message = write(event)
        assert guest_messages.get_message(event.id, message.id).waiting == 3
        relay()
        mail_queue.sent(mail_queue.claim())
        mail_queue.give_up(mail_queue.claim(), "550 no such mailbox")
        progress = guest_messages.get_message(event.id, message.id)
        assert (progress.done, progress.waiting, progress.given_up) == (1, 1, 1)
        (unreached,) = guest_messages.list_unreached(message.id)
        assert unreached.last_error == "550 no such mailbox"
        guest_messages.send_again(event.id, message.id)
        progress = guest_messages.get_message(event.id, message.id)
        assert (progress.done, progress.waiting, progress.given_up) == (1, 2, 0)

    def test_who_gives_seats_back_before_a_letter_is_sent_is_not_counted_as_reached(
        self, mailing, make_event, make_booking, make_user, sql
    ):
        def give_back(booking):
            sql(
                "UPDATE bookings SET status = 'CANCELLED', cancelled_at = now() WHERE id = %s",
                booking.id,
            )

        event = make_event()
        first, second, _third = (make_booking(event, user=make_user()) for _ in range(3))
        message = write(event)
        give_back(first)
        relay()
        give_back(second)
        mail = mail_queue.claim()
        assert mail.booking_id == second.id
        with pytest.raises(letters.NoLongerTrue):
            letters.render(mail)
        mail_queue.drop(mail)
        mail_queue.drop(mail)
        progress = guest_messages.get_message(event.id, message.id)
        assert (progress.done, progress.waiting, progress.dropped) == (0, 1, 2)
        mail_queue.sent(mail_queue.claim())
        progress = guest_messages.get_message(event.id, message.id)
        assert (progress.done, progress.waiting, progress.dropped) == (1, 0, 2)

    def test_a_letter_to_an_account_that_is_deleted_does_not_count_as_sent(
        self, mailing, make_event, make_booking, make_user, sql
    ):
        event, people = make_event(), [make_user() for _ in range(4)]
        for person in people:
            make_booking(event, user=person)
        message = write(event)
        relay()
        mail_queue.sent(mail_queue.claim())
        mail_queue.give_up(mail_queue.claim(), "550 no such mailbox")
        with transaction() as session:
            anonymise(session, [person.id for person in people[:3]], now())
        progress = guest_messages.get_message(event.id, message.id)
        assert (progress.done, progress.waiting, progress.given_up) == (1, 1, 0)
        assert progress.dropped == 2

    def test_the_sixth_message_of_a_day_is_refused(self, mailing, make_event, make_booking):
        event = make_event()
        make_booking(event)
        for _number in range(guest_messages.MAX_A_DAY):
            write(event)
        with pytest.raises(InvalidField):
            write(event)

    def test_nobody_to_write_to_and_no_mail_server_are_said(self, mailing, app, make_event):
        with pytest.raises(InvalidField, match="nobody"):
            write(make_event())

    def test_a_test_says_what_guests_get(self, mailing, make_event):
        event = make_event(name="Jazz")
        guest_messages.send_test(event.id, "me@example.org", "Doors at six", "Come **early**.")
        mail = mail_queue.claim()
        assert mail.recipient == "me@example.org"
        letter = letters.render(mail)
        assert letter.subject == "Doors at six"
        assert "Come early." in letter.text


@pytest.fixture
def at(monkeypatch):
    """It is this moment for reminders."""
    return lambda moment: monkeypatch.setattr(reminders, "now", lambda: moment)


class TestReminder:
    START = (datetime.now(KOLKATA) + timedelta(days=9)).replace(hour=19, minute=0, second=0)
    BEFORE = START - timedelta(days=1)

    @pytest.fixture
    def event(self, mailing, make_event, make_user, make_booking):
        event = make_event(name="Jazz", start_at=self.START, reminds_guests=True)
        make_booking(event, user=make_user(email="asha@example.com"))
        return event

    def test_it_goes_out_once_on_the_day_before_after_ten_there(self, event, at, mails):
        for hour, noted in ((9, 0), (10, 1), (11, 0), (20, 0)):
            at(self.BEFORE.replace(hour=hour))
            assert reminders.note_due() == noted
        relay()
        assert mails() == [("reminder", "asha@example.com", True)]
        letter = letters.render(mail_queue.claim())
        assert letter.subject == "Tomorrow: Jazz"
        assert letter.pictures

    @pytest.mark.parametrize(
        "moment",
        [
            BEFORE.replace(hour=9),
            BEFORE.replace(hour=23),
            START.replace(hour=6),
            START,
            START.replace(hour=20),
        ],
    )
    def test_neither_early_nor_at_night_nor_after_the_start(self, event, at, moment):
        at(moment)
        assert reminders.note_due() == 0

    @pytest.mark.parametrize(
        "moment", [BEFORE.replace(hour=22), START.replace(hour=7), START.replace(hour=18)]
    )
    def test_a_worker_that_comes_back_late_still_reminds_once(self, event, at, moment, mails):
        at(moment)
        assert [reminders.note_due(), reminders.note_due()] == [1, 0]
        relay()
        assert mails() == [("reminder", "asha@example.com", True)]

    @pytest.mark.parametrize(("moment", "word"), [(BEFORE, "Tomorrow"), (START, "Today")])
    def test_the_letter_says_whether_it_is_today(self, event, at, monkeypatch, moment, word):
        at(moment.replace(hour=12))
        reminders.note_due()
        relay()
        mail = mail_queue.claim()
        monkeypatch.setattr(letters, "now", lambda: moment.replace(hour=12))
        assert letters.render(mail).subject == f"{word}: Jazz"

    @pytest.mark.parametrize(
        "change", [{"status": "cancelled"}, {"reminds_guests": False}, {"status": "draft"}]
    )
    def test_not_where_it_is_off_or_falls_out(self, event, at, sql, change):
        ((name, value),) = change.items()
        sql(f"UPDATE events SET {name} = %s", value)
        at(self.BEFORE.replace(hour=12))
        assert reminders.note_due() == 0

    def test_a_moved_event_is_reminded_of_for_its_new_day(self, mailing, event, at, mails):
        at(self.BEFORE.replace(hour=12))
        assert reminders.note_due() == 1
        relay()
        later = self.START + timedelta(days=7)
        events.update_event(event.id, {"start_at": later}, mailing.extensions["desk"])
        with pytest.raises(letters.NoLongerTrue):
            letters.render(mail_queue.claim())
        at(self.BEFORE.replace(hour=12) + timedelta(days=7))
        assert reminders.note_due() == 1

    def test_several_workers_remind_once(self, mailing, event, at, sql):
        at(self.BEFORE.replace(hour=12))

        def sweep(_number):
            with mailing.app_context():
                return reminders.note_due()

        with ThreadPoolExecutor(8) as workers:
            assert sum(workers.map(sweep, range(8))) == 1
        assert sql("SELECT count(*) FROM journal_entries") == [(1,)]
