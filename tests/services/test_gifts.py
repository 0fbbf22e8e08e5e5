"""A seat given to a friend: it counts once, its old code dies, and it is the friend's for good once
they gave a name."""

from collections import Counter
from datetime import timedelta
from random import Random
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from app.db import db, transaction
from app.errors import (
    BookingChanged,
    BookingNotFound,
    GiftClosed,
    GiftNotFound,
    NotGivable,
    OverPersonLimit,
)
from app.models import (
    Booking,
    BookingState,
    DoorAnswer,
    Event,
    GiftState,
    Happened,
    Mail,
    NotValid,
)
from app.models.columns import now
from app.presenters.gift_addresses import gift_secret
from app.presenters.ticket_addresses import ticket_secret
from app.services import (
    account_deletion,
    admissions,
    analytics,
    booking_search,
    bookings,
    check_ins,
    doors,
    event_news,
    events,
    forgetting,
    gifts,
    letters,
    mail_relay,
    outbox,
    sales,
    tickets,
)
from app.services.booking_search import BookingQuery
from app.services.check_ins import Scan
from app.services.sales import Sums
from tests.support.sums import seats_left

pytestmark = pytest.mark.usefixtures("invariants")
DAY = timedelta(days=1)


@pytest.fixture
def event(make_event):
    return make_event(capacity=9, price_minor=50_000)


@pytest.fixture
def scan(asha):
    """Scan a code at the door of its event; answers what the door is told."""

    def scan(event, code):
        return check_ins.check_in(event.id, Scan(uuid4(), str(code)))

    return scan


def reason(scan, event, booking, seat):
    """Why the booking's code of this seat is not valid; None if it is."""
    told = scan(event, f"{booking.reference}-{seat}")
    if told.answer == DoorAnswer.ADMITTED:
        check_ins.undo(event.id, told.check_in.id, undo_id=uuid4())
    return told.reason


def rows(sql):
    return sql("SELECT seats, status, seats_given_away FROM bookings ORDER BY id")


def test_a_seat_moves_and_the_event_sells_as_many_as_before(desk, event, make_booking, sql):
    booking = make_booking(event, seats=3, price_minor=50_000)
    before = sql("SELECT version FROM events")
    gift = gifts.give(desk, booking.id)
    assert (gift.seat, gift.state) == (3, GiftState.WAITING)
    assert rows(sql) == [(2, "CONFIRMED", 1), (1, "CONFIRMED", 0)]
    assert seats_left(sql, event) == 6
    assert sql("SELECT version FROM events") == before
    assert sql("SELECT price_minor, created_at FROM bookings WHERE id = %s", booking.id) == sql(
        "SELECT price_minor, created_at FROM bookings WHERE id = %s", gift.booking_id
    )


def test_at_the_door_the_old_code_is_dead_at_once_and_the_others_stay(
    desk, event, make_booking, scan
):
    booking = make_booking(event, seats=3)
    gift = gifts.give(desk, booking.id)
    assert [reason(scan, event, booking, seat) for seat in (1, 2, 3, 4)] == [
        *(None, None, NotValid.GIVEN_AWAY, NotValid.UNKNOWN),
    ]
    friends = gifts.accept(desk, gift.booking_id, name="Ravi")
    assert reason(scan, event, friends, 1) is None
    assert friends.reference != booking.reference


def test_seats_given_back_and_given_away_are_told_apart_at_the_door(
    desk, event, make_booking, scan
):
    booking = make_booking(event, seats=4)
    bookings.cancel(desk, booking.id, keep=3)
    gifts.give(desk, booking.id)
    bookings.cancel(desk, booking.id, keep=1)
    assert [reason(scan, event, booking, seat) for seat in (1, 2, 3, 4, 5)] == [
        *(None, NotValid.GIVEN_BACK, NotValid.GIVEN_AWAY, NotValid.GIVEN_BACK, NotValid.UNKNOWN),
    ]


def test_the_same_seat_from_two_tabs_is_one_gift(desk, event, make_booking, sql):
    booking = make_booking(event, seats=3)
    first = gifts.give(desk, booking.id, seat=3)
    again = gifts.give(desk, booking.id, seat=3)
    assert again.booking_id == first.booking_id
    assert gift_secret(again) == gift_secret(first)
    assert rows(sql) == [(2, "CONFIRMED", 1), (1, "CONFIRMED", 0)]
    gifts.accept(desk, first.booking_id, name="Ravi")
    with pytest.raises(NotGivable, match="seats_changed"):
        gifts.give(desk, booking.id, seat=3)


def test_a_seat_taken_back_is_the_last_again_and_its_link_and_code_die(
    desk, event, make_booking, scan, sql
):
    booking = make_booking(event, seats=3)
    gift = gifts.give(desk, booking.id)
    secret = gift_secret(gift)
    for _ in range(2):
        assert gifts.take_back(desk, booking.id, gift.booking_id).seats == 3
    assert rows(sql) == [(3, "CONFIRMED", 0), (1, "GIVEN_AWAY", 0)]
    assert reason(scan, event, booking, 3) is None
    assert reason(scan, event, gift.booking, 1) == NotValid.GIVEN_AWAY
    assert gifts.find_gift(secret).state == GiftState.TAKEN_BACK
    with pytest.raises(GiftClosed, match="taken_back"):
        gifts.accept(desk, gift.booking_id, name="Ravi")
    assert gifts.list_gifts(booking) == []
    another = gifts.give(desk, booking.id)
    assert gift_secret(another) != secret


def test_the_last_seat_may_be_given_and_taken_back(desk, event, make_booking, scan, sql):
    booking = make_booking(event)
    gift = gifts.give(desk, booking.id)
    assert rows(sql) == [(1, "GIVEN_AWAY", 1), (1, "CONFIRMED", 0)]
    assert bookings.get_booking(booking.id).state == BookingState.GIVEN_AWAY
    assert reason(scan, event, booking, 1) == NotValid.GIVEN_AWAY
    assert scan(event, booking.reference).reason == NotValid.GIVEN_AWAY
    with pytest.raises(NotGivable, match="booking_over"):
        gifts.give(desk, booking.id)
    with pytest.raises(BookingChanged):
        bookings.cancel(desk, booking.id)
    gifts.take_back(desk, booking.id, gift.booking_id)
    assert rows(sql) == [(1, "CONFIRMED", 0), (1, "GIVEN_AWAY", 0)]
    assert reason(scan, event, booking, 1) is None


def test_of_two_gifts_the_one_that_stays_keeps_a_dead_number(desk, event, make_booking, scan):
    booking = make_booking(event, seats=2)
    first, second = (gifts.give(desk, booking.id) for _ in range(2))
    assert (first.seat, second.seat) == (2, 1)
    gifts.take_back(desk, booking.id, first.booking_id)
    assert [reason(scan, event, booking, seat) for seat in (1, 2)] == [None, NotValid.GIVEN_AWAY]
    gifts.take_back(desk, booking.id, second.booking_id)
    assert [reason(scan, event, booking, seat) for seat in (1, 2)] == [None, None]


def test_a_seat_comes_back_also_where_the_others_were_given_back(
    desk, event, make_booking, scan, sql
):
    booking = make_booking(event, seats=3)
    gift = gifts.give(desk, booking.id)
    bookings.cancel(desk, booking.id)
    gifts.take_back(desk, booking.id, gift.booking_id)
    assert rows(sql) == [(1, "CONFIRMED", 0), (1, "GIVEN_AWAY", 0), (2, "CANCELLED", 0)]
    assert [reason(scan, event, booking, seat) for seat in (1, 2, 3)] == [
        *(None, NotValid.GIVEN_BACK, NotValid.GIVEN_BACK),
    ]
    assert seats_left(sql, event) == 8


def test_whatever_is_done_each_number_is_alive_or_dead_for_one_reason(
    desk, make_event, make_booking, scan, sql, invariants
):
    """A walk at random through all that moves a seat, against the rule in one sentence: of four
    seats the first are alive, each gift has a dead number of its own, others were given back."""
    random, event = Random(91), make_event(capacity=50)
    seen = Counter()
    for _ in range(4):
        booking, waiting = make_booking(event, seats=4), []
        for _ in range(14):
            seats = read(booking).seats if read(booking).takes_seats else 0
            act = random.choice(("give", "give", "back", "take", "take", "accept"))
            seen[act, seats] += 1
            if act == "give" and seats:
                waiting.append(gifts.give(desk, booking.id, seat=seats).booking_id)
            elif act == "take" and waiting:
                gifts.take_back(desk, booking.id, random.choice(waiting))
            elif act == "accept" and waiting:
                gifts.accept(desk, random.choice(waiting), name="Ravi")
            elif act == "back" and seats:
                bookings.cancel(desk, booking.id, keep=random.randrange(seats))
            db.session.expire_all()
            listed = gifts.list_gifts(read(booking))
            waiting = [one.booking_id for one in listed if one.state == GiftState.WAITING]
            found = read(booking)
            alive = set(range(1, found.seats + 1)) if found.takes_seats else set()
            given = {one.seat for one in listed}
            assert len(given) == len(listed) == found.seats_given_away
            assert not alive & given
            told = {seat: reason(scan, event, booking, seat) for seat in range(1, 6)}
            assert {seat for seat, why in told.items() if why is None} == alive
            if found.takes_seats:
                assert {seat for seat, why in told.items() if why == NotValid.GIVEN_AWAY} == given
                gone = {seat for seat, why in told.items() if why == NotValid.GIVEN_BACK}
                assert gone == {1, 2, 3, 4} - alive - given
                assert told[5] == NotValid.UNKNOWN
            invariants()
    assert len(seen) > 12, "the walk saw too little"


def test_what_a_friend_accepted_is_theirs_alone(desk, event, make_booking, make_user, sql):
    giver = make_user()
    booking = make_booking(event, giver, seats=2)
    gift = gifts.give(desk, booking.id)
    friends = gifts.accept(desk, gift.booking_id, name="Ravi", email="Ravi@Example.com")
    assert (friends.holder_name, friends.user.email) == ("Ravi", "ravi@example.com")
    with pytest.raises(GiftClosed, match="accepted"):
        gifts.take_back(desk, booking.id, gift.booking_id)
    with pytest.raises(GiftClosed, match="accepted"):
        gifts.accept(desk, gift.booking_id, name="Somebody")
    with pytest.raises(BookingNotFound):
        bookings.cancel(desk, friends.id, by_user=giver.id)
    bookings.cancel(desk, friends.id, by_user=friends.user_id)
    assert [one.state for one in gifts.list_gifts(bookings.get_booking(booking.id))] == [
        GiftState.GIVEN_BACK
    ]
    assert seats_left(sql, event) == 8


def test_a_friend_without_an_email_has_a_ticket_and_is_nobodys_account(
    desk, event, make_booking, sql
):
    gift = gifts.give(desk, make_booking(event, seats=2).id)
    friends = gifts.accept(desk, gift.booking_id, name="Ravi")
    found = tickets.find_ticket(ticket_secret(friends))
    assert found.holder_name == "Ravi"
    assert sql("SELECT count(*) FROM users WHERE deleted_at IS NULL AND email = 'friends'") == [
        (0,)
    ]
    # They may give it on, as any guest.
    onward = gifts.give(desk, friends.id)
    assert onward.booking.holder_name == ""


def test_the_giver_knows_neither_the_friends_ticket_nor_its_code(desk, event, make_booking):
    gift = gifts.give(desk, make_booking(event, seats=2).id)
    secret = gift_secret(gift)
    assert gift.booking.reference not in secret
    assert gifts.find_gift(secret).booking_id == gift.booking_id
    made_up = (secret[:-1], secret[:-1] + "~", f"{gift.from_id}-{secret.partition('-')[2]}")
    for wrong in (*made_up, "", "1", "-", "9" * 30, "²-x", ticket_secret(gift.booking)):
        with pytest.raises(GiftNotFound):
            gifts.find_gift(wrong)


def test_a_gift_is_taken_back_by_the_booking_that_gave_it_alone(
    desk, event, make_booking, make_user
):
    giver, other = make_user(), make_user()
    gift = gifts.give(desk, make_booking(event, giver, seats=2).id, by_user=giver.id)
    others = make_booking(event, other)
    with pytest.raises(GiftNotFound):
        gifts.take_back(desk, others.id, gift.booking_id, by_user=other.id)
    for call in (gifts.give, lambda *args, **who: gifts.take_back(*args, gift.booking_id, **who)):
        with pytest.raises(BookingNotFound):
            call(desk, gift.from_id, by_user=other.id)


def test_who_is_in_can_not_be_given_away_and_who_came_by_a_gift_not_taken_back(
    desk, event, make_booking, scan
):
    booking = make_booking(event, seats=2)
    gift = gifts.give(desk, booking.id)
    scan(event, gift.booking.reference)
    with pytest.raises(GiftClosed, match="seat_is_in"):
        gifts.take_back(desk, booking.id, gift.booking_id)
    scan(event, f"{booking.reference}-1")
    with pytest.raises(NotGivable, match="seat_is_in"):
        gifts.give(desk, booking.id)


def test_seats_are_given_after_the_deadline_for_cancelling_and_not_after_the_end(
    desk, make_event, make_booking
):
    late = make_event(cancel_until=now() - DAY)
    gift = gifts.give(desk, make_booking(late, seats=2).id)
    gifts.accept(desk, gift.booking_id, name="Ravi")
    over = make_booking(make_event(start_at=now() - DAY, end_at=now() - DAY / 2), seats=2)
    with pytest.raises(NotGivable, match="event_over"):
        gifts.give(desk, over.id)


def test_a_seat_that_is_not_paid_is_nobodys_to_give(desk, make_event, make_user, sql):
    event = make_event(price_minor=100, payment_minutes=15)
    order = {"user_id": make_user().id, "event_id": event.id, "seats": 2}
    booking = bookings.book(desk, **order).booking
    with pytest.raises(NotGivable, match="not_paid"):
        gifts.give(desk, booking.id)
    assert sql("SELECT status, seats FROM bookings") == [("RESERVED", 2)]


@pytest.mark.parametrize("end", ["cancelled", "over"])
def test_a_gift_of_an_event_that_is_cancelled_or_over_is_closed(
    desk, event, make_booking, end, sql
):
    booking = make_booking(event, seats=2)
    gift = gifts.give(desk, booking.id)
    if end == "cancelled":
        events.update_event(event.id, {"status": "cancelled"}, desk)
    else:
        sql("UPDATE events SET start_at = now() - interval '3 days'")
    with pytest.raises(GiftClosed, match=f"event_{end}"):
        gifts.accept(desk, gift.booking_id, name="Ravi")
    with pytest.raises(GiftClosed, match=f"event_{end}"):
        gifts.take_back(desk, booking.id, gift.booking_id)
    with pytest.raises(NotGivable, match=f"event_{end}"):
        gifts.give(desk, booking.id)


def test_the_limit_per_person_counts_for_who_has_the_seat(
    desk, make_event, make_booking, make_user
):
    event = make_event(capacity=9, max_per_person=2)
    giver, friend = make_user(), make_user()
    gift = gifts.give(desk, make_booking(event, giver, seats=2).id)
    own = make_booking(event, friend, seats=2)
    with pytest.raises(OverPersonLimit):
        gifts.accept(desk, gift.booking_id, name="Ravi", email=friend.email)
    bookings.cancel(desk, own.id)
    gifts.accept(desk, gift.booking_id, name="Ravi", email=friend.email)
    bookings.book(desk, user_id=giver.id, event_id=event.id, seats=1)


def test_a_calendar_that_has_the_booking_takes_each_change_for_newer(desk, event, make_booking):
    booking = make_booking(event, seats=2)
    gift = gifts.give(desk, booking.id)
    given = bookings.given_back(booking.id)
    gifts.take_back(desk, booking.id, gift.booking_id)
    back = bookings.given_back(booking.id)
    assert (given.times, back.times) == (1, 2)
    assert back.latest > given.latest


def test_figures_count_the_seat_and_its_money_once(app, desk, make_event, make_booking):
    event = make_event(capacity=9, price_minor=500)
    booking = make_booking(event, seats=2, price_minor=500)
    today, zone = now().date(), ZoneInfo("UTC")

    def figures():
        sold = sales.sales(today - DAY, today + DAY, zone).total
        (row,) = analytics.analyse(zone).events
        (day,) = analytics.analyse(zone).days
        counted = (row.seats_sold, row.cancellations, day.bookings, day.seats, day.cancellations)
        return sold, counted

    before = figures()
    assert before == (Sums(1, 2, booked_value={"INR": 1_000}, booked_value_back={"INR": 0}), (
        2, 0, 1, 2, 0,
    ))  # fmt: skip
    first, second = (gifts.give(desk, booking.id) for _ in range(2))
    assert figures() == before
    gifts.accept(desk, first.booking_id, name="Ravi")
    gifts.take_back(desk, booking.id, second.booking_id)
    assert figures() == before
    another = gifts.give(desk, booking.id)
    bookings.cancel(desk, first.booking_id)
    sold, counted = figures()
    assert (sold.bookings, sold.seats, sold.seats_back, sold.value) == (1, 2, 1, {"INR": 500})
    assert counted == (1, 1, 1, 1, 1)
    gifts.take_back(desk, booking.id, another.booking_id)
    assert figures() == (sold, counted)


def test_the_organisers_list_has_each_seat_once(desk, event, make_booking):
    booking = make_booking(event, seats=2)
    for _ in range(2):
        gift = gifts.give(desk, booking.id)
    gifts.accept(desk, gift.booking_id, name="Ravi", email="ravi@example.com")
    query = BookingQuery(event.id, state=BookingState.CONFIRMED.value)
    listed = list(booking_search.iterate_bookings(query))
    assert [(row.name, row.seats) for row in listed] == [("", 1), ("Ravi", 1)]
    assert admissions.arrivals(event.id).seats == 2
    (found,) = doors.find_guests(event.id, "ravi", 9)
    assert found.booking.id == gift.booking_id


def test_who_leaves_takes_what_still_waits_along_and_not_what_is_a_friends(
    desk, event, make_booking, make_user, sql, cheap_hashes
):
    giver = make_user(name="Asha", password=(password := "correct horse battery"))
    booking = make_booking(event, giver, seats=3)
    theirs, waiting = (gifts.give(desk, booking.id) for _ in range(2))
    gifts.accept(desk, theirs.booking_id, name="Ravi")
    assert account_deletion.count_cancellable(giver.id) == 2
    account_deletion.delete_account(giver.id, password, desk)
    found = {gift.booking_id: gift.state for gift in gifts.list_gifts(read(booking))}
    assert found == {
        theirs.booking_id: GiftState.ACCEPTED,
        waiting.booking_id: GiftState.GIVEN_BACK,
    }
    with pytest.raises(GiftClosed, match="given_back"):
        gifts.accept(desk, waiting.booking_id, name="Meena")
    assert seats_left(sql, event) == 8
    assert bookings.get_booking(theirs.booking_id).holder_name == "Ravi"


def test_a_friend_who_leaves_gives_the_seat_back_and_is_named_nowhere(
    desk, event, make_booking, make_user, sql, cheap_hashes
):
    friend = make_user(name="Ravi", password=(password := "correct horse battery"))
    booking = make_booking(event, seats=2)
    gift = gifts.give(desk, booking.id)
    gifts.accept(desk, gift.booking_id, name="Ravi", email=friend.email)
    account_deletion.delete_account(friend.id, password, desk)
    (listed,) = gifts.list_gifts(read(booking))
    assert (listed.state, listed.booking.holder_name) == (GiftState.GIVEN_BACK, "")
    assert seats_left(sql, event) == 8


def test_names_of_friends_without_an_email_are_forgotten_with_the_others(
    desk, event, make_booking, sql
):
    gift = gifts.give(desk, make_booking(event, seats=2).id)
    gifts.accept(desk, gift.booking_id, name="Ravi")
    sql("UPDATE events SET start_at = now() - interval '900 days', end_at = NULL")
    list(forgetting.forget_guests(365))
    assert sql("SELECT guest_name FROM bookings WHERE id = %s", gift.booking_id) == [(None,)]


class TestLetters:
    @pytest.fixture
    def mailing(self, make_app, clean):
        app = make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
        with app.app_context():
            yield app.extensions["desk"]

    @pytest.fixture
    def owed(self, sql):
        def owed():
            """The letters that are owed since the last question."""
            mail_relay.relay()
            found = sql("SELECT letter, recipient, booking_id FROM mails ORDER BY id")
            sql("DELETE FROM mails")
            return found

        return owed

    @pytest.fixture
    def giver(self, make_user):
        return make_user(email="asha@example.com")

    def test_a_friend_with_an_email_is_sent_the_ticket(
        self, mailing, owed, event, make_booking, giver
    ):
        booking = make_booking(event, giver, seats=3)
        first, second = (gifts.give(mailing, booking.id) for _ in range(2))
        assert owed() == []
        gifts.accept(mailing, first.booking_id, name="Ravi", email="ravi@example.com")
        gifts.accept(mailing, second.booking_id, name="Meena")
        assert owed() == [("ticket", "ravi@example.com", first.booking_id)]

    def test_news_reach_who_has_the_seat_and_no_giver_for_it(
        self, mailing, owed, event, make_booking, giver
    ):
        booking = make_booking(event, giver, seats=2)
        first, waiting = (gifts.give(mailing, booking.id) for _ in range(2))
        gifts.accept(mailing, first.booking_id, name="Ravi", email="ravi@example.com")
        owed()
        with transaction():
            facts = {"start_at": event.start_at.isoformat()}
            outbox.note(Happened.REMINDER, event_id=event.id, facts=facts)
        assert owed() == [("reminder", "ravi@example.com", first.booking_id)]
        assert event_news.count_guests(event) == 1
        gifts.take_back(mailing, booking.id, waiting.booking_id)
        assert event_news.count_guests(event) == 2

    def test_a_giver_whose_letter_waits_gets_none_for_the_seat(
        self, mailing, event, make_booking, giver
    ):
        booking = make_booking(event, giver)
        gifts.give(mailing, booking.id)
        letter = Mail(letter="ticket", recipient="a@b.example", locale="en_IN", facts={})
        letter.booking_id = booking.id
        with pytest.raises(letters.NoLongerTrue):
            letters.render(letter)


def read(booking):
    return bookings.get_booking(booking.id)


def test_models_know_who_may_give_a_seat_away():
    event = Event(start_at=now() + DAY, status="published", end_at=None)
    booking = Booking(status="CONFIRMED", seats=1, event=event)
    assert booking.can_be_given_away(now())
    assert not booking.can_be_given_away(now() + 9 * DAY)
