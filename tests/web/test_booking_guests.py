"""The organisers' page for a guest whose name or email was mistyped."""

import re

import pytest

from app.models import Role
from app.services import staff
from tests.web.conftest import Visitor

WRONG, RIGHT = "asha@exmaple.com", "asha@example.com"


@pytest.fixture
def booking(make_event, make_user, make_booking):
    guest = make_user(WRONG, name="Asha")
    return make_booking(make_event(), guest, seats=2, guest_name="Asha")


@pytest.fixture
def address(booking):
    return f"/admin/bookings/{booking.id}/guest"


def filled(page, **typed):
    """What the form sends, with what is typed into it."""
    fields = re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page)
    return {**{name: value for name, value in fields if name != "csrf_token"}, **typed}


def test_staff_correct_a_mistyped_email(organiser, booking, address, sql):
    assert address in organiser.get(f"/admin/bookings/{booking.id}").text
    page = organiser.get(address).text
    assert "No letter tells of it" in page
    answer = organiser.post(address, filled(page, email=RIGHT))
    assert answer.status_code == 303
    page = organiser.get(answer.location).text
    assert "hand it over" in page
    assert RIGHT in page
    assert WRONG not in page
    assert "Guest corrected" in page


def test_where_mail_is_sent_the_ticket_goes_out(make_app, settings, booking, address, sql):
    organiser = Visitor(make_app(mail_url="smtp://127.0.0.1:1", mail_from="t@example.org"))
    organiser.log_in(settings.admin_key[0])
    page = organiser.get(address).text
    assert "sent to the right address" in page
    told = organiser.get(organiser.post(address, filled(page, email=RIGHT)).location).text
    assert f"on its way to {RIGHT}" in told
    assert sql("SELECT booking_ids FROM journal_entries") == [([booking.id],)]


def test_what_is_wrong_is_named_and_kept(organiser, address):
    page = organiser.get(address).text
    refused = organiser.post(address, filled(page, email="asha@", name="Asha Rao"))
    assert refused.status_code == 422
    assert "Enter an email address" in refused.text
    assert filled(refused.text)["name"] == "Asha Rao"


def test_what_somebody_else_corrected_is_shown_and_may_be_corrected_again(organiser, address, sql):
    page = organiser.get(address).text
    organiser.post(address, filled(page, email="other@example.com"))
    refused = organiser.post(address, filled(page, email=RIGHT))
    assert refused.status_code == 409
    assert "Asha, other@example.com" in refused.text
    assert filled(refused.text)["email"] == RIGHT
    assert organiser.post(address, filled(refused.text)).status_code == 303


def test_the_limit_per_person_is_said_at_the_email(organiser, address, booking, make_booking, sql):
    sql("UPDATE events SET max_per_person = 3")
    page = organiser.get(address).text
    sql("INSERT INTO users (email) VALUES (%s)", RIGHT)
    sql(
        "INSERT INTO bookings (reference, user_id, event_id, seats)"
        " SELECT 'ABCDEFGHJKMN', id, %s, 2 FROM users WHERE email = %s",
        *(booking.event_id, RIGHT),
    )
    refused = organiser.post(address, filled(page, email=RIGHT))
    assert refused.status_code == 409
    assert "One person may book 3 seats" in refused.text


def test_a_booking_by_an_account_offers_no_correction(
    organiser, make_event, make_user, make_booking
):
    member = make_user(password="correct horse battery")
    booking = make_booking(make_event(), member)
    assert "Correct name or email" not in organiser.get(f"/admin/bookings/{booking.id}").text
    refused = organiser.get(f"/admin/bookings/{booking.id}/guest")
    assert refused.status_code == 409
    assert "name and email are those of their account" in refused.text


def test_a_viewer_sees_no_link_to_it(app, visitor, booking, address):
    with app.app_context():
        _key, secret = staff.create_key("door", Role.VIEWER)
    visitor.log_in(secret)
    assert address not in visitor.get(f"/admin/bookings/{booking.id}").text
    assert visitor.get(address).status_code == 403
