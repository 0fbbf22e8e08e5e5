"""The email of an account, changed by staff for who can't prove a new one."""

import pytest

from app.errors import AccountChanged, EmailTaken, LinkNotFound, UserNotFound
from app.models import LinkPurpose
from app.services import (
    account_deletion,
    accounts,
    api_tokens,
    audit,
    bookings,
    sign_in_links,
    sign_ins,
)
from app.services.account_emails import change_email

PASSWORD = "correct horse battery"
OLD, NEW = "meena@example.com", "meena@new.example"


@pytest.fixture
def user(make_user):
    return make_user(OLD, name="Meena", password=PASSWORD)


@pytest.fixture
def entries():
    """What the audit log holds, newest first."""
    audit.act_as("asha")
    return lambda: [
        (entry.actor, entry.action, entry.before, entry.after)
        for entry in audit.list_entries().items
    ]


@pytest.fixture
def with_mail(clean, make_app):
    app = make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
    with app.app_context():
        yield app


def test_bookings_password_browsers_and_tokens_go_along(user, make_event, make_booking):
    booking, browser = make_booking(make_event(), user), sign_ins.begin_for_user(user)
    _token, secret = api_tokens.create_api_token(user.id, "laptop")
    assert change_email(user.id, " Meena@New.example").email == NEW
    assert accounts.authenticate(NEW, PASSWORD).id == user.id
    assert sign_ins.user_of(browser).email == NEW
    assert api_tokens.user_id_of(secret) == user.id
    assert [found.id for found in bookings.list_bookings_of_user(user.id).items] == [booking.id]
    assert accounts.find_user(OLD) is None


def test_it_is_written_down_with_the_former_email_and_the_new_one(user, entries):
    change_email(user.id, NEW, seen=OLD)
    after = {"email": NEW, "user_id": user.id}
    assert entries() == [("asha", "user.email_changed", {"email": OLD}, after)]


def test_the_same_email_again_changes_nothing_and_is_not_written_down(user, entries):
    for email in (OLD, "MEENA@Example.com "):
        assert change_email(user.id, email, seen="other@example.com").email == OLD
    assert entries() == []


@pytest.mark.parametrize("email", ["ravi@example.com", " RAVI@Example.com"])
def test_an_email_that_another_account_has_is_refused(user, make_user, entries, email):
    make_user("ravi@example.com")
    with pytest.raises(EmailTaken):
        change_email(user.id, email)
    assert accounts.get_user(user.id).email == OLD
    assert entries() == []


def test_who_saw_another_email_is_told_and_changes_nothing(user, entries):
    change_email(user.id, "meena@else.example")
    with pytest.raises(AccountChanged):
        change_email(user.id, NEW, seen=OLD)
    assert accounts.get_user(user.id).email == "meena@else.example"
    assert change_email(user.id, NEW, seen="Meena@Else.example").email == NEW
    assert [action for _, action, *_ in entries()] == ["user.email_changed"] * 2


def test_a_deleted_account_gets_no_email(user, desk, entries, sql):
    account_deletion.delete_account(user.id, PASSWORD, desk)
    for user_id in (user.id, user.id + 1):
        with pytest.raises(UserNotFound):
            change_email(user_id, NEW)
    assert sql("SELECT count(*) FROM users WHERE email = %s", NEW) == [(0,)]
    assert entries() == []


def test_the_former_address_is_told_by_a_letter(user, with_mail, sql):
    change_email(user.id, NEW)
    ((letter, recipient, facts),) = sql("SELECT letter, recipient, facts FROM mails")
    assert (letter, recipient, facts) == ("email_changed", OLD, {"new": NEW})


@pytest.mark.parametrize("by", ["staff", "its owner"])
def test_letters_that_wait_follow_and_links_and_news_of_the_account_do_not(
    user, with_mail, make_event, make_booking, sql, by
):
    booking, friend = make_booking(make_event(), user), make_booking(make_event())
    for letter, state, booked in [
        *(("ticket", "queued", booking), ("reminder", "given_up", booking)),
        *(("event_changed", "sent", booking), ("message", "sending", booking)),
        *(("ticket", "queued", friend), ("password_changed", "queued", None)),
    ]:
        sql(
            "INSERT INTO mails (letter, recipient, locale, state, sent_at, attempts, due_at,"
            " user_id, booking_id) VALUES (%s, %s, 'en_IN', %s, CASE %s WHEN 'sent' THEN now() END,"
            " 3, now() + interval '6 hours', %s, %s)",
            *(letter, OLD if booked != friend else "bo@example.com", state, state),
            *((booked or booking).user_id, booked and booked.id),
        )
    sign_in_links.request_by_mail(OLD)
    if by == "staff":
        change_email(user.id, NEW)
    else:
        sign_in_links.request_email_change(user.id, NEW)
        (link,) = sql("SELECT facts->>'link' FROM mails WHERE letter = 'email_change'")[0]
        sql("DELETE FROM mails WHERE letter = 'email_change'")
        sign_in_links.open_link(link.rpartition("/")[2], by_user=user.id)
    found = sql("SELECT letter, recipient, state, attempts, due_at <= now() FROM mails ORDER BY id")
    assert found == [
        ("ticket", NEW, "queued", 0, True),
        ("reminder", NEW, "given_up", 3, False),
        ("event_changed", OLD, "sent", 3, False),
        ("message", OLD, "sending", 3, False),
        ("ticket", "bo@example.com", "queued", 3, False),
        ("password_changed", OLD, "queued", 3, False),
        ("sign_in", OLD, "queued", 0, True),
        ("email_changed", OLD, "queued", 0, True),
    ]


def test_without_mail_no_letter_waits_for_a_server(user, sql):
    change_email(user.id, NEW)
    assert sql("SELECT count(*) FROM mails") == [(0,)]


def test_links_that_were_sent_to_the_former_address_open_nothing(user, with_mail, sql):
    browsers = [
        sign_in_links.request_by_mail(OLD, purpose)
        for purpose in (LinkPurpose.SIGN_IN, LinkPurpose.PASSWORD)
    ]
    _user, from_staff = sign_in_links.make_for(user.id)
    links = [row[0].rpartition("/")[2] for row in sql("SELECT facts->>'link' FROM mails")]
    codes = [sign_in_links.code_of(browser) for browser in browsers]
    assert [sign_in_links.find(link).user_id for link in links] == [user.id] * 2
    change_email(user.id, NEW)
    for link in links:
        with pytest.raises(LinkNotFound):
            sign_in_links.open_link(link, "another long one")
    for browser, code in zip(browsers, codes, strict=True):
        with pytest.raises(LinkNotFound):
            sign_in_links.open_with_code(browser, code)
    assert sign_in_links.open_link(from_staff, "another long one").user.id == user.id
