"""Ticket types on the visitors' pages: the booking form, what it refuses, and the tickets."""

import mailbox
import re
from datetime import timedelta

import pytest

from app.booking.orders import Item
from app.models.columns import now
from app.presenters import ticket_papers, wallet_passes
from app.services import bookings
from tests.web.conftest import HTMX

GUEST = {"name": "Lakshmi", "email": "lakshmi@example.com", "idempotency_key": "a-key-of-one-page"}


@pytest.fixture
def event(make_event):
    return make_event(name="Dance Night", capacity=100, price_minor=50000)


@pytest.fixture
def types(event, factories):
    """General ₹500, VIP ₹2,000 (ten of them), Student ₹0 (two or more)."""
    return factories.ticket_types(
        event,
        {"name": "VIP", "price_minor": 200000, "quota": 10, "description": "The front row"},
        {"name": "Student", "price_minor": 0, "min_per_order": 2, "max_per_order": 4},
    )


def page_of(visitor, event):
    return visitor.get(f"/events/{event.id}/{event.slug}").text


def asked(types, **seats):
    return {f"items-{types[name].id}": str(number) for name, number in seats.items()}


def book(visitor, event, fields, headers=None):
    options = {"headers": headers} if headers else {}
    return visitor.post(f"/events/{event.id}/bookings", GUEST | fields, **options)


def is_text(part):
    return part.get_content_maintype() == "text"


def row(page, kind):
    found = re.search(
        rf'<div id="items-{kind.id}-row".*?(?=<div id="items-|</fieldset>)', page, re.S
    )
    return " ".join(found[0].split())


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_form_offers_each_type_with_a_field_of_its_own(visitor, event, types):
    page = page_of(visitor, event)
    general, vip, student = (row(page, types[name]) for name in ("General", "VIP", "Student"))
    assert page.index(general[:20]) < page.index(vip[:20]) < page.index(student[:20])
    assert words(general) == "General ₹500 − +"
    assert words(vip) == "VIP ₹2,000 − + The front row Only 10 left"
    assert words(student) == "Student Free − + 2 to 4 at a time."
    field = f"items-{types['VIP'].id}"
    assert f'<label for="{field}"' in vip
    assert re.search(rf'<input id="{field}" [^>]*value="0"', vip)
    assert 'name="seats"' not in page


def test_a_single_type_is_asked_for_once(visitor, event, factories):
    types = factories.ticket_types(event, {"name": "VIP", "hidden": True})
    page = page_of(visitor, event)
    assert 'value="1"' in row(page, types["General"])
    assert "VIP" not in page


def test_types_that_are_not_sold_say_why(visitor, event, factories, sql):
    opens = now() + timedelta(days=1)
    types = factories.ticket_types(
        event,
        {"name": "Early", "sales_close_at": now() - timedelta(hours=1)},
        {"name": "Late", "sales_open_at": opens},
        {"name": "Gone", "quota": 2},
    )
    sql("UPDATE ticket_types SET taken = 2 WHERE name = 'Gone'")
    page = page_of(visitor, event)
    assert "Not on sale any more" in row(page, types["Early"])
    assert "On sale from" in row(page, types["Late"])
    assert "Sold out" in row(page, types["Gone"])
    assert page.count('<input id="items-') == 1


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("headers", [None, HTMX])
def test_an_order_of_several_types_leads_to_its_tickets(
    visitor, signed_in, event, types, sql, signed, headers
):
    who = signed_in if signed else visitor
    answer = book(who, event, asked(types, General=2, VIP=1, Student=0), headers)
    path = answer.headers["HX-Redirect" if headers else "Location"]
    assert answer.status_code == (204 if headers else 303)
    assert sql(
        "SELECT t.name, b.seats, b.price_minor FROM bookings b"
        " JOIN ticket_types t ON t.id = b.ticket_type_id ORDER BY b.id"
    ) == [("General", 2, 50000), ("VIP", 1, 200000)]
    assert who.get(path).status_code == 200


@pytest.mark.parametrize(
    ("seats", "said"),
    [
        ({"Student": 1}, "Choose at least 2, or none."),
        ({"Student": 5}, "Choose 4 at most."),
        ({"VIP": 11}, "Only 10 tickets of this type are left."),
        ({"VIP": "two"}, "Say how many seats, as a whole number."),
    ],
)
def test_what_is_wrong_is_told_at_its_row_and_what_was_typed_stays(
    visitor, event, types, sql, seats, said
):
    answer = book(visitor, event, asked(types, General=3, **seats))
    assert answer.status_code in (409, 422)
    (name,) = seats
    wrong = row(answer.text, types[name])
    assert said in wrong
    assert 'aria-invalid="true"' in wrong
    assert f'value="{seats[name]}"' in wrong
    assert 'value="3"' in row(answer.text, types["General"])
    assert "Nothing is booked yet" in answer.text
    assert 'value="Lakshmi"' in answer.text
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_a_type_that_sold_out_meanwhile_is_told_at_its_row(
    visitor, event, types, make_booking, sql
):
    page_of(visitor, event)
    sql("UPDATE ticket_types SET taken = 10 WHERE name = 'VIP'")
    answer = book(visitor, event, asked(types, General=3, VIP=1), HTMX)
    assert answer.status_code == 409
    assert "This ticket type is sold out." in row(answer.text, types["VIP"])
    assert "<input" not in row(answer.text, types["VIP"])
    assert 'value="3"' in row(answer.text, types["General"])


def test_nothing_at_all_is_not_booked(visitor, event, types):
    answer = book(visitor, event, asked(types, General=0, VIP=0))
    assert answer.status_code == 422
    assert "Choose at least one seat." in answer.text


def test_a_limit_per_person_counts_all_types(visitor, make_event, factories, sql):
    event = make_event(capacity=100, max_per_person=3)
    types = factories.ticket_types(event, {"name": "VIP"})
    answer = book(visitor, event, asked(types, General=2, VIP=2))
    assert answer.status_code == 409
    assert sql("SELECT count(*) FROM bookings") == [(0,)]


def test_a_type_that_is_gone_is_no_missing_page(visitor, event, types):
    answer = book(visitor, event, {"items-999999": "1"})
    assert answer.status_code == 404
    assert "Other ticket types are on sale now." in answer.text
    assert 'id="booking-form"' in answer.text


def test_lists_and_heads_say_where_prices_begin(visitor, make_event, factories):
    event = make_event(name="Dance Night", price_minor=50000)
    factories.ticket_types(event, {"name": "VIP", "price_minor": 200000})
    assert "from ₹500" in visitor.get("/").text
    assert page_of(visitor, event).count("from ₹500") >= 3


def test_the_counter_tells_of_a_type_that_sold_out_and_leaves_the_others_alone(
    visitor, event, types, app, sql
):
    page = page_of(visitor, event)
    seen = re.search(r"/seats\?v=([^\"]+)", page)[1]
    poll = f"/events/{event.id}/seats?v="
    assert visitor.get(poll + seen).status_code == 204
    sql("UPDATE ticket_types SET taken = 10 WHERE name = 'VIP'")
    sql("UPDATE events SET seats_available = 90, version = version + 1")
    app.extensions["catalogue"]._cache.clear()
    answer = visitor.get(poll + seen).text
    assert "Sold out" in row(answer + "</fieldset>", types["VIP"])
    assert f'id="items-{types["General"].id}-help"' in answer
    assert f'id="items-{types["General"].id}-row"' not in answer


def booked(who, event, types, **seats):
    """The page of the order's first ticket."""
    return who.get(book(who, event, asked(types, **seats)).headers["Location"])


@pytest.mark.parametrize("signed", [False, True])
def test_tickets_of_one_order_name_their_type_and_link_each_other(
    visitor, signed_in, event, types, signed
):
    who = signed_in if signed else visitor
    page = booked(who, event, types, General=2, VIP=1).text
    together = re.search(r'<section class="together".*?</section>', page, re.S)[0]
    assert "General 2 seats · ₹1,000 · this ticket" in words(together)
    assert "VIP 1 seat · ₹2,000" in words(together)
    assert "3 seats in all: ₹3,000. Pay ₹3,000 at the door." in words(together)
    assert "Ticket type General" in words(page)
    other = who.get(re.search(r'<a href="([^"]+)">.*?VIP', together)[1]).text
    assert "Ticket type VIP" in words(other)
    assert "Booked together" in other


def test_a_ticket_that_was_sent_to_a_friend_opens_none_of_the_others(
    visitor, new_visitor, event, types
):
    secret = book(visitor, event, asked(types, General=2, VIP=1)).headers["Location"]
    together = re.search(
        r'<section class="together".*?</section>', new_visitor().get(secret).text, re.S
    )
    assert "VIP 1 seat" in words(together[0])
    assert "<a " not in together[0]


def test_a_ticket_of_one_type_was_booked_with_no_other(signed_in, event, types):
    page = booked(signed_in, event, types, VIP=2).text
    assert "Ticket type VIP" in words(page)
    assert "Booked together" not in page


def test_tickets_that_are_alike_but_for_their_type_are_told_apart(signed_in, event, types, sql):
    booked(signed_in, event, types, VIP=1)
    sql("UPDATE bookings SET price_minor = 50000, idempotency_key = NULL, fingerprint = NULL")
    booked(signed_in, event, types, General=1)
    rows = signed_in.get("/bookings").text
    assert words(rows).count("1 seat · VIP") == 1
    assert words(rows).count("1 seat · General") == 1


def test_what_was_booked_before_there_were_types_is_of_the_default_one(
    signed_in, alice, event, make_booking, factories
):
    booking = make_booking(event, user=alice, seats=2)
    factories.ticket_types(event, {"name": "VIP"})
    assert "2 seats · General" in words(signed_in.get("/bookings").text)
    assert "Ticket type General" in words(signed_in.get(f"/bookings/{booking.id}").text)
    calendar = signed_in.get(f"/bookings/{booking.id}/calendar.ics").text
    assert "2 seats · General" in calendar


def test_a_booking_of_an_event_without_types_names_none(signed_in, alice, event, make_booking):
    booking = make_booking(event, user=alice)
    assert "Ticket type" not in signed_in.get(f"/bookings/{booking.id}").text


def test_paper_letter_and_passes_name_the_type(app, event, types, alice, factories, tmp_path):
    folder = tmp_path / "mail"
    with app.app_context():
        made = bookings.book(
            app.extensions["desk"],
            user_id=alice.id,
            event_id=event.id,
            seats=1,
            items=[Item(types["VIP"].id, 1)],
        ).booking
    with app.test_request_context():
        booking, settings = bookings.get_booking(made.id), app.extensions["settings"]
        (paper,) = [
            fact["text"]
            for fact in ticket_papers.ticket_facts(booking, settings)["facts"]
            if fact["label"] == "Ticket type"
        ]
        apple = wallet_passes.apple_pass(booking, 1, settings)["eventTicket"]["auxiliaryFields"]
        google = wallet_passes.google_pass(booking, 1, settings, 200)["eventTicketObjects"][0]
    assert paper == "VIP"
    assert {"key": "type", "label": "Ticket type", "value": "VIP"} in apple
    assert google["ticketType"]["defaultValue"]["value"] == "VIP"
    key = factories.letter(folder, "ticket", booking, {})
    letter = mailbox.Maildir(folder).get_message(key)
    said = [part.get_payload(decode=True).decode() for part in letter.walk() if is_text(part)]
    assert [part.count("VIP") for part in said] == [1, 1, 1], "in words, as a page, in the calendar"


def test_giving_back_names_the_type_of_what_goes(signed_in, alice, event, types, make_booking):
    vip = make_booking(event, user=alice, seats=2, ticket_type_id=types["VIP"].id)
    path = f"/bookings/{vip.id}/cancellation"
    assert "Dance Night (VIP)" in words(signed_in.get(path).text).replace(" )", ")")
    assert "Ticket type: VIP" in words(signed_in.get(path, headers=HTMX).text)
    rows = words(signed_in.get("/bookings").text)
    assert "Give back seats for Dance Night (VIP)" in rows.replace(" )", ")").replace("( ", "(")
