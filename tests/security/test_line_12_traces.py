"""Line 12: an error tells nothing of the house, and what staff does, or fails to do at the door,
leaves its trace in the log and in the audit log."""

import io
import json
import logging

import pytest
from PIL import Image

from app import logs
from app.edge.access import RULES, Who
from app.models import Role
from app.services import audit, event_images, holds, issues, mails
from tests.access.world import headers_of, rules_of
from tests.support.logbook import LOGBOOK
from tests.web.conftest import HTML, Visitor

INSIDES = ("SELECT", "INSERT", "Traceback", 'File "', "psycopg", "sqlalchemy", "relation", "/app/")


@pytest.fixture
def broken(sql):
    """A database in which no event can be read: a fault that nobody foresaw."""
    sql("ALTER TABLE events RENAME TO events_away")
    yield
    sql("ALTER TABLE events_away RENAME TO events")


@pytest.mark.parametrize(
    ("method", "path", "accept", "status"),
    [
        ("GET", "/events/77/x", "text/html", 500),
        ("GET", "/admin/events/77/bookings", "application/json", 500),
        ("POST", "/api/bookings", "application/json", 503),
        ("GET", "/nowhere", "text/html", 404),
        ("GET", "/api/nowhere", "application/json", 404),
        ("PUT", "/events", "application/json", 405),
    ],
)
def test_line_12_an_error_shows_no_sql_and_no_traceback(
    broken, client, admin, method, path, accept, status
):
    wish = {"event_id": 77, "user_id": 1} if method == "POST" else None
    answer = client.open(path, method=method, headers={**admin, "Accept": accept}, json=wish)
    said = answer.text + str(answer.headers)
    assert answer.status_code == status
    assert [word for word in INSIDES if word in said] == []


def test_line_12_without_a_database_no_error_tells_where_it_would_be(make_app):
    client = make_app(database_url="postgresql+psycopg://u:hunter2@127.0.0.1:1/x").test_client()
    for accept in ("text/html", "application/json"):
        answer = client.get("/events/77", headers={"Accept": accept})
        assert answer.status_code == 503
        assert [word for word in (*INSIDES, "hunter2", "127.0.0.1:1") if word in answer.text] == []


FORGED = "no key\r\nFORGED\n\x1b[2K\u2028FORGED"


def lines_of(caplog, settings):
    """What was logged, as it is written."""
    caplog.handler.setFormatter(logs.formatter(settings))
    return [caplog.handler.format(record) for record in caplog.records]


def test_line_12_a_failed_login_is_logged_on_one_line_and_audited(visitor, sql, caplog, settings):
    with caplog.at_level(logging.INFO):
        visitor.log_in(FORGED)
    told = [line for line in lines_of(caplog, settings) if "admin key" in line]
    assert len(told) == 1
    assert json.loads(told[0])["level"] == "warning"
    assert "FORGED" not in LOGBOOK.of_tests()
    assert sql("SELECT actor, action FROM audit_entries") == [("somebody unknown", "login.refused")]


def test_line_12_a_refused_password_is_logged_with_whose_it_is_and_no_email(
    visitor, alice, caplog, settings
):
    with caplog.at_level(logging.INFO):
        visitor.sign_in(alice.email, "wrong password")
        visitor.sign_in("nobody@example.com", "wrong password")
    told = [line for line in lines_of(caplog, settings) if "password was refused" in line]
    assert [json.loads(line).get("user_id") for line in told] == [alice.id, None]
    assert not any("example.com" in line or "wrong password" in line for line in told)


@pytest.mark.parametrize("headers", [{"X-Admin-Key": "wrong"}, {"Authorization": "Bearer wrong"}])
def test_line_12_a_wrong_key_or_token_of_a_program_is_logged(client, caplog, settings, headers):
    with caplog.at_level(logging.INFO):
        assert client.get("/api/admin/users", headers=headers).status_code == 401
    (line,) = [line for line in lines_of(caplog, settings) if "Refused" in line]
    assert json.loads(line)["endpoint"] == "api_users.list_users"
    assert "wrong" not in line


def test_line_12_a_name_with_line_ends_becomes_one_line_wherever_it_is_kept(organiser, sql):
    organiser.post("/admin/keys", {"name": "asha\r\nADMIN_KEY", "role": "owner"})
    assert sql("SELECT name FROM staff_keys") == [("asha ADMIN_KEY",)]


def picture():
    made = io.BytesIO()
    Image.new("RGB", (80, 50), "red").save(made, "PNG")
    made.seek(0)
    return made


EVENT_FORM = {
    "name": "Renamed",
    "start_at": "2031-03-04T07:00",
    "capacity": "80",
    "time_zone": "Asia/Kolkata",
}
EVENT = {"name": "Kolam Morning", "start_at": "2099-01-02T06:30:00Z", "capacity": 40}
GUEST = {"email": "g@example.com", "seats": "1", "idempotency_key": "k" * 10}
CHANGES = {
    "admin_events.create": EVENT_FORM,
    "admin_events.update": EVENT_FORM,
    "admin_events.publish": {},
    "admin_events.withdraw": {},
    "admin_events.duplicate": {"name": "Again", "start_at": "2031-03-04T07:00"},
    "admin_events.cancel": {},
    "admin_events.delete": {},
    "admin_images.upload": {"image": "a picture"},
    "admin_images.remove": {},
    "admin_live_sales.pause": {},
    "admin_live_sales.resume": {},
    "admin_live_sales.hold": {"seats": "2", "seen": "0"},
    "admin_live_sales.release": {"release-seats": "1", "release-seen": "2"},
    "admin_bookings.create": GUEST,
    "admin_bookings.cancel": {},
    "admin_bookings.replace_address": {},
    "admin_booking_guests.update": {"email": "g@example.com"},
    "admin_booking_accounts.update": {"email": "g@example.com"},
    "admin_guest_messages.remind": {"on": "1"},
    "admin_holds.create": {"name": "Sponsor", "seats": "2"},
    "admin_holds.update": {"name": "The band", "seats": "3", "seen": "3"},
    "admin_holds.release": {"seen": "3"},
    "admin_ticket_types.create": {"name": "VIP", "price": "900", "present_name": "General"},
    "admin_ticket_types.update": {"name": "Very", "price": "950"},
    "admin_ticket_types.move": {"place": "0"},
    "admin_ticket_types.withdraw": {},
    "admin_ticket_types.offer": {},
    "admin_ticket_types.remove": {},
    "admin_payments.record": {"amount": "9", "provider": "transfer", "bank_reference": "T-9"},
    "admin_refunds.mark": {},
    "admin_statements.mark": {
        "text": "date,amount,text\n2031-01-02,250,UPI 412345678901",
        "line": "2",
    },
    "admin_keys.create": {"name": "another", "role": "viewer"},
    "admin_keys.revoke": {},
    "api_admin_events.create_event": EVENT,
    "api_admin_events.update_event": {"capacity": 60},
    "api_admin_events.delete_event": {},
    "api_admin_events.copy_event": {"name": "Again"},
    "api_admin_holds.add_hold": {"name": "Sponsor", "seats": 2},
    "api_admin_holds.change_hold": {"name": "The band"},
    "api_admin_holds.issue_booking": {"email": "g@example.com", "name": "Guest"},
    "api_admin_holds.release_hold": {},
    "api_admin_ticket_types.add_type": {"name": "VIP"},
    "api_admin_ticket_types.change_type": {"name": "Very"},
    "api_admin_ticket_types.remove_type": {},
    "admin_vouchers.create": {"count": "1", "max_uses": "1"},
    "admin_vouchers.update": {"max_uses": "7"},
    "admin_vouchers.withdraw": {},
    "admin_waiting_rooms.update": {
        "mode": "on",
        "pace": "set",
        "per_minute": "90",
        "pass_minutes": "9",
    },
    "admin_waiting_rooms.pace": {"step": "pause"},
    "api_waiting_rooms.change_settings": {"mode": "on"},
    "api_admin_vouchers.add_voucher": {"code": "CHOIR-2031"},
    "api_admin_vouchers.add_vouchers": {"count": 2},
    "api_admin_vouchers.change_voucher": {"max_uses": 7},
    "api_admin_vouchers.withdraw_voucher": {},
    "api_admin_bookings.change_guest": {"email": "g@example.com"},
    "api_admin_payments.record_payment": {
        "provider": "transfer",
        "amount_minor": 900,
        "currency": "INR",
        "bank_reference": "T-9",
    },
    "api_admin_payments.mark_paid_back": {},
    "api_images.set_image": {"image": "a picture"},
    "api_images.remove_image": {},
    "api_bookings.change_booking": {"seats": 1},
    "api_bookings.cancel_booking": {},
    "api_staff_keys.create_key": {"name": "another", "role": "viewer"},
    "api_staff_keys.revoke_key": {},
}
NO_CHANGE = {
    *("admin_events.preview", "admin_events.check"),
    *("admin_guest_messages.preview", "admin_guest_messages.test"),
    "admin_statements.show",
}
BY_MAIL = {
    *("admin_guest_messages.send", "admin_guest_messages.send_again", "admin_mails.send_again"),
    *("admin_bookings.make_link", "admin_bookings.send_ticket"),
}
"""Where letters are sent, or a guest lacks a password: below, in test_guest_messages.py of the
pages, and in test_sign_in_links.py of the services."""
OF_THE_HOUSE = {
    *("admin_checks.reconcile_next", "api_admin_operations.reconcile_some"),
    *("admin_checks.seed", "api_admin_operations.seed_demo_data"),
    "api_admin_operations.remove_rehearsal",
}
"""Tokens in Redis are put right, the demo is filled, or what a rehearsal made is taken away (and
told: tests/services/test_rehearsals.py): of nobody's facts."""


def test_line_12_every_call_by_which_staff_changes_something_is_looked_at(app):
    rules = rules_of(app)
    changing = {
        endpoint
        for endpoint, who in RULES.items()
        if who in {Who.MANAGE, Who.KEYS} and "GET" not in rules[endpoint].methods
    }
    assert changing == {name for name in CHANGES if RULES[name] != Who.CALLER} | (
        NO_CHANGE | OF_THE_HOUSE | BY_MAIL
    )


def prepare(app, desk, world, factories, endpoint):
    """An event in the state in which the call changes something, and the world's other things."""
    facts = {"status": "draft"} if endpoint == "admin_events.publish" else {}
    if endpoint == "admin_live_sales.release":
        facts = {"seats_held": 2, "seats_available": 18}
    if endpoint == "admin_live_sales.resume":
        facts = {"sales_paused": True}
    event = factories.event(capacity=20, **facts)
    if "remove" in endpoint:
        with app.app_context():
            event_images.set_image(event.id, picture().read(), desk)
    ids = {**world.ids, "event_id": event.id}
    if "guest" in endpoint:
        guest = factories.booking(event, factories.user(), guest_name="Asha")
        ids["booking_id"] = guest.id
    if "_statements." in endpoint:
        until = {"status": "RESERVED", "reserved_until": event.start_at, "price_minor": 25_000}
        announced = {"provider_ref": None, "bank_reference": "412345678901", "state": "PENDING"}
        booking = factories.booking(event, **until)
        factories.payment(booking, provider="upi", **announced, paid_at=None)
    if "_holds." in endpoint:
        with app.app_context():
            ids["hold_id"] = holds.add_hold(event.id, "Band", 3, desk).id
    if "_vouchers." in endpoint:
        ids["voucher_id"] = factories.voucher(event).id
    if "_ticket_types." in endpoint:
        kind = {"name": "Student", "withdrawn": endpoint.endswith("offer")}
        ids["type_id"] = factories.ticket_types(event, kind)["Student"].id
    return ids


@pytest.mark.parametrize("endpoint", CHANGES)
def test_line_12_what_staff_does_is_logged_and_audited(
    app, desk, world, factories, sql, caplog, endpoint
):
    ids, owner = prepare(app, desk, world, factories, endpoint), world.personas[Role.OWNER]
    before = sql("SELECT coalesce(max(id), 0) FROM audit_entries")[0][0]
    rule, form = rules_of(app)[endpoint], dict(CHANGES[endpoint])
    path = rule.rule
    for name, value in ids.items():
        path = path.replace(f"<id:{name}>", str(value))
    with caplog.at_level(logging.INFO, "app.services.audit"):
        answer = sent(app, owner, path, next(iter(rule.methods - {"OPTIONS", "HEAD"})), form)
    assert answer.status_code in {200, 201, 204, 303}, answer.text
    rows = sql("SELECT actor, action, subject_id FROM audit_entries WHERE id > %s", before)
    assert [actor for actor, _, _ in rows] == ["owner key"]
    told = [record for record in caplog.records if record.name == "app.services.audit"]
    assert [(record.action, record.subject_id) for record in told] == [rows[0][1:]]


def test_line_12_letters_that_staff_sends_again_are_audited(
    make_app, clean, make_event, make_booking, sql
):
    booking = make_booking(make_event())
    with make_app(mail_url="smtp://127.0.0.1:1", mail_from="t@example.org").app_context():
        audit.act_as("asha")
        issues.send_ticket(booking.id)
        sql(
            "INSERT INTO mails (letter, recipient, locale, state)"
            " VALUES ('ticket', 'g@example.com', 'en_IN', 'given_up')"
        )
        mails.send_again(sql("SELECT max(id) FROM mails")[0][0])
    assert sql("SELECT actor, action FROM audit_entries ORDER BY id") == [
        ("asha", "booking.ticket_sent"),
        ("asha", "mail.sent_again"),
    ]


def sent(app, owner, path, method, form):
    if path.startswith("/api/"):
        if "image" in form:
            facts = {"data": picture().read(), "content_type": "image/png"}
        else:
            facts = {"json": form} if form else {}
        return app.test_client().open(path, method=method, headers=headers_of(owner), **facts)
    visitor = Visitor(app)
    with visitor._client.session_transaction() as session:
        session.update(owner.session)
    if "image" in form:
        form["image"] = (picture(), "picture.png")
    return visitor.post(path, form, headers=HTML)
