"""Line 5: a session is the server's to end, begins anew at each sign-in, and its cookie is shut."""

import pytest

from app.services import accounts, sign_ins, staff
from app.services.api_tokens import create_api_token, user_id_of
from tests.web.conftest import HTML, PASSWORD, Visitor

HOURS = "SELECT extract(epoch FROM expires_at - now()) / 3600 FROM sign_ins"


def test_line_05_signing_out_ends_the_session_for_a_copied_cookie_too(signed_in, copied, sql):
    thief = copied(signed_in)
    assert thief.get("/bookings").status_code == 200
    signed_in.post("/sign-out")
    assert thief.get("/bookings").status_code == 303
    assert sql("SELECT count(*) FROM sign_ins") == [(0,)]


def test_line_05_logging_out_ends_the_organisers_session_for_a_copied_cookie_too(
    organiser, copied, sql
):
    thief = copied(organiser)
    assert thief.get("/admin/events").status_code == 200
    organiser.post("/admin/logout")
    assert thief.get("/admin/events").status_code == 303
    assert sql("SELECT count(*) FROM sign_ins") == [(0,)]


def session_of(visitor):
    with visitor._client.session_transaction() as session:
        return dict(session)


def test_line_05_a_session_planted_before_the_sign_in_is_worth_nothing_after_it(
    visitor, copied, alice
):
    visitor.get("/sign-in")
    planted, before = copied(visitor), session_of(visitor)
    visitor.sign_in(alice.email)
    after = session_of(visitor)
    assert before.keys() == {"csrf_token"}
    assert after["user"]
    assert after.get("csrf_token") != before["csrf_token"]
    assert planted.get("/bookings").status_code == 303


@pytest.mark.parametrize("door", ["user", "admin"])
def test_line_05_each_sign_in_has_an_id_of_its_own_and_ends_the_one_before(
    visitor, copied, alice, settings, sql, door
):
    def enter():
        if door == "user":
            visitor.sign_in(alice.email)
        else:
            visitor.log_in(settings.admin_key[0])
        return session_of(visitor)[door]

    inside = "/bookings" if door == "user" else "/admin/events"
    first = enter()
    thief = copied(visitor)
    assert thief.get(inside).status_code == 200
    assert enter() != first
    assert visitor.get(inside).status_code == 200
    assert thief.get(inside).status_code == 303
    assert sql("SELECT count(*) FROM sign_ins") == [(1,)]


def test_line_05_an_organisers_session_ends_after_eight_hours_whatever_the_cookie_says(
    organiser, sql
):
    ((hours,),) = sql(HOURS)
    assert 7.9 < hours <= 8
    sql("UPDATE sign_ins SET expires_at = expires_at - interval '8 hours'")
    assert organiser.cookie()
    assert organiser.get("/admin/events").location.startswith("/admin/login")


def test_line_05_using_it_makes_an_organisers_session_no_longer(organiser, sql):
    sql("UPDATE sign_ins SET expires_at = expires_at - interval '5 hours'")
    organiser.get("/admin/events")
    ((hours,),) = sql(HOURS)
    assert hours < 3


def flags_of(answer):
    name, *flags = answer.headers["Set-Cookie"].split("; ")
    return name.partition("=")[0], {flag for flag in flags if not flag.startswith("Expires")}


def test_line_05_outside_the_demo_the_cookie_is_for_this_host_and_https_only(
    make_app, clean, settings
):
    app = make_app(https=True)
    assert not settings.demo
    visitor = Visitor(app)
    name, flags = flags_of(visitor.get("/sign-in", base_url="https://localhost"))
    assert name == "__Host-utsavam"
    assert flags == {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}


def test_line_05_the_cookie_of_one_who_is_signed_in_is_as_shut(make_app, clean, alice):
    client = make_app(https=True).test_client()
    site = {"base_url": "https://localhost", "headers": {**HTML, "Referer": "https://localhost/"}}
    page = client.get("/sign-in", **site).text
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    form = {"csrf_token": token, "email": alice.email, "password": PASSWORD}
    answer = client.post("/sign-in", data=form, **site)
    assert answer.status_code == 303
    assert flags_of(answer) == (
        "__Host-utsavam",
        {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"},
    )


def test_line_05_the_cookie_of_the_demo_is_hidden_from_scripts_and_foreign_forms(make_app, clean):
    visitor = Visitor(make_app(demo=True, https=True))
    _name, flags = flags_of(visitor.get("/sign-in"))
    assert flags == {"HttpOnly", "SameSite=Lax", "Path=/"}


def test_line_05_a_staff_key_revoked_while_its_owner_logs_in_opens_nothing(app, clean, settings):
    """The key is looked up, revoked, and only then is the session written."""
    with app.app_context():
        key, secret = staff.create_key("asha", staff.Role.OWNER)
        found = staff.by_key(secret, settings.admin_key)
        staff.revoke_key(key.id)
        token = sign_ins.begin_for_staff(found.key_digest)
        assert staff.by_sign_in(token, settings.admin_key) is None


def test_line_05_who_left_is_signed_in_nowhere_though_it_began_at_that_moment(app, alice, sql):
    """As when the sign-in, or the token, is written just after the account was emptied."""
    with app.app_context():
        token, (_, secret) = sign_ins.begin_for_user(alice), create_api_token(alice.id, "laptop")
        assert (sign_ins.user_of(token).id, user_id_of(secret)) == (alice.id, alice.id)
        sql("UPDATE users SET deleted_at = now()")
        assert (sign_ins.user_of(token), user_id_of(secret)) == (None, None)


def test_line_05_a_password_set_by_the_operator_signs_out_whoever_knew_the_old_one(
    app, signed_in, alice
):
    with app.app_context():
        accounts.set_password(alice.email, "another long password")
    assert signed_in.get("/bookings").status_code == 303
