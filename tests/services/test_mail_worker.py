"""The worker: makes letters of what happened, and sends each one once."""

from datetime import timedelta

import pytest

from app.booking.desk import BookingDesk
from app.db import transaction
from app.models import EventStatus, Happened, User
from app.models.columns import now
from app.operations import mail_backlog
from app.services import bookings, events, mail_queue, mails, outbox
from app.services.mail_relay import relay
from app.services.mail_worker import MailWorker
from tests.support.mail_server import MailServer, break_off


@pytest.fixture
def post():
    with MailServer() as server:
        yield server


@pytest.fixture
def mailing(make_app, clean, post):
    app = make_app(
        mail_url=post.url, mail_from="tickets@bücher.example", organiser_name="The Stage"
    )
    with app.app_context():
        yield app


@pytest.fixture
def shop(mailing) -> BookingDesk:
    return mailing.extensions["desk"]


@pytest.fixture
def worker(mailing):
    return MailWorker(mailing, mailing.extensions["settings"])


@pytest.fixture
def deliver(worker):
    def work():
        while worker.work():
            pass
        worker._smtp.close()

    return work


@pytest.fixture
def states(sql):
    return lambda: sql("SELECT recipient, state, attempts, last_error FROM mails ORDER BY id")


@pytest.fixture
def later(sql):
    """Time passes."""
    return lambda: sql("UPDATE mails SET due_at = now() - interval '1 second'")


def owe(*recipients, letter="event_cancelled", **facts):
    with transaction():
        for recipient in recipients:
            outbox.enqueue(letter, recipient, **facts)


class TestWhatHappened:
    def test_a_booking_brings_its_ticket(self, shop, make_event, make_user, post, deliver, sql):
        user, event = make_user(email="asha@example.com"), make_event(name="Jazz")
        booked = bookings.book(shop, user_id=user.id, event_id=event.id, seats=2)
        deliver()
        (message,) = post.received("asha@example.com")
        assert message["Subject"] == "Your ticket: Jazz"
        assert message["From"] == "The Stage <tickets@xn--bcher-kva.example>"
        assert message["List-Unsubscribe"] is None
        kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
        assert kinds == ["text/plain", "text/html", "image/png", "image/png", "text/calendar"]
        assert booked.booking.reference in message.get_body(("plain",)).get_content().replace(
            "-", ""
        )
        assert sql("SELECT count(*) FROM journal_entries") == [(0,)]

    def test_a_guest_gets_one_too(self, shop, make_event, post, deliver):
        event = make_event()
        bookings.book_as_guest(
            shop, email="new@example.com", name="Řehoř", event_id=event.id, seats=1
        )
        deliver()
        assert len(post.received("new@example.com")) == 1

    def test_orders_of_one_turn_make_one_entry(self, shop, make_event, make_user, sql):
        from app.booking.orders import Order

        event = make_event(capacity=10)
        shop.settle([Order(make_user().id, event.id, 1) for _ in range(4)])
        assert sql("SELECT kind, cardinality(booking_ids) FROM journal_entries") == [("booked", 4)]

    def test_a_refused_order_is_told_to_nobody(self, shop, make_event, make_user, sql):
        from app.booking.orders import Order

        shop.settle([Order(make_user().id, make_event(capacity=1).id, 2)])
        assert sql("SELECT count(*) FROM journal_entries WHERE booking_ids <> '{}'") == [(0,)]

    def test_seats_given_back_say_which_codes_are_good(
        self, shop, make_event, make_user, post, deliver
    ):
        user, event = make_user(email="asha@example.com"), make_event()
        booked = bookings.book(shop, user_id=user.id, event_id=event.id, seats=3)
        deliver()
        bookings.cancel(shop, booked.booking.id, keep=1)
        deliver()
        bookings.cancel(shop, booked.booking.id)
        deliver()
        subjects = [message["Subject"] for message in post.received("asha@example.com")]
        assert [s.partition(":")[0] for s in subjects] == [
            "Your ticket",
            "2 seats given back",
            "Your booking is cancelled",
        ]

    def test_a_ticket_given_back_before_it_went_out_is_not_sent(
        self, shop, make_event, make_user, post, deliver
    ):
        user = make_user()
        booked = bookings.book(shop, user_id=user.id, event_id=make_event().id, seats=1)
        bookings.cancel(shop, booked.booking.id)
        deliver()
        (message,) = post.received()
        assert message["Subject"].startswith("Your booking is cancelled")

    def test_a_moved_event_tells_each_guest_once_and_what_changed(
        self, shop, make_event, make_user, make_booking, post, deliver
    ):
        event, user = make_event(name="Jazz"), make_user(email="asha@example.com")
        make_booking(event, user)
        make_booking(event, user)
        events.update_event(
            event.id,
            {"start_at": event.start_at + timedelta(days=7), "venue": "The Big Stage"},
            shop,
            words="The hall is flooded.",
        )
        deliver()
        (message,) = post.received()
        assert message["Subject"] == "New date: Jazz"
        text = message.get_body(("plain",)).get_content()
        assert "The Little Stage → The Big Stage" in text
        assert "The hall is flooded." in text

    def test_changes_in_quick_succession_make_one_letter_of_all(
        self, shop, make_event, make_user, make_booking, post, deliver
    ):
        event = make_event(name="Jazz", city="Pune")
        make_booking(event, make_user(email="asha@example.com"))
        events.update_event(event.id, {"venue": "The Barn"}, shop, words="The hall is flooded.")
        relay()
        make_booking(event, make_user(email="late@example.com"))
        events.update_event(event.id, {"venue": "The Big Stage", "city": "Goa"}, shop, words="Dry!")
        deliver()
        (message,) = post.received("asha@example.com")
        text = message.get_body(("plain",)).get_content()
        for said in ("The Little Stage → The Big Stage", "Pune → Goa", "flooded", "Dry!"):
            assert said in text
        (message,) = post.received("late@example.com")
        text = message.get_body(("plain",)).get_content()
        assert "The Barn → The Big Stage" in text
        assert "flooded" not in text

    def test_a_change_taken_back_before_anybody_was_told_is_told_to_nobody(
        self, shop, make_event, make_booking, post, deliver
    ):
        event = make_event()
        make_booking(event)
        for venue in ("The Barn", event.venue):
            events.update_event(event.id, {"venue": venue}, shop)
            relay()
        deliver()
        assert post.received() == []

    def test_an_entry_of_a_later_version_is_left_to_its_worker_and_logged_once(
        self, mailing, shop, make_event, make_user, worker, post, deliver, sql, caplog
    ):
        event = make_event()
        sql("ALTER TABLE journal_entries DROP CONSTRAINT ck_journal_entries_kind_known")
        try:
            sql("INSERT INTO journal_entries (kind, event_id) VALUES ('waited', %s)", event.id)
            bookings.book(shop, user_id=make_user().id, event_id=event.id, seats=1)
            for _look in range(2):
                worker._remind_at = 0.0
                deliver()
            assert len(post.received()) == 1
            assert sql("SELECT kind FROM journal_entries") == [("waited",)]
            told = [r.kind for r in caplog.records if "newer worker" in r.message]
            assert told == ["waited"]
        finally:
            kinds = ", ".join(f"'{kind}'" for kind in Happened)
            sql("DELETE FROM journal_entries WHERE kind = 'waited'")
            sql(
                "ALTER TABLE journal_entries ADD CONSTRAINT ck_journal_entries_kind_known"
                f" CHECK (kind IN ({kinds}))"
            )

    def test_a_change_that_guests_do_not_plan_by_is_told_to_nobody(
        self, shop, make_event, make_booking, post, deliver
    ):
        event = make_event()
        make_booking(event)
        events.update_event(event.id, {"description": "Longer", "capacity": 50}, shop)
        deliver()
        assert post.received() == []

    @pytest.mark.parametrize("way", ["cancelled", "deleted"])
    def test_a_cancelled_event_is_told_with_the_organisers_words(
        self, shop, make_event, make_booking, post, deliver, way
    ):
        event = make_event(name="Jazz", price_minor=5000)
        make_booking(event, price_minor=5000, booked_in="INR")
        if way == "cancelled":
            events.update_event(
                event.id, {"status": EventStatus.CANCELLED.value}, shop, words="So sorry."
            )
        else:
            events.delete_event(event.id, shop, force=True, words="So sorry.")
        deliver()
        (message,) = post.received()
        assert message["Subject"] == "Cancelled: Jazz"
        text = message.get_body(("plain",)).get_content()
        assert "So sorry." in text
        assert "₹50" in text

    def test_deleted_people_get_nothing(self, shop, make_event, make_user, sql, post, deliver):
        user = make_user()
        bookings.book(shop, user_id=user.id, event_id=make_event().id, seats=1)
        with transaction() as session:
            session.get_one(User, user.id).deleted_at = now()
        deliver()
        assert post.received() == []

    def test_a_rehearsals_people_get_nothing(self, shop, make_event, make_user, post, deliver):
        event = make_event()
        for name in ("rehearsal-0f3a9c1e-7@example.com", "rehearsal-hall@example.com"):
            bookings.book(shop, user_id=make_user(email=name).id, event_id=event.id, seats=1)
        events.update_event(event.id, {"venue": "The Hall"}, shop)
        deliver()
        assert not post.received("rehearsal-0f3a9c1e-7@example.com")
        assert len(post.received("rehearsal-hall@example.com")) == 2

    def test_two_relays_share_the_journal(self, shop, make_event, make_user, sql):
        event = make_event(capacity=50)
        for _ in range(3):
            bookings.book(shop, user_id=make_user().id, event_id=event.id, seats=1)
        assert relay() + relay() == 3
        assert sql("SELECT count(*) FROM mails") == [(3,)]


class TestSending:
    @pytest.mark.long
    def test_one_connection_serves_many(self, mailing, make_event, make_booking, post, deliver):
        event = make_event(status="cancelled", capacity=20)
        for number in range(5):
            owe(f"u{number}@example.com", booking_id=make_booking(event).id, facts={"words": ""})
        deliver()
        assert len(post.received()) == 5
        assert post.sessions == 1

    @pytest.fixture
    def owed(self, mailing, make_event, make_booking):
        booking = make_booking(make_event(status="cancelled"))

        def make(*recipients, **more):
            owe(*recipients, booking_id=booking.id, facts={"words": ""}, **more)

        return make

    def test_a_refusal_for_good_is_left_to_staff_who_may_send_it_again(
        self, owed, post, deliver, states
    ):
        post.says["gone@example.com"] = "550 no such mailbox"
        owed("gone@example.com", "here@example.com")
        deliver()
        assert states() == [
            ("gone@example.com", "given_up", 1, "550 no such mailbox"),
            ("here@example.com", "sent", 1, None),
        ]
        (mail,) = mails.list_given_up().items
        post.says.clear()
        mails.send_again(mail.id)
        mails.send_again(mail.id)
        deliver()
        assert len(post.received("gone@example.com")) == 1

    def test_a_greylisting_server_is_asked_again_later(self, owed, post, deliver, states, later):
        post.says["grey@example.com"] = "451 come back in a while"
        owed("grey@example.com")
        deliver()
        deliver()
        assert states() == [("grey@example.com", "queued", 1, "451 come back in a while")]
        post.says.clear()
        later()
        deliver()
        assert len(post.received()) == 1

    def test_after_the_last_attempt_it_is_given_up(self, owed, post, deliver, states, later):
        post.says["grey@example.com"] = "451 come back in a while"
        owed("grey@example.com")
        for _ in range(len(mail_queue.RETRY_AFTER) + 1):
            later()
            deliver()
        assert states()[0][1] == "given_up"

    def test_an_answer_lost_after_data_means_a_second_letter_of_the_same_id(
        self, owed, post, deliver, later, states
    ):
        post.after_data = break_off
        owed("asha@example.com")
        deliver()
        assert states()[0][1] == "queued"
        post.after_data = None
        later()
        deliver()
        first, second = post.received("asha@example.com")
        assert first["Message-ID"] == second["Message-ID"]
        assert first["Date"] == second["Date"]

    def test_a_server_that_is_away_costs_no_letter_an_attempt(self, owed, post, deliver, states):
        post.stop()
        try:
            owed("asha@example.com")
            deliver()
            assert states()[0][:3] == ("asha@example.com", "queued", 0)
        finally:
            post.start()

    def test_a_letter_that_somebody_waits_for_overtakes_the_many(self, owed, post, deliver):
        owed("many1@example.com", "many2@example.com", bulk=True)
        owed("waiting@example.com")
        deliver()
        assert post.tries[0] == "waiting@example.com"

    def test_what_a_dead_worker_had_is_taken_up_when_its_time_is_over(
        self, owed, post, deliver, states, later
    ):
        owed("asha@example.com")
        assert mail_queue.claim() is not None
        deliver()
        assert post.received() == []
        later()
        deliver()
        assert len(post.received()) == 1

    def test_an_address_beyond_ascii_is_written_as_the_mail_system_knows_it(
        self, owed, post, deliver, states
    ):
        owed("asha@bücher.example", "žofie@example.com")
        deliver()
        assert post.tries[0] == "asha@xn--bcher-kva.example"
        assert {state for _to, state, *_ in states()} <= {"sent", "given_up"}

    def test_no_name_adds_a_header(self, make_event, make_booking, post, deliver):
        event = make_event(status="cancelled", name="Jazz\r\nBcc: all@example.com")
        owe("asha@example.com", booking_id=make_booking(event).id, facts={"words": ""})
        deliver()
        (message,) = post.received()
        assert message["Bcc"] is None
        assert post.tries == ["asha@example.com"]

    def test_what_was_sent_keeps_no_facts(self, make_event, make_booking, sql, deliver):
        booking = make_booking(make_event(status="cancelled"))
        owe("asha@example.com", booking_id=booking.id, facts={"words": "secret"})
        deliver()
        assert sql("SELECT facts FROM mails") == [({},)]

    def test_a_letter_that_can_not_be_written_holds_up_no_other(self, owed, post, deliver, states):
        owe("asha@example.com", letter="sign_in", facts={"a link": "lacking"})
        owed("bob@example.com")
        deliver()
        assert [state for _to, state, *_ in states()] == ["given_up", "sent"]

    def test_a_letter_of_a_later_version_is_left_to_its_worker_and_logged_once(
        self, owed, worker, deliver, states, later, caplog
    ):
        owe("asha@example.com", letter="waiting_list")
        owed("bob@example.com")
        for _look in range(2):
            worker._remind_at = 0.0
            deliver()
            later()
        assert [facts[1:3] for facts in states()] == [("queued", 0), ("sent", 1)]
        told = [r.kind for r in caplog.records if "newer worker" in r.message]
        assert told == ["waiting_list"]

    def test_the_backlog_counts_what_waits(self, owed):
        owed("asha@example.com")
        assert mail_backlog.backlog()[:3] == (1, 0, 0)
        assert mail_backlog.backlog().oldest >= 0
