"""Every way to seats: which ask for a turn in the waiting room, and that nothing else does."""

import re
from collections import Counter
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from uuid import uuid4

import pytest

from app.api.fast_path import ApiFastPath
from app.booking.redis_client import connect
from app.edge.access import RULES, Who
from app.edge.current import waiting_rooms
from app.services.room_exemptions import exempted
from app.services.room_settings import change_room
from app.waiting_room.spent import Spent
from app.web.fast_path import PageFastPath
from tests.support.threads import at_once
from tests.web.conftest import HTMX
from tests.web.test_gifts import give, link_on

OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
TICKET = "Waiting-Room-Ticket"
RAVI = {"name": "Ravi", "email": "ravi@example.com"}

ASK = {"checkout.create", "api_bookings.create_booking"}
"""All by which a visitor or a user takes seats that nobody has given them."""
HOLDERS = {
    # Of seats that one has: given away, taken back, accepted, paid or given back.
    *("gifts.accept", "my_bookings.give", "my_bookings.take_back"),
    *("tickets.give", "tickets.take_back", "api_gifts.give_seat", "api_gifts.take_seat_back"),
    *("my_bookings.announce_payment", "my_bookings.pay_online", "my_bookings.cancel"),
    *("tickets.announce_payment", "tickets.pay_online", "tickets.cancel"),
    *("api_bookings.change_booking", "api_bookings.cancel_booking", "online_payments.webhook"),
}
NO_SEATS = {
    # Of who somebody is, and of joining itself.
    *("waiting_rooms.join", "api_waiting_rooms.join", "tickets.forget"),
    *("sign_in.create", "sign_in.delete", "sign_up.create", "api_users.create_user"),
    *("sign_in_links.send", "sign_in_links.try_code", "sign_in_links.open_link"),
    *("admin_login.create", "admin_login.delete", "api_tokens.create", "api_tokens.revoke"),
    *("account.rename", "account.change_email", "account.change_password", "account.delete"),
    "account.sign_out_everywhere",
}
VISITORS = {Who.ANYONE, Who.USER, Who.CALLER}


def test_every_address_by_which_visitors_change_something_says_whether_it_asks(app):
    changing = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods - {"GET", "HEAD", "OPTIONS"} and RULES[rule.endpoint] in VISITORS
    }
    assert Counter([*ASK, *HOLDERS, *NO_SEATS]) == Counter(changing)


@pytest.fixture
def event(factories):
    """Sold with ticket types; some seats are held back, for who has a code."""
    return factories.event(capacity=60, max_per_person=20)


@pytest.fixture
def types(factories, event):
    return factories.ticket_types(event, {"name": "VIP"})


@pytest.fixture
def room(app, event):
    def change(mode="on", **changes):
        with app.app_context():
            change_room(waiting_rooms(), event.id, {"mode": mode, "per_minute": 1, **changes})

    return change


@pytest.fixture
def sold(sql, event):
    wanted = "SELECT coalesce(sum(seats), 0) FROM bookings WHERE event_id = %s"
    return lambda: sql(wanted, event.id)[0][0]


@pytest.fixture(params=["fast path", "view"])
def lane(request, monkeypatch):
    """Both programs that answer an order."""
    if request.param == "view":
        for kind in (ApiFastPath, PageFastPath):
            monkeypatch.setattr(kind, "_is_plain", lambda *_: False)


class Page:
    """A visitor who books by the form."""

    def __init__(self, visitor, event, headers=OWN):
        self.visitor, self.event, self.headers = visitor, event, headers

    def join(self):
        self.visitor.post(f"/events/{self.event.id}/waiting-room", {}, OWN)

    def book(self, **facts):
        form = {**RAVI, "idempotency_key": "k" * 32}
        address = f"/events/{self.event.id}/bookings"
        return self.visitor.post(address, {**form, **facts}, self.headers)


class Program:
    def __init__(self, client, event, headers=None, **facts):
        self.client, self.event, self.headers, self.facts = client, event, headers or {}, facts

    def join(self):
        address = f"/api/events/{self.event.id}/waiting-room"
        ticket = self.client.post(address, headers=self.headers).json["ticket"]
        self.headers = {**self.headers, TICKET: ticket}

    def book(self, **facts):
        body = {"event_id": self.event.id, **self.facts, **facts}
        return self.client.post("/api/bookings", json=body, headers=self.headers)


@pytest.fixture
def someone(new_visitor, event, alice, app, open_app, make_token):
    def signed_in():
        visitor = new_visitor()
        visitor.sign_in(alice.email)
        return visitor

    ways = {
        "guest": lambda: Page(new_visitor(), event),
        "guest with scripts": lambda: Page(new_visitor(), event, {**OWN, **HTMX}),
        "account": lambda: Page(signed_in(), event),
        "account with scripts": lambda: Page(signed_in(), event, {**OWN, **HTMX}),
        "token": lambda: Program(app.test_client(), event, make_token(alice)),
        "open API": lambda: Program(open_app.test_client(), event, user_id=alice.id),
        "open API, guest": lambda: Program(open_app.test_client(), event, **RAVI),
    }
    return lambda way: ways[way]()


PAGES = ["guest", "guest with scripts", "account", "account with scripts"]
PROGRAMS = ["token", "open API", "open API, guest"]
DONE = {201, 204, 303}


@pytest.mark.usefixtures("lane")
@pytest.mark.parametrize("way", [*PAGES, *PROGRAMS])
def test_each_way_to_book_asks_for_a_turn(someone, room, sold, way):
    room()
    booker = someone(way)
    assert booker.book(seats=2).status_code == 403
    assert sold() == 0
    booker.join()
    assert booker.book(seats=2).status_code in DONE
    assert sold() == 2


@pytest.mark.parametrize("way", ["guest", "token"])
def test_a_basket_of_ticket_types_asks_as_well(someone, room, sold, types, way):
    room()
    one, two = (kind.id for kind in types.values())
    items = {f"items-{one}": 1, f"items-{two}": 2}
    facts = {"items": [{"ticket_type_id": one, "seats": 1}, {"ticket_type_id": two, "seats": 2}]}
    wanted = items if way in PAGES else facts
    booker = someone(way)
    assert booker.book(**wanted).status_code == 403
    assert sold() == 0
    booker.join()
    assert booker.book(**wanted).status_code in DONE
    assert sold() == 3


@pytest.mark.parametrize("way", ["guest", "token"])
def test_a_code_that_opens_held_seats_opens_no_room(someone, room, sold, factories, event, way):
    hold = factories.hold(event, seats=4)
    code = factories.voucher(event, hold_id=hold.id).code
    room()
    booker = someone(way)
    assert booker.book(seats=2, code=code).status_code == 403
    assert sold() == 0
    booker.join()
    assert booker.book(seats=2, code=code).status_code in DONE


def test_who_has_seats_gives_pays_and_cancels_them_without_a_turn(
    room, new_visitor, event, alice, make_booking, sold
):
    booking = make_booking(event, alice, seats=4)
    room()
    holder, friend = new_visitor(), new_visitor()
    holder.sign_in(alice.email)
    where = f"/bookings/{booking.id}"
    link = link_on(give(holder, where))
    assert friend.post(link, {"name": "Ravi", "email": "r@example.com"}).status_code == 303
    give(holder, where)
    back = re.search(r'action="([^"]+/taken-back)"', holder.get(where).text)[1]
    assert holder.post(back).status_code == 303
    assert holder.get(where).status_code == 200
    assert holder.post(f"{where}/cancellation", {"seats": 3}).status_code == 303


def test_what_is_reserved_is_paid_and_a_late_payment_keeps_its_seats_without_a_turn(
    room, client, admin, make_booking, event, sql, alice
):
    booking = make_booking(event, alice, seats=2, price_minor=25_000)
    sql("UPDATE bookings SET status = 'RESERVED', reserved_until = now() - interval '1 minute'")
    room()
    paid = {"provider": "transfer", "amount_minor": 50_000, "currency": "INR"}
    address = f"/api/admin/bookings/{booking.id}/payments"
    answer = client.post(address, json={**paid, "bank_reference": "T-1"}, headers=admin)
    assert answer.status_code in {200, 201}
    assert sql("SELECT status FROM bookings") == [("CONFIRMED",)]


def test_a_program_reads_changes_and_cancels_a_users_booking_without_a_turn(
    room, client, make_token, make_booking, event, alice
):
    booking = make_booking(event, alice, seats=3)
    room()
    headers, where = make_token(alice), f"/api/bookings/{booking.id}"
    assert client.get(where, headers=headers).status_code == 200
    assert client.post(f"{where}/gifts", headers=headers, json={}).status_code == 201
    assert client.patch(where, headers=headers, json={"seats": 1}).status_code == 200
    assert client.delete(where, headers=headers).status_code == 200


@pytest.fixture
def copies(someone, room, new_visitor, event):
    """Browsers that were handed the whole session of one whose turn it is."""

    def copy(number):
        room()
        seller = someone("guest")
        seller.join()
        for _ in range(number):
            visitor = new_visitor()
            cookie = seller.visitor.cookie()
            visitor._client.set_cookie(cookie.key, cookie.value)
            yield Page(visitor, event)

    return copy


def wants(number, seats=8):
    return {"email": f"buyer{number}@example.com", "idempotency_key": f"{number:032}"} | {
        "seats": seats
    }


@pytest.mark.usefixtures("lane")
def test_a_session_that_is_sold_to_many_books_what_one_person_may(copies, sold):
    answers = [page.book(**wants(number)) for number, page in enumerate(copies(5))]
    assert [answer.status_code for answer in answers] == [303, 303, 409, 409, 409]
    assert "With one place in the waiting room 20 seats can be booked" in answers[-1].text
    assert sold() == 16


def test_many_orders_at_once_with_one_place_book_no_more(copies, sold):
    pages = list(copies(8))
    statuses = at_once([partial(page.book, **wants(n, 5)) for n, page in enumerate(pages)])
    assert Counter(answer.status_code for answer in statuses) == {303: 4, 409: 4}
    assert sold() == 20


def test_a_count_that_is_read_before_it_is_written_would_let_more_through(
    copies, sold, monkeypatch
):
    """The control of the test above."""
    counts, read = Counter(), Barrier(8)

    def add_seats(_spent, _event_id, _epoch, number, seats):
        before = counts[number]
        with suppress(BrokenBarrierError):
            read.wait(1)
        counts[number] = before + seats
        return counts[number]

    monkeypatch.setattr(Spent, "add_seats", add_seats)
    pages = list(copies(8))
    at_once([partial(page.book, **wants(n, 5)) for n, page in enumerate(pages)])
    assert sold() > 20


def test_what_is_refused_or_repeated_uses_up_nothing_of_a_place(copies, sold, room):
    (page,) = copies(1)
    assert page.book(**wants(1, 21)).status_code == 409
    for _ in range(3):
        assert page.book(**wants(2, 12)).status_code == 303
    assert page.book(**wants(3, 8)).status_code == 303
    assert page.book(**wants(2, 12)).status_code == 303
    assert page.book(**wants(4, 1)).status_code == 409
    assert sold() == 20


def test_where_one_person_may_book_any_number_so_may_one_place(copies, sold, sql):
    sql("UPDATE events SET max_per_person = NULL")
    assert [page.book(**wants(n)).status_code for n, page in enumerate(copies(4))] == [303] * 4
    assert sold() == 32


def test_while_redis_is_away_a_place_books_without_being_counted(copies, sold, app, monkeypatch):
    (page,) = copies(1)
    away = connect("redis://127.0.0.1:1/0", 50)
    monkeypatch.setattr(app.extensions["spent"], "_client", away)
    assert [page.book(**wants(n)).status_code for n in range(3)] == [303] * 3


STAFFS = {
    "orders for a user": ("/api/bookings", {"user_id": 0, "event_id": 0, "seats": 2}),
    "orders for a guest": (
        "/api/bookings",
        {**RAVI, "event_id": 0, "seats": 2},
    ),
    "issues": ("/api/admin/events/{}/bookings", {**RAVI, "seats": 2}),
    "issues free ones": (
        "/api/admin/events/{}/bookings",
        {**RAVI, "seats": 2, "free": True, "issued_for": "the press"},
    ),
    "sells at the door": ("/api/admin/events/{}/walk-ins", {"id": str(uuid4()), "seats": 2}),
}


@pytest.mark.usefixtures("lane")
@pytest.mark.parametrize("way", STAFFS)
def test_who_has_a_staff_key_waits_for_nobody_and_is_counted_once(
    app, client, admin, event, alice, room, sold, way
):
    address, body = STAFFS[way]
    known = {"event_id": event.id, "user_id": alice.id}
    body = {name: known.get(name, value) for name, value in body.items()}
    room()
    headers = {**admin, "Idempotency-Key": "once"}
    for _ in range(2):
        answer = client.post(address.format(event.id), json=body, headers=headers)
        assert answer.status_code == 201, answer.text
    assert sold() == 2
    with app.app_context():
        assert exempted(event.id) == (1, 2)
    told = client.get(f"/api/admin/events/{event.id}/waiting-room", headers=admin).json
    assert (told["exempt_orders"], told["exempt_seats"]) == (1, 2)


@pytest.mark.parametrize("address", ["/admin/events/{}/bookings", "/door/{}/walk-ins"])
def test_staff_on_their_pages_wait_for_nobody_and_are_counted(
    app, organiser, event, room, sold, address
):
    room()
    form = {"id": str(uuid4()), **RAVI, "seats": 2, "source": "on-sale"}
    page = organiser.get(f"/admin/events/{event.id}/bookings/new").text
    form["source"] = re.search(r'name="source"[^>]*value="([^"]+)"', page)[1]
    form["idempotency_key"] = "k" * 32
    assert organiser.post(address.format(event.id), form).status_code in {200, 303}
    assert sold() == 2
    with app.app_context():
        assert exempted(event.id) == (1, 2)


def test_a_refused_order_is_not_counted_and_a_new_room_begins_at_none(
    app, client, admin, event, room
):
    address = f"/api/admin/events/{event.id}/bookings"
    room()
    for seats, status in ((500, 409), (3, 201)):
        body = {**RAVI, "seats": seats}
        assert client.post(address, json=body, headers=admin).status_code == status
    with app.app_context():
        assert exempted(event.id) == (1, 3)
    for nobody_waits in ("off", "auto"):
        room("off")
        room(nobody_waits)
        client.post(address, json={**RAVI, "seats": 1}, headers=admin)
        with app.app_context():
            assert exempted(event.id) == (1, 3)
    room()
    with app.app_context():
        assert exempted(event.id) == (0, 0)
