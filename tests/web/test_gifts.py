"""A seat for a friend: given on the ticket's pages, and accepted on a page of its own."""

import re

import pytest

from app.presenters.gift_addresses import gift_secret
from app.presenters.ticket_addresses import ticket_secret
from app.services import bookings, gifts
from tests.web.conftest import Visitor

ASHA = {"email": "asha@example.com", "name": "Asha"}


@pytest.fixture
def event(make_event):
    return make_event(name="Dance Night", capacity=9)


@pytest.fixture
def booked(app, desk, event):
    with app.app_context():
        return bookings.book_as_guest(desk, event_id=event.id, seats=3, **ASHA).booking


@pytest.fixture
def ticket(app, booked):
    with app.app_context():
        return f"/tickets/{ticket_secret(booked)}"


@pytest.fixture
def gift(app, desk, booked):
    with app.app_context():
        found = gifts.give(desk, booked.id)
        return f"/gifts/{gift_secret(found)}", found.booking.reference


def link_on(page):
    return re.search(r">https?://[^<]*(/gifts/[^<]+)<", page)[1]


def give(visitor, ticket):
    """As the page's form does; answers the page that follows."""
    seat = re.search(r'name="seat" value="(\d+)"', visitor.get(f"{ticket}/gifts").text)[1]
    answer = visitor.post(f"{ticket}/gifts", {"seat": seat})
    assert (answer.status_code, answer.location) == (303, f"{ticket}#gifts")
    return visitor.get(answer.location).text


def test_a_guest_gives_a_seat_and_the_friend_accepts_it(new_visitor, ticket, sql, invariants):
    asha, ravi = new_visitor(), new_visitor()
    assert f'href="{ticket}/gifts"' in asha.get(ticket).text
    link = link_on(give(asha, ticket))
    page = ravi.get(link).text
    assert "Asha gives you a seat" in re.sub(r"<[^>]+>", "", page)
    assert "Dance Night" in page
    answer = ravi.post(link, {"name": "Ravi", "email": "ravi@example.com"})
    assert answer.status_code == 303
    assert "Ravi" in ravi.get(answer.location).text
    assert answer.location.startswith("/tickets/")
    assert "accepted by" in asha.get(ticket).text
    assert "Ravi" in asha.get(ticket).text
    assert sql("SELECT seats, guest_name FROM bookings ORDER BY id") == [(2, "Asha"), (1, "Ravi")]
    # Their browser is led to the ticket; the giver's is told that it is gone.
    assert ravi.get(link).location == answer.location.partition("?")[0]
    assert "This seat is accepted" in asha.get(link).text


def test_an_account_gives_a_seat_and_takes_it_back(
    new_visitor, visitor, signed_in, event, make_booking, alice, sql, invariants
):
    ticket = f"/bookings/{make_booking(event, alice, seats=2).id}"
    link = link_on(give(visitor, ticket))
    back = re.search(r'action="([^"]+/taken-back)"', visitor.get(ticket).text)[1]
    answer = visitor.post(back)
    assert (answer.status_code, answer.location) == (303, ticket)
    assert "The seat is yours again" in visitor.get(ticket).text
    assert "This seat was taken back" in new_visitor().get(link).text
    assert "gifts/" not in visitor.get(ticket).text.replace(f"{ticket}/gifts", "")
    assert sql("SELECT seats, status FROM bookings ORDER BY id") == [
        (2, "CONFIRMED"), (1, "GIVEN_AWAY"),
    ]  # fmt: skip


def test_who_is_signed_in_finds_the_seat_in_the_account(
    visitor, signed_in, gift, alice, sql, event
):
    link, _reference = gift
    page = visitor.get(link).text
    assert 'value="Alice"' in page
    answer = visitor.post(link, {"name": "Alice", "email": "alice@example.com"})
    assert answer.location.startswith("/bookings/")
    assert visitor.get(answer.location).status_code == 200
    assert "Dance Night" in visitor.get("/bookings").text


def test_opening_the_link_accepts_nothing_and_tells_no_code(new_visitor, gift, sql):
    link, reference = gift
    for headers in ({"Accept": "*/*"}, {"User-Agent": "scanner"}):
        page = new_visitor().get(link, headers=headers)
        assert page.status_code == 200
        assert reference[:4] not in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert page.headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert sql("SELECT accepted_at FROM gifts") == [(None,)]
    assert "asha@example.com" not in new_visitor().get(link).text


def test_two_tabs_give_one_seat(visitor, ticket, sql):
    for _ in range(2):
        assert visitor.post(f"{ticket}/gifts", {"seat": "3"}).status_code == 303
    assert sql("SELECT seats FROM bookings ORDER BY id") == [(2,), (1,)]


@pytest.mark.parametrize("seat", ["", "0", "x", "99999", "1"])
def test_a_form_of_another_seat_gives_nothing(visitor, ticket, sql, seat):
    answer = visitor.post(f"{ticket}/gifts", {"seat": seat})
    assert answer.status_code == (409 if seat == "1" else 422)
    assert "notice error" in answer.text
    assert sql("SELECT count(*) FROM gifts") == [(0,)]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": ""}, "Enter your name."),
        ({"name": "\u200b"}, "Enter"),
        ({"name": "Ravi", "email": "ravi@"}, "Enter an email address, as in name@example.com."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(visitor, gift, form, sentence, sql):
    answer = visitor.post(gift[0], form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert sql("SELECT accepted_at FROM gifts") == [(None,)]


def test_who_names_an_email_is_not_told_what_it_has_booked(
    app, desk, visitor, make_event, make_user, make_booking
):
    event = make_event(capacity=9, max_per_person=2)
    friend = make_user()
    make_booking(event, friend, seats=2)
    with app.app_context():
        link = f"/gifts/{gift_secret(gifts.give(desk, make_booking(event, seats=2).id))}"
    answer = visitor.post(link, {"name": "Ravi", "email": friend.email})
    assert answer.status_code == 409
    assert "With one email 2 seats can be booked" in answer.text
    assert visitor.post(link, {"name": "Ravi"}).status_code == 303


@pytest.mark.parametrize("path", ["/gifts/1", "/gifts/1-AAAAAAAAAAAAAAAAAAAAAA", "/gifts/²"])
def test_another_secret_gives_nothing_and_guessing_is_counted(make_app, clean, gift, path):
    visitor = Visitor(make_app(limit_wrong_keys="3 per minute"))
    assert [visitor.get(path).status_code for _ in range(4)] == [404, 404, 404, 429]
    assert visitor.get(gift[0]).status_code == 200


def test_the_last_seat_leaves_a_ticket_that_says_so(new_visitor, app, desk, event, sql):
    with app.app_context():
        booked = bookings.book_as_guest(desk, event_id=event.id, seats=1, **ASHA).booking
        ticket = f"/tickets/{ticket_secret(booked)}"
    asha = new_visitor()
    assert "Give my seat away" in asha.get(f"{ticket}/gifts").text
    give(asha, ticket)
    for path in (ticket, f"{ticket}/gifts", f"{ticket}/cancellation"):
        assert asha.get(path).status_code == 200
    page = asha.get(ticket).text
    assert "You gave this seat away" in page
    assert "code-text" not in page
    assert "Take it back" in page


def test_a_gift_of_an_event_that_was_cancelled_says_so(visitor, gift, event, sql, factories):
    sql("UPDATE events SET status = 'cancelled'")
    factories.show()
    page = visitor.get(gift[0]).text
    assert "This event is cancelled" in page
    assert "Accept" not in page
    assert visitor.post(gift[0], {"name": "Ravi"}).status_code == 303
    assert sql("SELECT accepted_at FROM gifts") == [(None,)]


def test_staff_sees_whose_seat_came_from_whom(app, desk, organiser, event, booked):
    with app.app_context():
        waits, theirs = (gifts.give(desk, booked.id) for _ in range(2))
        gifts.accept(desk, theirs.booking_id, name="Ravi")
    givers = organiser.get(f"/admin/bookings/{booked.id}").text
    for gift in (waits, theirs):
        assert f'href="/admin/bookings/{gift.booking_id}"' in givers
    assert "waits for a name" in givers
    assert re.search(r"Ravi.*<strong>accepted</strong>", givers)
    friends = organiser.get(f"/admin/bookings/{theirs.booking_id}").text
    assert f'href="/admin/bookings/{booked.id}"' in friends
    assert "friends" not in organiser.get("/admin/bookings.csv").text
    listed = organiser.get(f"/admin/bookings?event={event.id}").text
    assert "A guest" in listed
    assert ">friends<" not in listed


def test_what_was_given_whole_is_listed_page_by_page(
    app, desk, visitor, signed_in, alice, make_event, make_booking, monkeypatch
):
    monkeypatch.setattr("app.web.my_bookings.PER_PAGE", 2)
    names = [f"Evening {number}" for number in range(3)]
    with app.app_context():
        for name in names:
            gifts.give(desk, make_booking(make_event(name=name), alice).id)
    page = visitor.get("/bookings?show=cancelled").text
    following = re.search(r'href="([^"]*after=[^"]*)"', page)[1].replace("&amp;", "&")
    found = page + visitor.get(following).text
    assert [found.count(f">{name}<") for name in names] == [1, 1, 1]
    assert found.count("Given away") == 3


def test_who_gives_and_takes_back_without_end_is_told_to_wait(make_app, clean, ticket):
    visitor = Visitor(make_app(limit_booking="2 per minute"))
    answers = [visitor.post(f"{ticket}/gifts", {"seat": "3"}).status_code for _ in range(3)]
    assert answers == [303, 303, 429]


def test_who_gives_the_rest_back_is_told_of_what_waits(app, desk, visitor, ticket, booked):
    told = "Seats that you gave to friends stay theirs."
    assert told not in visitor.get(f"{ticket}/cancellation").text
    with app.app_context():
        gifts.give(desk, booked.id)
    assert told in visitor.get(f"{ticket}/cancellation").text
    visitor.post(f"{ticket}/cancellation", {"had": "2", "give": "2"})
    page = visitor.get(ticket).text
    back = re.search(r'action="([^"]+/taken-back)"', page)[1]
    assert visitor.post(back).status_code == 303
    assert "Seat 1 of 1" in visitor.get(ticket).text
