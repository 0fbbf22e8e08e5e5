"""Tickets and lists are rendered once for all who have booked alike, and show each their own."""

import re
from datetime import timedelta

import pytest

from app.edge.page_marks import Mark
from app.models.columns import now
from app.presenters.ticket_addresses import ticket_secret
from app.web import shared_tickets
from app.web.shared_tickets import AnyBooking
from tests.web.conftest import PASSWORD

SALT = Mark.NAME.value.partition(".")[0]
TOKEN = re.compile(r'(name="csrf_token" value=")[^"]*')


@pytest.fixture
def person(new_visitor, make_user):
    """Signs somebody in."""

    def sign_in(**facts):
        user = make_user(password=PASSWORD, **facts)
        visitor = new_visitor()
        visitor.sign_in(user.email)
        visitor.user = user
        return visitor

    return sign_in


@pytest.fixture
def as_rendered_alone(app, monkeypatch):
    """The page that is rendered for one booking by itself."""

    def get(visitor, path):
        with monkeypatch.context() as patch:
            patch.setattr(shared_tickets, "_stands", lambda _booking: False)
            patch.setattr(shared_tickets, "has_message", lambda: True)
            return TOKEN.sub(r"\1", visitor.get(path).text)

    return get


@pytest.fixture
def address_of(app):
    def address_of(booking):
        with app.app_context():
            return f"/tickets/{ticket_secret(booking)}"

    return address_of


EVENTS = [
    {"name": "Kuchipudi by night"},
    {"name": "<b>Rāga</b> & “Tāla”", "venue": "Fort", "city": "Jaipur", "price_minor": 15_000},
    {"price_minor": 1_500, "currency": "JPY", "payment_note": "Pay by bank transfer."},
    {"name": "ఉత్సవం", "start_at": now() - timedelta(hours=1), "end_at": now() + timedelta(days=2)},
    {"start_at": now() - timedelta(days=3), "end_at": now() - timedelta(days=2)},
]


@pytest.mark.parametrize("facts", EVENTS)
@pytest.mark.parametrize("seats", [1, 3, 11])
def test_each_page_is_that_which_its_booking_would_get_by_itself(
    person, make_event, make_booking, as_rendered_alone, address_of, facts, seats, renders
):
    event = make_event(**{"capacity": 100, **facts})
    people = [person(name=name) for name in ("Lakshmi", "لكشمي", "<b>Bold</b>", "")]
    booked = [make_booking(event, user=one.user, seats=seats) for one in people]
    for visitor, booking in zip(people, booked, strict=True):
        own, secret = f"/bookings/{booking.id}", address_of(booking)
        for path in (
            own,
            f"{own}?new=1",
            secret,
            f"{secret}?new=1",
            "/bookings",
            "/bookings?show=past",
        ):
            shown = visitor.get(path).text
            assert SALT not in shown
            assert TOKEN.sub(r"\1", shown) == as_rendered_alone(visitor, path), path


def test_bookings_that_are_alike_are_rendered_once(app, person, make_event, make_booking, renders):
    event, people = make_event(capacity=50), [person(name=f"Person {n}") for n in range(8)]
    booked = [make_booking(event, user=one.user, seats=2) for one in people]
    renders.clear()
    app.extensions["response_cache"]._entries.clear()  # what was rendered for tests before
    for visitor, booking in zip(people, booked, strict=True):
        page = visitor.get(f"/bookings/{booking.id}").text
        assert page.count(booking.spoken_reference) >= 3
        assert booking.spoken_reference in visitor.get("/bookings").text
    # A few new seconds may have begun meanwhile.
    for name in ("pages/ticket.html", "fragments/booking_row.html", "pages/bookings.html"):
        assert 1 <= renders.count(name) <= len(people) / 2, name


def test_long_lists_go_on_where_each_persons_own_does(
    person, make_event, make_booking, as_rendered_alone
):
    event, people = make_event(capacity=500), [person(name=f"Person {n}") for n in range(3)]
    for more, visitor in enumerate(people):
        for seats in (1, 2) * (11 + more):
            make_booking(event, user=visitor.user, seats=seats)
    for visitor in people:
        shown = visitor.get("/bookings").text
        (rest,) = re.findall(r'href="(/bookings\?after=[^"]+)"', shown)
        for page in (shown, visitor.get(rest).text):
            assert SALT not in page
        assert TOKEN.sub(r"\1", shown) == as_rendered_alone(visitor, "/bookings")
        assert TOKEN.sub(r"\1", visitor.get(rest).text) == as_rendered_alone(visitor, rest)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET name = 'Renamed'",
        "UPDATE events SET venue = 'Elsewhere'",
        "UPDATE events SET start_at = start_at + interval '1 day'",
        "UPDATE events SET cancel_until = now() - interval '1 day'",
        "UPDATE events SET payment_note = 'Bring cash.'",
        "UPDATE events SET status = 'cancelled'",
        "UPDATE bookings SET seats = 1",
        "UPDATE bookings SET price_minor = 700",
        "UPDATE bookings SET guest_name = 'Somebody Else'",
        "UPDATE bookings SET status = 'CANCELLED', cancelled_at = now()",
    ],
)
def test_what_changes_is_seen_on_the_next_page(
    person, make_event, make_booking, as_rendered_alone, sql, change
):
    visitor = person(name="Lakshmi")
    booking = make_booking(make_event(price_minor=500), user=visitor.user, seats=2)
    paths = (f"/bookings/{booking.id}", "/bookings")
    before = [visitor.get(path).text for path in paths]
    sql(change)
    after = [TOKEN.sub(r"\1", visitor.get(path).text) for path in paths]
    assert after == [as_rendered_alone(visitor, path) for path in paths]
    assert after[0] != TOKEN.sub(r"\1", before[0])


def test_a_message_is_shown_above_the_ticket_once(person, make_event, make_booking):
    visitor = person(name="Lakshmi")
    booking = make_booking(make_event(), user=visitor.user, seats=2)
    for path in (f"/bookings/{booking.id}", "/bookings"):
        visitor.get(path)
        visitor.post("/account/name", {"name-name": "Lakshmi Iyer"})
        assert 'class="notice done"' in visitor.get(path).text
        assert 'class="notice done"' not in visitor.get(path).text


def test_a_template_that_asks_for_more_of_a_booking_fails(make_event, make_booking, app):
    booking = AnyBooking(make_booking(make_event()))
    with pytest.raises(RuntimeError, match="reference"):
        app.jinja_env.from_string("{{ booking.reference }}").render(booking=booking)


def test_the_list_of_a_browser_shows_each_ticket_by_its_secret(new_visitor, make_event, sql):
    event, visitor = make_event(), new_visitor()
    for number in range(2):
        form = {
            "seats": "1",
            "name": "Asha",
            "email": f"asha{number}@example.com",
            "idempotency_key": f"a-key-of-a-page-{number}",
        }
        visitor.post(f"/events/{event.id}/bookings", form)
    page = visitor.get("/tickets").text
    assert SALT not in page
    references = [row[0] for row in sql("SELECT reference FROM bookings")]
    assert len(references) == 2
    for reference in references:
        assert f'href="/tickets/{reference}' in page
