"""What staff and doors sell of an event with ticket types, and what they are told of them."""

import re
from uuid import uuid4

import pytest

from app.models.columns import now
from app.services import ticket_types
from tests.web.conftest import HTMX
from tests.web.test_cancelled_events import rows_of


@pytest.fixture
def event(make_event):
    return make_event(name="Kolam", capacity=20, price_minor=50_000, start_at=now())


@pytest.fixture
def types(event, factories):
    vip = {"name": "VIP", "price_minor": 90_000, "quota": 5}
    secret = {"name": "Crew", "price_minor": 0, "hidden": True}
    return factories.ticket_types(event, vip, secret, {"name": "Early bird", "withdrawn": True})


@pytest.fixture
def of_vip(event, types, desk, app, make_booking, sql):
    """A booking of three seats of VIP, counted in the type."""
    booking = make_booking(
        event, seats=3, price_minor=90_000, ticket_type_id=types["VIP"].id, guest_name="Lakshmi"
    )
    sql("UPDATE ticket_types SET taken = 3 WHERE name = 'VIP'")
    return booking


def issue(organiser, event, **typed):
    page = organiser.get(f"/admin/events/{event.id}/bookings/new").text
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', page)[1]
    facts = {"email": "g@example.com", "seats": "1", "source": "sale", "idempotency_key": key}
    return organiser.post(f"/admin/events/{event.id}/bookings", facts | typed)


def walk_in(organiser, event, **typed):
    facts = {"id": str(uuid4()), "seats": "2", **typed}
    return organiser.post(f"/door/{event.id}/walk-ins", facts, headers=HTMX)


def words_of(answer):
    """What a page says, without its tags."""
    return " ".join(re.sub("<[^>]+>", " ", answer.text).split())


def booked(sql):
    return sql(
        "SELECT t.name, b.seats, b.price_minor, t.taken FROM bookings b"
        " JOIN ticket_types t ON t.id = b.ticket_type_id ORDER BY b.id"
    )


@pytest.fixture
def on_sale(sql, event):
    sql("UPDATE events SET start_at = start_at + interval '30 days'")


def test_staff_chooses_of_all_types_but_withdrawn_ones_and_sees_their_prices(
    organiser, event, types, on_sale
):
    page = organiser.get(f"/admin/events/{event.id}/bookings/new").text
    offered = re.findall(r"<option([^>]*)>([^<]*)<", page.partition('name="ticket_type_id"')[2])
    assert [text for _facts, text in offered] == [
        "General, ₹500: 20 seats",
        "VIP, ₹900: 5 seats",
        "Crew, Free: 20 seats",
    ]
    assert ["selected" in facts for facts, _text in offered] == [True, False, False]


def test_staff_books_a_type_for_somebody(organiser, event, types, on_sale, sql, invariants):
    made = issue(organiser, event, ticket_type_id=str(types["VIP"].id), seats="2")
    assert made.status_code == 303
    assert booked(sql) == [("VIP", 2, 90_000, 2)]
    shown = organiser.get(made.location).text
    assert "<dt>Ticket type</dt>" in shown
    assert "VIP" in shown


def test_staff_is_told_that_a_type_has_too_few_seats_left(organiser, event, types, on_sale, sql):
    refused = issue(organiser, event, ticket_type_id=str(types["VIP"].id), seats="6")
    assert refused.status_code == 409
    assert f'<option selected value="{types["VIP"].id}">' in refused.text
    assert booked(sql) == []


def test_staff_books_no_type_of_another_event(organiser, event, types, on_sale, sql):
    assert issue(organiser, event, ticket_type_id="999999").status_code == 422
    assert booked(sql) == []


def test_an_event_without_types_asks_for_none(organiser, make_event, sql):
    event = make_event()
    page = organiser.get(f"/admin/events/{event.id}/bookings/new").text
    assert "ticket_type_id" not in page
    assert issue(organiser, event).status_code == 303


def test_a_door_sells_the_type_whose_button_is_tapped(organiser, event, types, sql, invariants):
    asked = organiser.get(f"/door/{event.id}/walk-ins?seats=2", headers=HTMX).text
    words = " ".join(re.sub(r"<[^>]+>", " ", asked).split())
    assert "VIP: Collect ₹1,800 and admit" in words
    assert "Crew: Admit" in words
    assert "Early bird" not in words
    told = walk_in(organiser, event, ticket_type_id=str(types["VIP"].id)).text
    assert "VIP" in told
    assert "Collect ₹1,800 for 2 seats." in told
    assert booked(sql) == [("VIP", 2, 90_000, 2)]


def test_a_door_gives_seats_of_a_type_free(organiser, event, types, sql):
    assert walk_in(organiser, event, free_type=str(types["VIP"].id)).status_code == 200
    assert booked(sql) == [("VIP", 2, 0, 2)]


def test_a_door_is_told_which_type_has_too_few_left(organiser, event, types, of_vip):
    asked = organiser.get(f"/door/{event.id}/walk-ins?seats=3", headers=HTMX).text
    assert "Only 2 seats are left." in asked
    assert f'value="{types["VIP"].id}"' not in asked
    refused = walk_in(organiser, event, ticket_type_id=str(types["VIP"].id), seats="3")
    assert refused.status_code == 409


def test_a_scan_and_a_search_at_the_door_tell_the_type(organiser, event, of_vip):
    scan = {"id": str(uuid4()), "code": of_vip.reference, "seats": "1", "door": ""}
    told = organiser.post(f"/door/{event.id}/check-ins", scan, headers=HTMX).text
    assert re.search(r'class="door-type"[^>]*>VIP<', told)
    scan = {"id": str(uuid4()), "code": "Lakshmi", "door": ""}
    found = organiser.post(f"/door/{event.id}/check-ins", scan, headers=HTMX).text
    assert "VIP · " in found


def test_a_booking_from_before_the_types_is_of_the_default_one_at_the_door(
    organiser, make_event, make_booking, factories
):
    event = make_event(start_at=now())
    booking = make_booking(event)
    factories.ticket_types(event, {"name": "VIP"})
    scan = {"id": str(uuid4()), "code": booking.reference, "seats": "1", "door": ""}
    told = organiser.post(f"/door/{event.id}/check-ins", scan, headers=HTMX).text
    assert re.search(r'class="door-type"[^>]*>General<', told)


def test_a_scan_for_an_event_without_types_tells_none(organiser, make_event, make_booking):
    event = make_event(start_at=now())
    scan = {"id": str(uuid4()), "code": make_booking(event).reference, "seats": "1", "door": ""}
    told = organiser.post(f"/door/{event.id}/check-ins", scan, headers=HTMX).text
    assert 'data-answer="in"' in told
    assert "door-type" not in told


@pytest.mark.parametrize(
    "path",
    [
        "/admin/bookings?event={event}",
        "/admin/events/{event}/guests",
        "/admin/events/{event}/door-list",
        "/admin/bookings/{booking}",
        "/admin/bookings/{booking}/cancellation?had=3&give=1",
    ],
)
def test_lists_and_pages_of_bookings_tell_the_type(organiser, event, of_vip, path):
    page = organiser.get(path.format(event=event.id, booking=of_vip.id)).text
    assert "VIP" in page


def test_refunds_tell_the_type(organiser, event, of_vip, sql):
    sql("UPDATE events SET status = 'cancelled'")
    page = organiser.get("/admin/refunds").text
    assert "Lakshmi" in page
    assert "VIP" in page
    (row,) = rows_of(organiser.get("/admin/refunds.csv"))
    assert (row["Name"], row["Ticket type"]) == ("Lakshmi", "VIP")


def test_sales_are_summed_by_type_without_what_was_given_back(
    organiser, event, types, of_vip, make_booking, app, sql
):
    make_booking(event, seats=2, price_minor=50_000, ticket_type_id=types["General"].id)
    sql("UPDATE ticket_types SET taken = 2 WHERE name = 'General'")
    page = f"/admin/events/{event.id}/console"
    assert "By ticket type" in organiser.get(page).text
    cancelled = organiser.post(
        f"/admin/bookings/{of_vip.id}/cancellation", {"had": "3", "give": "1"}
    )
    assert cancelled.status_code == 303
    with app.app_context():
        sold = ticket_types.sales_by_type(event.id)
        found = {one.type.name: (one.seats, one.value_minor) for one in sold}
    assert found == {
        "General": (2, 100_000),
        "VIP": (2, 180_000),
        "Crew": (0, 0),
        "Early bird": (0, 0),
    }
    shown = organiser.get(page).text
    assert "₹1,800" in shown
    assert "₹2,800" in shown


def test_the_dashboard_tells_how_many_of_each_type_are_sold(organiser, event, of_vip, make_event):
    make_event(name="Plain")
    page = words_of(organiser.get("/admin"))
    assert "Kolam General: 0 · VIP: 3 of 5 · Crew: 0 · Early bird: 0" in page
    rows = {row["Event"]: row for row in rows_of(organiser.get("/admin/sales-by-event.csv"))}
    told = "Seats sold in all by ticket type"
    assert rows["Kolam"][told] == "General: 0; VIP: 3; Crew: 0; Early bird: 0"
    assert rows["Plain"][told] == ""


def test_the_audit_log_tells_of_which_type_staff_and_doors_gave_seats(organiser, event, types, sql):
    walk_in(organiser, event, ticket_type_id=str(types["Crew"].id))
    sql("UPDATE events SET start_at = start_at + interval '30 days'")
    issue(organiser, event, ticket_type_id=str(types["VIP"].id))
    page = words_of(organiser.get("/admin/audit"))
    assert "ticket type VIP" in page
    assert "ticket type Crew" in page


def test_sales_of_an_event_without_types_show_no_table_of_them(organiser, make_event):
    event = make_event()
    assert "By ticket type" not in organiser.get(f"/admin/events/{event.id}/console").text


def test_a_door_and_the_arrivals_count_by_type(organiser, event, types, of_vip, make_booking, sql):
    earlier = make_booking(event, seats=2)
    sql("UPDATE ticket_types SET taken = 2 WHERE is_default")
    for code in (f"{of_vip.reference}-1", f"{of_vip.reference}-2", f"{earlier.reference}-1"):
        page = scan(organiser, event, code)
    assert words(page, "data-count") == "3 of 5 in General 1 of 2 · VIP 2 of 3"
    rows = organiser.get(f"/admin/events/{event.id}/arrivals").text
    assert re.search(r"VIP.*?<td[^>]*>2</td><td[^>]*>3</td>", rows, re.DOTALL)


def test_a_door_of_an_event_without_types_counts_none(organiser, make_event, make_booking):
    event = make_event(start_at=now())
    booking = make_booking(event, seats=2)
    assert words(scan(organiser, event, f"{booking.reference}-1"), "data-count") == "1 of 2 in"


def scan(organiser, event, code):
    facts = {"id": str(uuid4()), "code": code, "door": ""}
    return organiser.post(f"/door/{event.id}/check-ins", facts, headers=HTMX).text


def words(page, mark):
    """What stands in the paragraph with this mark."""
    inner = re.search(rf"<p[^>]* {mark}[^>]*>(.*?)</p>", page, re.DOTALL)[1]
    return " ".join(re.sub(r"<[^>]+>|[\u2066-\u2069]", " ", inner).split())
