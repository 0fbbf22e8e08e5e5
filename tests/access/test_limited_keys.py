"""Staff keys with limits, at every address: to some events, to a time, and without emails."""

import io
import re
from datetime import timedelta
from zipfile import ZipFile, is_zipfile

import pypdfium2
import pytest

from app.booking.issues import Issue
from app.db import db
from app.edge.access import RULES, WHOLE_SITE, Who
from app.models import Role, StaffKey
from app.models.columns import now
from app.services import audit, bookings, events, issues, sign_ins, staff
from tests.access.world import Persona, ask, headers_of, is_refused, rules_of
from tests.web.conftest import Visitor
from tests.web.test_ticket_pdf import said

STAFF = [
    endpoint
    for endpoint, who in RULES.items()
    if who in {Who.SEE, Who.MANAGE, Who.CHECK_IN} or endpoint in ("api_bookings.get_booking",)
]
LEAVING = {"admin_own_key.log_out_everywhere"}
SECRETS = ("Hidden Gala", "gala@guests.example", "Gala Guest", "987", "Other Hall")


class House:
    """Two events with a guest each, and persons of whom one may see the first event only."""

    def __init__(self, app, desk, factories):
        self.app = app
        self.mine = factories.event(name="My Evening", capacity=20)
        self.other = factories.event(
            name="Hidden Gala", capacity=2000, venue="Other Hall", price_minor=98700
        )
        me = factories.user("mine@guests.example", name="")
        them = factories.user("gala@guests.example", name="Gala Guest")
        self.user = them
        self.holds = {event.id: factories.hold(event) for event in (self.mine, self.other)}
        self.messages = {event.id: factories.message(event) for event in (self.mine, self.other)}
        self.check_ins = {e.id: factories.check_in(e) for e in (self.mine, self.other)}
        self.booking = factories.booking(self.mine, me, seats=2)
        self.hidden = factories.booking(self.other, them, seats=987, price_minor=98700)
        with app.app_context():
            audit.act_as("owner")
            for event in (self.mine, self.other):
                events.update_event(event.id, {"category": "Gala Talk"}, desk)
            issues.issue(desk, self.mine.id, Issue("third@guests.example", "", 1))
            bookings.cancel(desk, self.hidden.id, organiser=True, keep=986)
        self.types = {
            event.id: factories.ticket_types(event, {"name": "VIP"})
            for event in (self.mine, self.other)
        }

        self.refunds = {
            booking.event_id: factories.refund(factories.payment(booking))
            for booking in (self.booking, self.hidden)
        }
        self.receipts = {
            booking.event_id: factories.receipt(factories.payment(booking))
            for booking in (self.booking, self.hidden)
        }
        self.vouchers = {e.id: factories.voucher(e) for e in (self.mine, self.other)}

    def person(self, role, **limits):
        with self.app.app_context():
            key, secret = staff.create_key(f"{role} {limits}"[:60], Role(role), **limits)
            session = {"admin": sign_ins.begin_for_staff(key.key_digest)}
            return Persona(role, key=secret, session=session)

    def ids(self, event, booking):
        return {
            "event_id": event.id,
            "booking_id": booking.id,
            "user_id": self.user.id,
            "key_id": 1,
            "hold_id": self.holds[event.id].id,
            "type_id": self.types[event.id]["VIP"].id,
            "voucher_id": self.vouchers[event.id].id,
            "mail_id": 1,
            "refund_id": self.refunds[event.id].id,
            "receipt_id": self.receipts[event.id].id,
            "message_id": self.messages[event.id].id,
            "check_in_id": self.check_ins[event.id],
            "run": "0" * 8,
            "token": "0b6b2f0e-8f35-4f0e-9d3c-3a1d9c1f7a55",
        }


@pytest.fixture
def house(app, desk, factories, begin_with):
    return begin_with(House, app, desk, factories)


def text_of(answer):
    if answer.data[:2] == b"PK" and is_zipfile(io.BytesIO(answer.data)):
        with ZipFile(io.BytesIO(answer.data)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    if answer.mimetype == "application/pdf":
        return said(pypdfium2.PdfDocument(answer.data))
    return answer.text


def secrets_in(text):
    """Numbers among them as wholes: a moment's microseconds may hold their digits."""
    return [secret for secret in SECRETS if re.search(rf"(?<!\d){re.escape(secret)}(?!\d)", text)]


@pytest.mark.parametrize("endpoint", STAFF)
def test_a_key_of_one_event_learns_and_changes_nothing_of_another(app, house, sql, endpoint):
    person = house.person("organiser", event_ids=[house.mine.id])
    facts = "SELECT to_jsonb(e) FROM events e WHERE id = %s"
    before = sql(facts, house.other.id), sql("SELECT count(*) FROM events")
    answer = ask(app, endpoint, person, house.ids(house.other, house.hidden))
    arguments = rules_of(app)[endpoint].arguments
    if endpoint in WHOLE_SITE:
        assert answer.status_code in {403, 404}
    elif arguments & {"event_id", "booking_id", "refund_id", "receipt_id"}:
        assert answer.status_code == 404
    else:
        assert answer.status_code < 500
    found = secrets_in(text_of(answer))
    assert found == []
    assert (sql(facts, house.other.id), sql("SELECT count(*) FROM events")) == before


@pytest.mark.parametrize("endpoint", sorted({*STAFF} - WHOLE_SITE - LEAVING))
def test_a_key_of_one_event_does_all_that_its_role_may_with_it(app, house, endpoint):
    person = house.person("organiser", event_ids=[house.mine.id])
    answer = ask(app, endpoint, person, house.ids(house.mine, house.booking))
    assert not is_refused(answer)
    assert answer.status_code != 404 or "image" in endpoint


QUERIES = [
    "/admin/bookings?event={other}", "/admin/bookings.csv?event={other}",
    "/admin/bookings.xlsx?event={other}", "/admin/refunds?event={other}",
    "/admin/refunds.csv?event={other}", "/admin/refunds/owed?event={other}", "/admin/refunds/owed",
    "/admin/audit?event={other}",
    "/admin/audit.csv?event={other}", "/admin/bookings?q=gala", "/admin/audit?q=gala",
    "/admin/events?q=gala", "/admin?q=gala&range=365", "/admin/sales-by-event.csv?range=365",
    "/admin/sales-by-day.csv?range=365",
    "/api/admin/bookings?event_id={other}", "/api/admin/bookings?q=gala", "/api/admin/audit?q=gala",
    "/api/admin/events?q=gala", "/api/admin/sales", "/api/admin/analytics",
    "/api/users/{user}/bookings", "/api/bookings/{booking}",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_no_question_tells_a_key_of_one_event_of_another(app, house, query):
    person = house.person("organiser", event_ids=[house.mine.id])
    path = query.format(other=house.other.id, user=house.user.id, booking=house.hidden.id)
    visitor = Visitor(app)
    with visitor._client.session_transaction() as session:
        session.update({} if path.startswith("/api") else person.session)
    headers = headers_of(person) if path.startswith("/api") else {"Accept": "text/html"}
    answer = visitor.get(path, headers=headers)
    assert secrets_in(text_of(answer)) == []
    assert answer.status_code in {200, 404}


def test_a_key_of_one_event_books_for_no_other(app, house, sql):
    person = house.person("organiser", event_ids=[house.mine.id])
    client = app.test_client()
    for event, status in ((house.other, 404), (house.mine, 201)):
        body = {"user_id": house.user.id, "event_id": event.id}
        made = client.post("/api/bookings", json=body, headers=headers_of(person))
        assert made.status_code == status


def test_what_others_see_is_not_what_a_limited_key_left_in_memory(app, house):
    person = house.person("organiser", event_ids=[house.mine.id])
    client = app.test_client()
    for headers in (headers_of(person), {}):
        names = [row["name"] for row in client.get("/api/events", headers=headers).json]
        assert names == ["My Evening", "Hidden Gala"]
    assert client.get("/api/admin/sales", headers=headers_of(person)).json["total"]["seats"] == 3
    owner = house.person("owner")
    total = client.get("/api/admin/sales", headers=headers_of(owner)).json["total"]
    assert total["seats"] == 990


VIEWED = [endpoint for endpoint, who in RULES.items() if who == Who.SEE]
LOCAL_PART = re.compile(r"\b(mine|third|gala)(@|<)")


ASKED = ["", "?q=guests.example", "?q=third%40guests.example"]


@pytest.mark.parametrize("endpoint", VIEWED)
@pytest.mark.parametrize("query", ASKED)
def test_a_viewer_sees_no_guests_email_unless_allowed(app, house, endpoint, query):
    answers = {}
    for allowed in (False, True):
        person = house.person("viewer", sees_emails=allowed)
        ids = house.ids(house.mine, house.booking)
        answers[allowed] = text_of(ask(app, endpoint, person, ids, query))
    for typed in ("guests.example", "third@guests.example"):
        for echo in (
            f'value="{typed}"',
            f"“{typed}”",
            f"q={typed}",
            f"q={typed.replace('@', '%40')}",
        ):
            answers[False] = answers[False].replace(echo, "")
    assert "guests.example" not in answers[False]
    assert not LOCAL_PART.findall(answers[False])


@pytest.mark.parametrize(
    "endpoint",
    [
        *("admin_bookings.index", "admin_bookings.show", "admin_bookings.export_csv"),
        *("admin_bookings.export_excel", "api_users.list_users", "admin_audit.index"),
        *("api_admin_bookings.list_bookings_of_event", "api_admin_bookings.list_bookings"),
    ],
)
@pytest.mark.parametrize(("role", "allowed"), [("viewer", True), ("organiser", False)])
def test_who_may_see_emails_sees_them(app, house, endpoint, role, allowed):
    person = house.person(role, sees_emails=allowed)
    answer = ask(app, endpoint, person, house.ids(house.mine, house.booking))
    assert "guests.example" in text_of(answer)


def test_a_viewer_without_emails_finds_nobody_by_one(app, house):
    person = house.person("viewer")
    client = app.test_client()
    for words, found in (("guests.example", set()), ("Gala", {"Gala Guest"})):
        rows = client.get(f"/api/admin/users?q={words}", headers=headers_of(person)).json
        assert {row["name"] for row in rows} == found
    for path in ("/api/admin/bookings", "/api/admin/audit"):
        rows = client.get(f"{path}?q=guests.example", headers=headers_of(person)).json
        assert rows == []
    rows = client.get("/api/admin/bookings", headers=headers_of(person)).json
    assert {row["user_email"] for row in rows} == {None}


def test_a_tickets_code_tells_a_viewer_no_part_of_an_email(app, house, factories):
    guest = factories.user(email="secret.part@guests.example", name="")
    booking = factories.booking(house.mine, user=guest)
    for allowed in (False, True):
        person = house.person("viewer", sees_emails=allowed)
        ids = house.ids(house.mine, booking)
        answer = ask(app, "admin_bookings.index", person, ids, f"?q={booking.reference}-1")
        assert "Seat 1 of 1" in answer.text
        assert ("secret.part" in answer.text) == allowed


def test_a_list_by_name_puts_nobody_at_the_place_of_an_email_that_is_not_shown(
    app, house, factories
):
    for email, name in (
        ("mmm@guests.example", ""),
        ("a@guests.example", "Lila"),
        ("z@x.example", "Nia"),
    ):
        factories.booking(house.mine, user=factories.user(email=email, name=name))
    places = {}
    for allowed in (False, True):
        person, ids = (
            house.person("viewer", sees_emails=allowed),
            house.ids(house.mine, house.booking),
        )
        text = ask(app, "admin_bookings.export_csv", person, ids).text
        unnamed = "mmm" if allowed else "A guest"
        places[allowed] = [text.index(word) for word in ("Lila", unnamed, "Nia")]
    assert places[True] == sorted(places[True])
    assert places[False] != sorted(places[False])


@pytest.mark.parametrize("events", [1, 2])
def test_an_export_by_a_limited_key_says_of_which_events(app, house, sql, events):
    limits = sorted([house.mine.id, house.other.id][:events])
    person = house.person("organiser", event_ids=limits)
    answer = ask(app, "admin_bookings.export_csv", person, house.ids(house.mine, house.booking))
    assert answer.status_code == 200
    ((subject, subject_id, after),) = sql(
        "SELECT subject, subject_id, after FROM audit_entries WHERE action = 'guests.exported'"
    )
    assert (subject, subject_id) == (("event", house.mine.id) if events == 1 else ("", None))
    assert after["events"] == limits


@pytest.mark.parametrize("endpoint", ["admin_audit.export", "api_admin_reports.list_audit"])
def test_emails_that_the_audit_log_hands_out_are_noted_in_it(app, house, sql, endpoint):
    noted = "SELECT after FROM audit_entries WHERE action = 'guests.exported'"
    ids = house.ids(house.mine, house.booking)
    for role, expected in (("viewer", []), ("organiser", [1])):
        text = text_of(ask(app, endpoint, house.person(role), ids))
        assert ("third@guests.example" in text) == (role == "organiser")
        assert [after["rows"] for (after,) in sql(noted)] == expected


def test_an_event_that_is_gone_hides_no_key(app, house, sql):
    house.person("viewer", event_ids=[house.mine.id])
    sql("UPDATE staff_keys SET event_ids = '{999}'")
    person = house.person("owner")
    answer = ask(app, "admin_keys.index", person, house.ids(house.mine, house.booking))
    assert answer.status_code == 200
    assert "an event that was removed" in answer.text


def test_an_expired_key_opens_nothing_and_ends_its_sign_ins(app, house, sql):
    person = house.person("organiser", expires_at=now() + timedelta(hours=1))
    ids = house.ids(house.mine, house.booking)
    for endpoint in ("admin_bookings.index", "api_admin_bookings.list_bookings"):
        assert not is_refused(ask(app, endpoint, person, ids))
        sql("UPDATE staff_keys SET expires_at = now()")
        assert is_refused(ask(app, endpoint, person, ids))
        sql("UPDATE staff_keys SET expires_at = now() + interval '1 hour'")


def test_the_operators_key_is_never_limited(app, house, settings):
    headers = {"X-Admin-Key": settings.admin_key[0]}
    rows = app.test_client().get("/api/admin/bookings", headers=headers).json
    assert {row["user_email"] for row in rows} >= {"gala@guests.example", "mine@guests.example"}
    with app.app_context():
        assert db.session.query(StaffKey).count() == 0


def test_every_address_for_staff_is_limited_in_one_of_the_ways():
    assert RULES.keys() >= WHOLE_SITE
    owners = {endpoint for endpoint, who in RULES.items() if who == Who.KEYS}
    assert owners <= WHOLE_SITE
