"""Bookings looked up and listed, by their user and by the organiser."""

from itertools import chain

import pytest

from app.errors import BookingNotFound, EventNotFound, InvalidField, UserNotFound
from app.services import bookings, lookups
from app.services.booking_search import BookingQuery, search_bookings, search_bookings_of_event
from app.services.bookings import list_bookings_of_user


def ids(page):
    return [booking.id for booking in page.items]


def pages(listing, *args, limit):
    """Every page of a listing, one after another."""
    after = None
    while True:
        page = listing(*args, limit=limit, after=after)
        yield page
        after = page.next_cursor
        if after is None:
            return


def test_a_user_reads_their_own_booking_and_no_other(make_event, make_booking, make_user):
    user = make_user()
    mine, other = make_booking(make_event(), user), make_booking(make_event())
    assert bookings.get_booking(mine.id, of_user=user.id).id == mine.id
    with pytest.raises(BookingNotFound):
        bookings.get_booking(other.id, of_user=user.id)
    assert bookings.get_booking(other.id).id == other.id


def test_a_users_bookings_come_the_newest_first(make_event, make_booking, make_user):
    user, event = make_user(), make_event()
    made = [make_booking(event, user).id for _ in range(3)]
    make_booking(event)
    assert ids(list_bookings_of_user(user.id)) == made[::-1]


def test_a_user_without_bookings_has_an_empty_list_and_an_unknown_one_has_none(make_user):
    assert ids(list_bookings_of_user(make_user().id)) == []
    with pytest.raises(UserNotFound):
        list_bookings_of_user(999)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_paging_shows_every_booking_exactly_once(make_event, make_booking, make_user, limit):
    user, event = make_user(), make_event(capacity=10)
    made = [make_booking(event, user).id for _ in range(6)]
    for listing, owner in ((list_bookings_of_user, user), (search_bookings_of_event, event)):
        seen = [ids(page) for page in pages(listing, owner.id, limit=limit)]
        assert list(chain(*seen)) == made[::-1]
        assert all(len(page) == limit for page in seen[:-1])


def test_a_booking_made_meanwhile_shifts_no_page(make_event, make_booking, make_user):
    user, event = make_user(), make_event(capacity=10)
    made = [make_booking(event, user).id for _ in range(4)]
    first = list_bookings_of_user(user.id, limit=2)
    make_booking(event, user)
    second = list_bookings_of_user(user.id, limit=2, after=first.next_cursor)
    assert ids(first) + ids(second) == made[::-1]


def test_a_cursor_of_another_listing_is_refused(make_user):
    with pytest.raises(InvalidField):
        list_bookings_of_user(make_user().id, after="rubbish")


def test_the_organiser_filters_an_events_bookings_by_status(desk, make_event, make_booking):
    event = make_event()
    kept, gone = make_booking(event), make_booking(event)
    bookings.cancel(desk, gone.id)
    assert ids(search_bookings_of_event(event.id, status="CONFIRMED")) == [kept.id]
    assert ids(search_bookings_of_event(event.id, status="CANCELLED")) == [gone.id]


def test_the_organiser_finds_a_booking_by_name_email_or_reference(
    make_event, make_booking, make_user
):
    event = make_event()
    meena = make_booking(event, make_user("meena@example.org", name="Meena K_umar"))
    make_booking(event, make_user("ravi@example.com", name="Ravi Kumar"))
    for words in ("meena", "EXAMPLE.ORG", "k_umar meena", meena.spoken_reference.lower()):
        assert ids(search_bookings_of_event(event.id, q=words)) == [meena.id]
    assert ids(search_bookings_of_event(event.id, q="meena ravi")) == []
    assert ids(search_bookings_of_event(event.id, q="%")) == []


def test_the_bookings_of_an_unknown_event_are_not_listed():
    with pytest.raises(EventNotFound):
        search_bookings_of_event(999)


def test_held_seats_are_the_confirmed_ones_of_this_user_and_event(
    desk, make_event, make_booking, make_user
):
    user, event = make_user(), make_event()
    make_booking(event, user, seats=2)
    bookings.cancel(desk, make_booking(event, user, seats=1).id)
    make_booking(event)
    make_booking(make_event(), user)
    assert lookups.held(user.id, event.id).seats == 2


def test_a_word_of_the_events_name_does_not_find_all_its_bookings(make_event, make_booking):
    event = make_event(name="Rock Night")
    booking = make_booking(event)
    assert ids(search_bookings_of_event(event.id, q="night")) == []
    assert ids(search_bookings(BookingQuery(q="night"))) == [booking.id]
