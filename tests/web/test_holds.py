"""Holds on organisers' pages, and seats issued from them."""

import csv
import io
import re

import pytest

from app.models import Role
from app.services import staff
from tests.support.sums import seats_left
from tests.web.conftest import Visitor


@pytest.fixture
def event(make_event):
    return make_event(name="Kolam", capacity=20, price_minor=50_000, max_per_person=2)


def new_booking(organiser, event, source="sale", **data):
    page = organiser.get(f"/admin/events/{event.id}/bookings/new?source={source}")
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', page.text)[1]
    facts = {"email": "g@example.com", "seats": "1", "source": source, "idempotency_key": key}
    return organiser.post(f"/admin/events/{event.id}/bookings", {**facts, **data})


def test_an_organiser_adds_changes_and_releases_a_hold(organiser, event, sql, invariants):
    pages = f"/admin/events/{event.id}/holds"
    assert organiser.post(pages, {"name": "Sponsor", "seats": "5"}).status_code == 303
    assert "Sponsor" in organiser.get(pages).text
    ((hold,),) = sql("SELECT id FROM holds")
    change = {"name": "Main sponsor", "seats": "7", "seen": "5"}
    assert organiser.post(f"{pages}/{hold}", change).status_code == 303
    refused = organiser.post(f"{pages}/{hold}", {**change, "seats": "9"})
    assert refused.status_code == 409
    assert "Look again" in refused.text
    assert 'name="seen"' in refused.text
    assert organiser.post(f"{pages}/{hold}/release", {"seen": "5"}).location.endswith(str(hold))
    assert seats_left(sql, event) == 13
    organiser.post(f"{pages}/{hold}/release", {"seen": "7"})
    again = organiser.post(f"{pages}/{hold}/release", {"seen": "7"})
    assert again.location.endswith("/holds")
    assert seats_left(sql, event) == 20


def test_a_hold_that_can_not_be_made_says_why(organiser, event, make_hold):
    make_hold(event, "Sponsor")
    pages = f"/admin/events/{event.id}/holds"
    for facts, words in [
        ({"name": "", "seats": "5"}, "Name who the seats are for."),
        ({"name": "Band", "seats": "many"}, "Enter a whole number"),
        ({"name": "Band", "seats": "19"}, "at most 18"),
        ({"name": "SPONSOR", "seats": "1"}, "has this name already"),
    ]:
        answer = organiser.post(pages, facts)
        assert answer.status_code == 422
        assert words in answer.text


def test_seats_are_issued_from_a_hold_and_told_on_lists(
    organiser, new_visitor, event, make_hold, sql, invariants
):
    hold = make_hold(event, "Sponsor", seats=5)
    page = organiser.get(f"/admin/events/{event.id}/bookings/new?source={hold.id}").text
    assert re.search(rf'<option selected value="{hold.id}">Sponsor: 5 seats', page)
    refused = new_booking(organiser, event, hold.id, seats="3", free="y")
    assert refused.status_code == 409
    made = new_booking(organiser, event, hold.id, seats="3", free="y", past_limit="y")
    assert made.status_code == 303
    shown = organiser.get(made.location).text
    assert "Issued for" in shown
    (link,) = re.findall(r'id="ticket-link">[^<]+(/tickets/[^<]+)<', shown)
    assert "Kolam" in new_visitor().get(link).text
    assert "Sponsor" in shown
    rows = list(csv.DictReader(io.StringIO(organiser.get("/admin/bookings.csv").text)))
    assert [row["Issued for"] for row in rows] == ["Sponsor"]
    assert "Sponsor" in organiser.get(f"/admin/events/{event.id}/guests").text
    assert sql("SELECT seats_left FROM holds") == [(2,)]
    assert seats_left(sql, event) == 15


def test_free_seats_need_a_word_for_whom(organiser, event):
    refused = new_booking(organiser, event, free="y")
    assert refused.status_code == 422
    assert "Must say who the seats are for." in refused.text
    assert new_booking(organiser, event, free="y", issued_for="Press").status_code == 303


def test_a_viewer_sees_holds_and_changes_none(organiser, event, make_hold, app):

    make_hold(event)
    with app.app_context():
        _key, secret = staff.create_key("viewer", Role.VIEWER)
    viewer = Visitor(app)
    viewer.log_in(secret)
    page = viewer.get(f"/admin/events/{event.id}/holds").text
    assert "Sponsor" in page
    assert "Issue seats" not in page
    assert viewer.post(f"/admin/events/{event.id}/holds", {"name": "x"}).status_code == 403


def test_staff_sends_a_ticket_by_mail_where_mail_is_sent(
    clean, make_app, settings, event, make_booking, sql
):
    organiser = Visitor(make_app(mail_url="smtp://127.0.0.1:1", mail_from="t@example.org"))
    organiser.log_in(settings.admin_key[0])
    booking = make_booking(event)
    assert organiser.post(f"/admin/bookings/{booking.id}/ticket-letter").status_code == 303
    assert sql("SELECT kind, booking_ids FROM journal_entries") == [("booked", [booking.id])]
    new_booking(organiser, event, free="y", issued_for="Press")
    assert sql("SELECT count(*) FROM journal_entries") == [(2,)]


def test_where_no_mail_is_sent_staff_prints_or_copies(organiser, event, make_booking):
    booking = make_booking(event)
    assert "sends no mail" in organiser.get(f"/admin/bookings/{booking.id}").text
    refused = organiser.post(f"/admin/bookings/{booking.id}/ticket-letter")
    assert refused.status_code == 409
    assert "sends no mail" in refused.text


def test_staff_read_that_seats_given_back_do_not_return_to_their_hold(
    organiser, event, make_hold, sql, invariants
):
    hold = make_hold(event, "Sponsor", seats=5)
    told = "go back to a hold that they were issued from"
    assert told not in organiser.get(new_booking(organiser, event).location).text
    issued = new_booking(organiser, event, hold.id, seats="2", free="y", past_limit="y").location
    assert told in organiser.get(issued).text
    before = seats_left(sql, event)
    organiser.post(f"{issued}/cancellation", {"had": "2", "give": "2"})
    assert seats_left(sql, event) == before + 2
    assert sql("SELECT seats_left FROM holds") == [(3,)]
