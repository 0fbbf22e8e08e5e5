"""The organisers' page for the email of the account behind a booking."""

import pytest

from app.models import Role
from app.services import staff
from tests.web.conftest import PASSWORD, Visitor
from tests.web.test_booking_guests import filled

OLD, NEW = "asha@example.com", "asha@new.example"


@pytest.fixture
def member(make_user):
    return make_user(OLD, name="Asha", password=PASSWORD)


@pytest.fixture
def booking(make_event, member, make_booking):
    return make_booking(make_event(), member, seats=2)


@pytest.fixture
def address(booking):
    return f"/admin/bookings/{booking.id}/account"


def test_staff_change_the_email_of_who_can_not_prove_a_new_one(
    organiser, new_visitor, booking, address
):
    assert address in organiser.get(f"/admin/bookings/{booking.id}").text
    page = organiser.get(address).text
    assert OLD in page
    assert filled(page)["email"] == ""
    assert "All bookings of the account go along" in page
    assert "This site sends no mail: tell them yourself." in page
    answer = organiser.post(address, filled(page, email=" Asha@New.example"))
    assert answer.status_code == 303
    told = organiser.get(answer.location).text
    assert f"The account has the email {NEW} now." in told
    assert OLD not in told
    assert new_visitor().sign_in(NEW).status_code == 303
    assert new_visitor().sign_in(OLD).status_code == 422
    log = organiser.get("/admin/audit").text
    assert "Email of an account changed" in log
    assert OLD in log
    assert NEW in log


def test_where_mail_is_sent_the_former_address_hears_of_it(make_app, settings, address, sql):
    organiser = Visitor(make_app(mail_url="smtp://127.0.0.1:1", mail_from="t@example.org"))
    organiser.log_in(settings.admin_key[0])
    page = organiser.get(address).text
    assert "A letter to the former address tells of it." in page
    assert organiser.post(address, filled(page, email=NEW)).status_code == 303
    assert sql("SELECT letter, recipient FROM mails") == [("email_changed", OLD)]


@pytest.mark.parametrize(
    ("typed", "said"), [("asha@", "Enter an email address"), ("", "Enter the guest")]
)
def test_what_is_wrong_is_named_and_kept(organiser, address, typed, said):
    page = organiser.get(address).text
    refused = organiser.post(address, filled(page, email=typed))
    assert refused.status_code == 422
    assert said in refused.text
    assert filled(refused.text) == {"email": typed, "seen_email": OLD}


def test_staff_are_told_when_another_account_has_the_email(organiser, make_user, address, sql):
    make_user("known@example.com")
    refused = organiser.post(
        address, filled(organiser.get(address).text, email="Known@example.com")
    )
    assert refused.status_code == 409
    assert "There is an account with this email already." in refused.text
    assert "Correct its guest" not in refused.text
    assert filled(refused.text)["email"] == "Known@example.com"
    assert sql("SELECT count(*) FROM users WHERE email = %s", OLD) == [(1,)]


def test_who_meant_the_guest_of_a_booking_finds_the_way(
    organiser, make_event, make_user, make_booking
):
    guest = make_user("asha@exmaple.com")
    make_user(OLD)
    booking = make_booking(make_event(), guest, guest_name="Asha")
    address = f"/admin/bookings/{booking.id}/account"
    page = organiser.get(address).text
    assert f"/admin/bookings/{booking.id}/guest" in page
    refused = organiser.post(address, filled(page, email=OLD)).text
    assert "Is this booking alone that person&#39;s?" in refused
    assert refused.count(f"/admin/bookings/{booking.id}/guest") > page.count(
        f"/admin/bookings/{booking.id}/guest"
    )


def test_what_somebody_else_changed_is_shown_and_may_be_changed_again(organiser, address, sql):
    page = organiser.get(address).text
    organiser.post(address, filled(page, email="other@example.com"))
    refused = organiser.post(address, filled(page, email=NEW))
    assert refused.status_code == 409
    assert "Somebody else changed it meanwhile, to: other@example.com" in refused.text
    assert filled(refused.text) == {"email": NEW, "seen_email": "other@example.com"}
    assert organiser.post(address, filled(refused.text)).status_code == 303
    assert sql("SELECT email FROM users") == [(NEW,)]


def test_a_deleted_account_has_no_such_page(organiser, booking, address, sql):
    sql("UPDATE users SET deleted_at = now()")
    assert address not in organiser.get(f"/admin/bookings/{booking.id}").text
    assert organiser.get(address).status_code == 404
    assert organiser.post(address, {"email": NEW}).status_code == 404


@pytest.mark.parametrize("limits", [{"role": Role.VIEWER}, {"role": Role.ORGANISER, "event": True}])
def test_keys_that_may_not_change_the_whole_site_change_no_email(
    app, visitor, booking, address, sql, limits
):
    events = [booking.event_id] if "event" in limits else None
    with app.app_context():
        _key, secret = staff.create_key("door", limits["role"], event_ids=events)
    visitor.log_in(secret)
    assert address not in visitor.get(f"/admin/bookings/{booking.id}").text
    assert visitor.get(address).status_code == 403
    assert visitor.post(address, {"email": NEW}).status_code == 403
    assert sql("SELECT email FROM users") == [(OLD,)]
