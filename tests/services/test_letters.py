"""Letters: what they say, in text and HTML, and what they carry with them."""

from email.utils import parseaddr

import pytest
from sqlalchemy import select

from app.booking.orders import Item
from app.db import db, transaction
from app.models import Booking, Mail
from app.models.references import spoken
from app.services import (
    booking_guests,
    bookings,
    gifts,
    letter_tickets,
    letters,
    outbox,
)
from app.services.mail_relay import relay


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


def tickets_letter(email="asha@example.com"):
    """The one that is owed to the person."""
    mine = select(Mail).where(Mail.letter == "ticket", Mail.recipient == email)
    return db.session.scalars(mine).one()


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


class TestAnOrderOfSeveralTicketTypes:
    @pytest.fixture
    def shop(self, mailing):
        return mailing.extensions["desk"]

    @pytest.fixture
    def event(self, make_event):
        return make_event(name="Jazz", capacity=40, price_minor=50_000)

    @pytest.fixture
    def order(self, shop, event, factories):
        """Book seats of General and of VIP in one order; the letters' worker has not seen it."""
        types = factories.ticket_types(event, {"name": "VIP", "price_minor": 90_000})

        def book(general=2, vip=1, email="asha@example.com"):
            items = [Item(types["General"].id, general), Item(types["VIP"].id, vip)]
            return bookings.book_as_guest(
                shop,
                email=email,
                name="Asha",
                event_id=event.id,
                seats=general + vip,
                items=items,
            ).bookings

        return book

    def test_it_makes_one_letter_with_all_tickets(self, order, owed):
        general, vip = order()
        relay()
        assert owed() == [("ticket", "asha@example.com")]
        letter = letters.render(tickets_letter())
        assert letter.subject == "Your ticket: Jazz"
        for text in (letter.text, letter.html):
            for one, name in ((general, "General"), (vip, "VIP")):
                assert name in text
                assert spoken(one.reference) in text
                assert f"/tickets/{one.reference}" in text
            assert "₹1,900" in text
        assert len(letter.pictures) == 3
        assert all(f'src="cid:{cid}"' in letter.html for cid in letter.pictures)
        names = [file.name for file in letter.files]
        assert names == [f"{one.reference.lower()}.ics" for one in (general, vip)]

    def test_it_tells_the_fees_in_what_they_cost(self, order, event, sql):
        sql("UPDATE events SET fee_basis_points = 300 WHERE id = %s", event.id)
        order()
        relay()
        letter = letters.render(tickets_letter())
        for text in (letter.text, letter.html):
            assert "₹1,957, with a fee of ₹57" in text

    def test_several_orders_and_people_have_one_each(self, order, owed):
        order(), order(), order(email="bo@example.com")
        relay()
        assert [to for _letter, to in owed()] == ["asha@example.com"] * 2 + ["bo@example.com"]

    def test_codes_of_all_tickets_together_stay_few_enough_for_mail_programs(self, order):
        order(general=15, vip=15)
        relay()
        letter = letters.render(tickets_letter())
        assert len(letter.pictures) == letter_tickets.MAX_CODES
        assert "The other codes are on your ticket." in letter.text

    @pytest.mark.parametrize("given_back", [0, 1])
    @pytest.mark.parametrize("before_the_relay", [True, False])
    def test_what_was_given_back_meanwhile_is_left_out(
        self, shop, order, sql, given_back, before_the_relay
    ):
        booked = order()
        if not before_the_relay:
            relay()
        bookings.cancel(shop, booked[given_back].id)
        relay()
        letter = letters.render(tickets_letter())
        assert booked[1 - given_back].reference in letter.text
        assert booked[given_back].reference not in letter.text

    def test_a_letter_of_what_is_all_given_back_is_not_sent(self, shop, order):
        for one in order():
            relay()
            bookings.cancel(shop, one.id)
        with pytest.raises(letters.NoLongerTrue):
            letters.render(tickets_letter())
        db.session.rollback()

    @pytest.mark.parametrize("moved", [0, 1])
    def test_a_ticket_that_is_somebody_elses_now_has_a_letter_of_its_own(
        self, shop, order, owed, moved
    ):
        booked = order()
        relay()
        change = booking_guests.GuestChange(name="Bo", email="bo@example.com")
        booking_guests.change_guest(shop, booked[moved].id, change)
        relay()
        assert owed() == [("ticket", "asha@example.com"), ("ticket", "bo@example.com")]
        for mine, email in ((1 - moved, "asha@example.com"), (moved, "bo@example.com")):
            text = letters.render(tickets_letter(email)).text
            assert booked[mine].reference in text
            assert booked[1 - mine].reference not in text

    def test_a_seat_that_a_friend_has_is_told_of_alone(self, shop, order, owed):
        general, _vip = order()
        relay()
        gift = gifts.give(shop, general.id)
        friends = gifts.accept(shop, gift.booking_id, name="Bo", email="bo@example.com")
        relay()
        letter = letters.render(tickets_letter("bo@example.com"))
        assert owed()[1] == ("ticket", "bo@example.com")
        assert len(letter.pictures) == 1
        assert general.reference not in letter.text
        assert friends.reference in letter.text
