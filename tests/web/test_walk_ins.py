"""A seat at the door in two taps: what is shown, what is done, and who may."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from app.models import Role
from app.models.columns import now
from app.services import staff
from tests.support.sums import seats_left
from tests.web.conftest import HTML, HTMX


@pytest.fixture
def event(make_event):
    start = now() - timedelta(hours=1)
    return make_event(name="Onam", start_at=start, capacity=10, price_minor=25000)


@pytest.fixture
def address(event):
    return f"/door/{event.id}/walk-ins"


@pytest.fixture
def sell(volunteer, address):
    def sell(**facts):
        return volunteer.post(address, {"id": uuid4(), "seats": 1, **facts})

    return sell


def words_of(page):
    main = re.search(r"<main.*?</main>", page.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", main[0] if main else page.text).split())


def test_the_first_tap_tells_what_to_collect_and_the_second_books_and_admits(
    volunteer, address, sell, event, sql
):
    door = volunteer.get(f"/door/{event.id}")
    assert f'action="{address}"' in door.text
    assert "₹" not in door.text
    asked = volunteer.get(address, query_string={"seats": 2})
    assert "Collect ₹500 for 2 seats." in words_of(asked)
    assert "10 seats are left." in words_of(asked)
    ident = re.search(r'name="id" value="([0-9a-f-]{36})"', asked.text)[1]
    for _ in range(2):
        told = sell(id=ident, seats=2)
        assert "Admitted Walk-in, 2 seats Collect ₹500 for 2 seats." in words_of(told)
        assert "2 of 2 in" in words_of(told)
    assert seats_left(sql, event) == 8
    assert sql("SELECT actor FROM check_ins") == [("Asha",)]


def test_a_seat_may_be_given_and_have_a_name(sell, sql):
    told = words_of(sell(free="1", name="Meena <b>"))
    assert "Meena &lt;b&gt;, 1 seat" in told
    assert "₹" not in told.split("Undo")[0]
    assert sql("SELECT guest_name, price_minor FROM bookings") == [("Meena <b>", 0)]


def test_an_undo_stands_beside_it_and_gives_the_seat_back(sell, volunteer, event, sql):
    undo = re.search(r'action="(/door/\d+/walk-ins/[0-9a-f-]+/undo)"', sell().text)[1]
    for _ in range(2):
        assert "Undone The seats are free again." in words_of(volunteer.post(undo, {"id": uuid4()}))
    assert seats_left(sql, event) == 10


def test_what_can_not_be_sold_is_said_with_what_is_left(
    sell, volunteer, address, make_booking, event
):
    make_booking(event, seats=8)
    refused = sell(seats=3)
    assert (refused.status_code, "Only 2 seats are left." in words_of(refused)) == (409, True)
    asked = words_of(volunteer.get(address, query_string={"seats": 3}))
    assert "Only 2 seats are left." in asked
    sell(seats=2)
    assert "The event is sold out." in words_of(volunteer.get(address, query_string={"seats": 1}))


@pytest.mark.parametrize("seats", ["", "0", "1001", "two"])
def test_a_number_that_is_none_is_refused(volunteer, address, sell, seats):
    asked = volunteer.get(address, query_string={"seats": seats})
    assert asked.status_code == 422
    assert sell(seats=seats).status_code == 422


def test_a_sale_that_is_paused_is_paused_at_the_door_too(sell, volunteer, address, sql):
    sql("UPDATE events SET sales_paused = true")
    for page in (sell(), volunteer.get(address, query_string={"seats": 1})):
        assert page.status_code == 409
        assert "Sales are paused" in words_of(page)


def test_a_page_that_is_out_of_date_sells_nothing(sell, sql):
    ident = uuid4()
    assert sell(id="none").status_code == 422
    sell(id=ident)
    assert sell(id=ident, seats=2).status_code == 422
    assert sql("SELECT count(*) FROM bookings") == [(1,)]


def test_htmx_gets_the_part_and_the_doors_count(volunteer, address):
    part = volunteer.post(address, {"id": uuid4(), "seats": 3}, headers=HTMX)
    assert "<main" not in part.text
    assert 'hx-swap-oob="innerHTML:[data-count]"><strong>3</strong> of 3 in' in part.text


def test_no_door_key_sells_at_another_door_and_no_viewer_at_any(
    app, volunteer, new_visitor, make_event, address
):
    other = make_event()
    assert volunteer.get(f"/door/{other.id}/walk-ins").status_code == 404
    facts = {"id": uuid4(), "seats": 1}
    assert volunteer.post(f"/door/{other.id}/walk-ins", facts).status_code == 404
    viewer = new_visitor()
    with app.app_context():
        viewer.log_in(staff.create_key("Viewer", Role.VIEWER)[1])
    assert viewer.get(address, headers=HTML).status_code == 403


def test_staff_sees_a_walk_in_without_an_address(sell, new_visitor, settings, event):
    sell()
    staff_page = new_visitor()
    staff_page.log_in(settings.admin_key[0])
    listed = staff_page.get(f"/admin/bookings?event={event.id}").text
    number = re.search(r"/admin/bookings/(\d+)", listed)[1]
    page = staff_page.get(f"/admin/bookings/{number}").text
    assert "Walk-in" in page
    assert "walk-ins<" not in page
    for button in ("Send the ticket by mail", "Make a sign-in link", "Correct name or email"):
        assert button not in page
