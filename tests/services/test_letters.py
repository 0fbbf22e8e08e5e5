"""Letters: what they say, in text and HTML, and what they carry with them."""

from email.utils import parseaddr

import pytest

from app.db import db, transaction
from app.models import Booking, Mail
from app.services import letters, outbox


@pytest.fixture
def mailing(make_app, clean, monkeypatch):
    app = make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
    with app.app_context():
        yield app


@pytest.fixture
def owed(sql):
    """The letters in the outbox, and to whom."""
    return lambda: sql("SELECT letter, recipient FROM mails ORDER BY id")


def ticket_letter(booking):
    return Mail(
        letter="ticket", recipient="a@b.example", locale="en_IN", facts={}, booking_id=booking.id
    )


class TestOutbox:
    def test_a_letter_is_owed_when_its_transaction_commits(self, mailing, make_user, owed):
        user = make_user(email="asha@example.com")
        with transaction():
            outbox.enqueue("ticket", user.email, user=user, facts={"words": "Hello"})
        assert owed() == [("ticket", "asha@example.com")]

    def test_a_transaction_that_fails_owes_nothing(self, mailing, owed):
        with transaction() as session:
            outbox.enqueue("ticket", "asha@example.com")
            session.rollback()
        assert owed() == []

    def test_without_a_mail_server_nothing_is_ever_owed(self, app, owed):
        with app.app_context(), transaction():
            assert not outbox.is_configured()
            outbox.enqueue("ticket", "asha@example.com")
        assert owed() == []


class TestTicketLetter:
    def test_it_says_what_was_booked_in_text_and_html(self, mailing, make_event, make_booking):
        booking = make_booking(make_event(name="Jazz & <Tea>"), seats=2)
        letter = letters.render(ticket_letter(booking))
        assert letter.subject == "Your ticket: Jazz & <Tea>"
        assert "Jazz &amp; &lt;Tea&gt;" in letter.html
        for text in (letter.text, letter.html):
            assert booking.spoken_reference in text
            assert f"/tickets/{booking.reference}" in text

    def test_its_codes_are_pictures_that_are_loaded_from_nowhere(
        self, mailing, make_event, make_booking
    ):
        letter = letters.render(ticket_letter(make_booking(make_event(), seats=3)))
        assert len(letter.pictures) == 3
        for cid, picture in letter.pictures.items():
            assert f'src="cid:{cid}"' in letter.html
            assert picture.startswith(b"\x89PNG")
        assert 'src="http' not in letter.html
        assert "url(" not in letter.html
        assert "<link" not in letter.html

    def test_a_calendar_file_comes_with_it(self, mailing, make_event, make_booking):
        letter = letters.render(ticket_letter(make_booking(make_event())))
        (file,) = letter.files
        assert file.kind == "text/calendar"
        assert b"BEGIN:VEVENT" in file.content

    def test_style_stands_in_the_elements_and_dark_colours_in_the_head(
        self, mailing, make_event, make_booking
    ):
        html = letters.render(ticket_letter(make_booking(make_event()))).html
        assert '<h1 style="' in html
        assert "prefers-color-scheme: dark" in html

    def test_a_ticket_given_back_meanwhile_is_not_sent(self, mailing, make_event, make_booking):
        booking = make_booking(make_event())
        with transaction() as session:
            session.get_one(Booking, booking.id).status = "CANCELLED"
            session.get_one(Booking, booking.id).cancelled_at = booking.created_at
        with pytest.raises(letters.NoLongerTrue):
            letters.render(ticket_letter(booking))
        db.session.rollback()

    def test_a_name_with_line_ends_makes_one_subject(self, mailing, make_event, make_booking):
        event = make_event(name="Jazz\r\nBcc: everybody@example.com")
        subject = letters.render(ticket_letter(make_booking(event))).subject
        assert "\n" not in subject
        assert parseaddr(subject)[1] != "everybody@example.com"
