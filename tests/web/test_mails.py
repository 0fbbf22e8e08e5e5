"""Staff look at the letters that reached nobody, and send them again."""

import pytest

from app.models import Role
from app.presenters.letter_names import letter_name
from app.services import letters, staff
from tests.web.conftest import Visitor

LIST, SENDING = "/admin/letters", "/admin/letters/{}/sending"


@pytest.fixture
def app(make_app, clean):
    return make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")


@pytest.fixture
def log_in(app):
    def enter(key):
        visitor = Visitor(app)
        visitor.log_in(key)
        return visitor

    return enter


@pytest.fixture
def owner(log_in, settings):
    return log_in(settings.admin_key[0])


@pytest.fixture
def staff_member(app, log_in):
    """Makes somebody with a key of that role, for one event or for all."""

    def make(role, *events):
        with app.app_context():
            ids = [event.id for event in events] or None
            _key, secret = staff.create_key(f"a {role}", role, event_ids=ids)
        return log_in(secret)

    return make


@pytest.fixture
def add(sql):
    """Adds a mail in that state, and answers its id."""

    def insert(state="given_up", recipient="bo@example.com", letter="ticket", **facts):
        facts = {"last_error": None, "attempts": 1, "booking_id": None, **facts}
        sent_at = "now()" if state == "sent" else "NULL"
        (row,) = sql(
            "INSERT INTO mails (state, recipient, letter, locale, last_error, attempts, booking_id,"
            f" sent_at) VALUES (%s, %s, %s, 'en_IN', %s, %s, %s, {sent_at}) RETURNING id",
            *(state, recipient, letter, *facts.values()),
        )
        return row[0]

    return insert


@pytest.fixture
def states(sql):
    return lambda: sql("SELECT recipient, state, attempts FROM mails ORDER BY id")


def counts(page):
    return [part.partition("</dd>")[0] for part in page.split("<dd>")[1:4]]


def test_where_every_letter_arrived_the_page_says_so(owner):
    page = owner.get(LIST).text
    assert "Every letter has reached somebody." in page
    assert counts(page) == ["0", "0", "0"]


def test_without_a_mail_server_it_says_that_none_are_written(make_app, clean, settings):
    visitor = Visitor(make_app())
    visitor.log_in(settings.admin_key[0])
    page = visitor.get(LIST).text
    assert "No mail server is set (MAIL_URL)" in page
    assert "There are no letters." in page


def test_each_state_is_counted_and_only_what_reached_nobody_is_listed(owner, add):
    for state in ("queued", "sending", "sent", "sent", "sent", "given_up"):
        add(state, f"{state}@example.com", last_error="550 no <b>such</b> mailbox")
    page = owner.get(LIST).text
    assert counts(page) == ["2", "3", "1"]
    assert "given_up@example.com" in page
    assert "550 no &lt;b&gt;such&lt;/b&gt; mailbox" in page
    assert ">Ticket<" in page
    for state in ("queued", "sending", "sent"):
        assert f"{state}@example.com" not in page


def test_a_letter_leads_to_its_booking(owner, add, make_event, make_booking):
    booking = make_booking(make_event())
    add(booking_id=booking.id)
    assert f"/admin/bookings/{booking.id}" in owner.get(LIST).text


def test_a_long_list_goes_on_with_the_older_ones(owner, add):
    for number in range(52):
        add(recipient=f"p{number}@example.com")
    first = owner.get(LIST).text
    assert "p51@example.com" in first
    assert "p1@example.com" not in first
    onward = first.partition('href="/admin/letters?after=')[2].partition('"')[0]
    second = owner.get(f"{LIST}?after={onward}").text
    assert "p1@example.com" in second
    assert "p51@example.com" not in second
    assert "More letters" not in second


def test_a_letter_is_sent_again_once_and_the_history_says_so(owner, add, states, sql):
    mail = add(recipient="bo@example.com", attempts=9)
    assert 'aria-label="Send again: bo@example.com"' in owner.get(LIST).text
    done = owner.post(SENDING.format(mail))
    assert (done.status_code, done.location) == (303, LIST)
    assert "The letter is sent again" in owner.get(LIST).text
    assert states() == [("bo@example.com", "queued", 0)]
    owner.post(SENDING.format(mail))
    assert sql("SELECT action FROM audit_entries") == [("mail.sent_again",)]


@pytest.mark.parametrize("state", ["sent", "sending"])
def test_what_was_sent_or_is_on_its_way_is_not_sent_again(owner, add, states, sql, state):
    mail = add(state)
    assert owner.post(SENDING.format(mail)).status_code == 303
    assert states() == [("bo@example.com", state, 1)]
    assert sql("SELECT count(*) FROM audit_entries") == [(0,)]


def test_a_letter_that_is_gone_is_not_found(owner):
    assert owner.post(SENDING.format(4711)).status_code == 404


def test_who_may_not_is_told_so_and_sees_no_address(staff_member, add, states, make_event):
    mail = add()
    for member in (staff_member(Role.VIEWER), staff_member(Role.ORGANISER, make_event())):
        page = member.get(LIST)
        assert page.status_code == 403
        assert "<h1" in page.text
        assert "bo@example.com" not in page.text
        assert member.post(SENDING.format(mail)).status_code == 403
    assert states() == [("bo@example.com", "given_up", 1)]


def test_every_letter_has_a_name_for_staff(app):
    with app.app_context():
        names = letters.names() - {"event_facts"}
        nameless = [name for name in names if letter_name(name) == name.replace("_", " ")]
    assert nameless == []
