"""Lists for the doors: in whose order, for how many doors, and what is on them."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest

from app.admin import door_lists
from app.models import Role
from app.models.columns import now
from app.services import check_ins, staff
from app.services.check_ins import Scan

NAMES = ["Zoë", "arun", "Élodie", "Edith", "మీరా", "Arjun", "Östen", "Olga", "علي"]
IN_ORDER = ["Arjun", "arun", "Edith", "Élodie", "Olga", "Östen", "Zoë", "علي", "మీరా"]


@pytest.fixture
def event(make_event, make_user, make_booking):
    event = make_event(name="Onam", capacity=100, price_minor=50000)
    for number, name in enumerate(NAMES):
        guest = make_user(email=f"b{number}@hidden.example", name=name)
        make_booking(event, user=guest, seats=2, price_minor=50000)
    return event


@pytest.fixture
def address(event):
    return f"/admin/events/{event.id}/door-list"


@pytest.fixture
def volunteer(app, new_visitor, event):
    with app.app_context():
        until = now() + timedelta(days=1)
        _, secret = staff.create_key("Asha", Role.DOOR, event_ids=[event.id], expires_at=until)
    visitor = new_visitor()
    visitor.log_in(secret)
    return visitor


def guests_in(page):
    rows = re.findall(r'<th scope="row" class="guest">(.*?)</th>', page.text)
    return [unescape(re.sub(r"<[^>]+>", "", row)).strip() for row in rows]


def headings_in(page):
    found = re.findall(r"<h2[^>]*>(.*?)</h2>", page.text)
    return [unescape(re.sub(r"<[^>]+>", "", heading)) for heading in found]


def test_guests_stand_in_the_order_in_which_people_look_names_up(organiser, address):
    assert guests_in(organiser.get(address)) == IN_ORDER


def test_a_list_for_three_doors_says_which_names_are_whose(organiser, address):
    page = organiser.get(address, query_string={"doors": 3})
    assert headings_in(page) == ["Door 1 of 3: A", "Door 2 of 3: E – O", "Door 3 of 3: Z – మీ"]
    assert guests_in(page) == IN_ORDER
    second = organiser.get(address, query_string={"doors": 3, "door": 2})
    assert headings_in(second) == ["Door 2 of 3: E – O"]
    assert guests_in(second) == ["Edith", "Élodie", "Olga", "Östen"]


def test_a_list_by_code_is_in_the_order_of_codes(organiser, address, sql):
    page = organiser.get(address, query_string={"order": "codes"})
    codes = re.findall(r">(\w{4}-\w{4}-\w{4})<", page.text)
    assert codes == sorted(codes)
    assert len(codes) == len(NAMES)


def test_who_is_in_is_said_and_needs_no_box(organiser, address, app, event, sql):
    (one, other) = sql("SELECT reference FROM bookings ORDER BY id LIMIT 2")
    with app.app_context():
        for code in (f"{one[0]}-1", f"{one[0]}-2", f"{other[0]}-1"):
            check_ins.check_in(event.id, Scan(uuid4(), code))
    page = organiser.get(address)
    rows = {name: row for row in page.text.split("<tr>") for name in NAMES if name in row}
    assert (rows["Zoë"].count("tick-box"), ">In<" in rows["Zoë"]) == (0, True)
    assert (rows["arun"].count("tick-box"), ">1 of 2<" in rows["arun"]) == (1, True)
    assert rows["Olga"].count("tick-box") == 2


def test_a_door_key_prints_names_and_codes_of_its_event_and_no_emails_or_money(
    volunteer, event, address, make_event
):
    page = volunteer.get(f"/door/{event.id}/list")
    assert guests_in(page) == IN_ORDER
    for hidden in ("hidden.example", "₹"):
        assert hidden not in page.text
    assert volunteer.get(address).status_code == 403
    assert volunteer.get(f"/door/{make_event().id}/list").status_code == 404


def test_what_was_given_back_is_not_expected(organiser, event, address, sql):
    (number,) = sql("SELECT min(id) FROM bookings")[0]
    organiser.post(f"/admin/bookings/{number}/cancellation", {"had": "2", "give": "2"})
    assert guests_in(organiser.get(address)) == [name for name in IN_ORDER if name != "Zoë"]


@pytest.mark.parametrize("query", [{"doors": 7}, {"doors": "x"}, {"order": "age"}, {"door": 9}])
def test_what_can_not_be_chosen_is_refused_with_the_whole_list(organiser, address, query):
    page = organiser.get(address, query_string=query)
    assert (page.status_code, guests_in(page)) == (422, IN_ORDER)


def test_a_page_ends_where_it_would_be_too_long_and_says_so(organiser, address, monkeypatch):
    monkeypatch.setattr(door_lists, "MAX_PRINTED", 4)
    page = organiser.get(address, query_string={"doors": 3})
    assert guests_in(page) == IN_ORDER[:4]
    assert "5 bookings more are not on this page" in page.text
    third = organiser.get(address, query_string={"doors": 3, "door": 3})
    assert guests_in(third) == IN_ORDER[6:]


def test_that_a_list_was_taken_along_is_in_the_audit_log(volunteer, event, sql):
    volunteer.get(f"/door/{event.id}/list")
    assert sql("SELECT actor, action, after FROM audit_entries") == [
        ("Asha", "guests.exported", {"file": "print", "rows": 9})
    ]


def test_an_event_without_guests_has_an_empty_list(organiser, make_event):
    page = organiser.get(f"/admin/events/{make_event().id}/door-list?doors=6")
    assert "Nobody has booked yet." in page.text
