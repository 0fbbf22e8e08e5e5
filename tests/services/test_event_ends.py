"""An event is over at its end: whether it is, and whether it sells, in Python and in SQL."""

from datetime import timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.db import db
from app.errors import CancellationClosed, SalesClosed
from app.lib.datetimes import day_begins
from app.models import Event, Phase, SaleState
from app.models.columns import now
from app.models.event import set_default_length
from app.presenters.event_times import lasts_days
from app.services import account_deletion, bookings, events, user_bookings
from app.services.event_search import EventQuery
from app.services.events import list_events
from app.services.search_terms import Meaning
from app.services.user_bookings import Tab

pytestmark = pytest.mark.usefixtures("invariants")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHIFTS = [timedelta(0), -timedelta(microseconds=1), HOUR, -HOUR]


@pytest.fixture
def fair(make_event):
    """The second of three days, with seats sold until the end."""
    start = now() - DAY
    end = start + 3 * DAY
    return make_event(name="Fair", start_at=start, end_at=end, sales_close_at=end)


def ids(condition):
    return set(db.session.scalars(select(Event.id).where(condition)))


def test_python_and_sql_agree_on_what_is_over_and_what_sells_at_every_edge(make_event):
    at = now()
    offers = [None, *(at + shift for shift in SHIFTS)]
    made = []
    for shift, lasts, opens, closes in product(SHIFTS, (None, HOUR, DAY), offers, offers):
        if opens and closes and closes <= opens:
            continue
        for begins in (at + shift, at + shift - 3 * HOUR):
            facts = {"end_at": begins + lasts if lasts else None, "start_at": begins}
            facts |= {"sales_open_at": opens, "sales_close_at": closes}
            made.append(Event(name="Kolam", capacity=5, seats_available=5, **facts))
    made[0].seats_available, made[1].status, made[2].sales_paused = 0, "cancelled", True
    with db.session.begin():
        db.session.add_all(made)
        db.session.flush()
        assert ids(Event.are_over(at)) == {e.id for e in made if e.is_over(at)}
        assert ids(Event.are_to_come(at)) == {e.id for e in made if not e.is_over(at)}
        selling = {e.id for e in made if e.sale_state(at) == SaleState.OPEN}
        assert ids(Event.are_on_sale(at)) == selling
        assert 0 < len(selling) < len(made)
        cancellable = {e.id for e in made if e.cancellable_until > at}
        assert ids(Event.cancellable_until > at) == cancellable
        db.session.rollback()


def test_an_event_under_way_stays_in_the_list_until_its_end(make_event, fair):
    make_event(name="Evening", start_at=now() - 2 * HOUR)
    make_event(name="Over", start_at=now() - 4 * HOUR)
    make_event(name="Short", start_at=now() - 2 * HOUR, end_at=now() - HOUR)
    assert [e.name for e in list_events(EventQuery()).items] == ["Fair", "Evening"]
    past = list_events(EventQuery(past_only=True)).items
    assert [e.name for e in past] == ["Short", "Over"]
    assert fair.phase() == Phase.UNDER_WAY


def test_the_length_of_an_event_without_an_end_is_a_setting(make_app, make_event):
    event = make_event(start_at=now() - 2 * HOUR)
    try:
        make_app(default_event_hours=1.5)
        assert event.phase() == Phase.OVER
        assert list_events(EventQuery()).items == []
    finally:
        set_default_length(3 * HOUR)
    assert event.phase() == Phase.UNDER_WAY


def test_the_second_day_of_a_fair_sells_until_the_organisers_closing(desk, fair, make_user):
    booked = bookings.book(desk, user_id=make_user().id, event_id=fair.id, seats=2)
    assert booked.booking.seats == 2


def test_an_event_under_way_sells_nothing_unless_the_organiser_says_so(desk, make_event, make_user):
    event = make_event(start_at=now() - HOUR)
    with pytest.raises(SalesClosed) as refusal:
        bookings.book(desk, user_id=make_user().id, event_id=event.id, seats=1)
    assert refusal.value.state == "closed"


def test_a_ticket_is_to_come_until_the_event_has_ended(make_user, make_event, make_booking, fair):
    user = make_user()
    make_booking(make_event(name="Tomorrow"), user)
    make_booking(fair, user)
    make_booking(make_event(name="Over", start_at=now() - 4 * HOUR), user)
    shown = user_bookings.list_tab(user.id, Tab.UPCOMING, limit=9)[0].items
    assert [booking.event.name for booking in shown] == ["Fair", "Tomorrow"]
    assert user_bookings.count_by_tab(user.id)[Tab.PAST] == 1


@pytest.mark.parametrize("limit", [1, 2, 9])
def test_what_runs_for_weeks_stands_below_tonights_concert_in_ones_bookings(
    app, make_event, make_booking, make_user, limit
):
    user = make_user()
    times = {
        "Exhibition": (-HOUR, 40 * DAY),
        "Tonight": (5 * HOUR, None),
        "Being played": (-2 * HOUR, 3 * HOUR),
        "Later exhibition": (DAY, 60 * DAY),
        "Next month": (30 * DAY, None),
    }
    for name, (start, length) in times.items():
        start_at = now() + start
        facts = {"name": name, "start_at": start_at, "end_at": length and start_at + length}
        make_booking(make_event(**facts), user)
    shown, after = [], None
    with app.app_context():
        while not shown or after:
            page, _ = user_bookings.list_tab(user.id, Tab.UPCOMING, limit=limit, after=after)
            shown += [booking.event.name for booking in page.items]
            after = page.next_cursor
    assert shown == ["Being played", "Tonight", "Later exhibition", "Next month", "Exhibition"]


def test_leaving_keeps_the_seats_of_an_event_under_way(
    desk, make_user, make_event, make_booking, fair, sql
):
    user = make_user(password="correct horse battery")
    make_booking(fair, user)
    make_booking(make_event(), user)
    assert account_deletion.count_cancellable(user.id) == 1
    assert account_deletion.delete_account(user.id, "correct horse battery", desk) == 1
    assert sql("SELECT status FROM bookings ORDER BY id") == [("CONFIRMED",), ("CANCELLED",)]


def test_what_ends_by_six_belongs_to_the_day_before_in_lists_search_and_words(make_event):
    begins = day_begins(now(), ZoneInfo("Asia/Kolkata"), 30)
    six, second = begins + 6 * HOUR, timedelta(seconds=1)
    at_six = make_event(start_at=begins - 4 * HOUR, end_at=six, time_zone="Asia/Kolkata")
    later = make_event(start_at=begins - 4 * HOUR, end_at=six + second, time_zone="Asia/Kolkata")
    for query in (
        EventQuery(takes_place_after=begins, starts_before=begins + DAY),
        EventQuery(q="that", meanings=(Meaning("that", "that", begins, begins + DAY),)),
    ):
        assert [event.id for event in list_events(query).items] == [later.id]
    assert (lasts_days(at_six), lasts_days(later)) == (False, True)


def test_in_the_small_hours_what_still_goes_on_takes_place_today(make_event):
    begins = now() - HOUR
    late = make_event(start_at=begins - 2 * HOUR, end_at=begins + 3 * HOUR)
    make_event(start_at=begins - 5 * HOUR, end_at=begins + HOUR / 2)
    query = EventQuery(q="today", meanings=(Meaning("today", "today", begins, begins + DAY),))
    assert [event.id for event in list_events(query).items] == [late.id]


def test_the_second_day_of_a_fair_takes_seats_back_if_the_organiser_says_so(
    desk, make_event, make_booking, make_user
):
    guest, start = make_user(), now() - DAY
    usual = make_event(start_at=start, end_at=start + 3 * DAY)
    with pytest.raises(CancellationClosed):
        bookings.cancel(desk, make_booking(usual, guest).id, by_user=guest.id)
    events.update_event(usual.id, {"cancel_until": start + 3 * DAY}, desk)
    booking = make_booking(usual, guest)
    assert not bookings.cancel(desk, booking.id, by_user=guest.id).takes_seats
