"""Ticket types as machines read them: search engines, feeds, spreadsheets, exports."""

import csv
import html
import io
import json
import re
from datetime import timedelta

import pytest

from app.models.columns import now
from app.services import bookings, profile

DAY = timedelta(days=1)


@pytest.fixture
def event(make_event):
    return make_event(capacity=9, price_minor=50000)


@pytest.fixture
def types(factories, event):
    return factories.ticket_types(
        event,
        {"name": "VIP", "price_minor": 200050},
        {"name": "Late", "price_minor": 90000, "sales_open_at": now() + DAY},
        {"name": "Early", "price_minor": 40000, "sales_close_at": now() - DAY},
        {"name": "Crew", "hidden": True},
    )


def offers(visitor, event):
    page = visitor.get(f"/events/{event.id}/{event.slug}").text
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    return json.loads(text)["offers"]


def test_search_engines_read_an_offer_of_each_type(visitor, event, types):
    told = {offer["name"]: offer for offer in offers(visitor, event)}
    assert list(told) == ["General", "VIP", "Late", "Early"]
    assert {offer["priceCurrency"] for offer in told.values()} == {"INR"}
    assert [offer["price"] for offer in told.values()] == ["500.00", "2000.50", "900.00", "400.00"]
    states = [offer["availability"].rpartition("/")[2] for offer in told.values()]
    assert states == ["InStock", "InStock", "PreOrder", "OutOfStock"]
    assert told["Late"]["validFrom"] == types["Late"].sales_open_at.isoformat()
    assert told["VIP"]["validFrom"] == event.created_at.isoformat()


def test_no_type_of_a_cancelled_event_is_in_stock(visitor, factories, make_event):
    event = make_event(status="cancelled")
    factories.ticket_types(event, {"name": "VIP"})
    states = {offer["availability"] for offer in offers(visitor, event)}
    assert states == {"https://schema.org/OutOfStock"}


def test_a_feed_says_from_which_price(visitor, event, types):
    assert "· from ₹500<" in html.unescape(visitor.get("/events.atom").text)


def test_a_spreadsheet_and_the_own_data_name_the_type_of_each_booking(
    organiser, alice, event, types, desk, app, make_event
):
    others = make_event()
    with app.app_context():
        for one in (event, others):
            bookings.book(desk, user_id=alice.id, event_id=one.id, seats=1)
        told = profile.export(alice.id)["bookings"]
    assert [booking["ticket_type"] for booking in told] == ["General", None]
    rows = list(csv.DictReader(io.StringIO(organiser.get("/admin/bookings.csv").text)))
    assert list(rows[0])[-3:] == ["Ticket type", "To be paid by", "Fee"]
    assert sorted(row["Ticket type"] for row in rows) == ["", "General"]
