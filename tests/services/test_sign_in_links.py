"""Links and codes by mail: each is good once, for a time, and for one browser or one person."""

import re

import pytest
from sqlalchemy import select

from app.db import db
from app.errors import EmailTaken, LinkNotFound, UserNotFound, WrongCredentials
from app.models import LinkPurpose, Mail
from app.services import account_deletion, accounts, audit, profile, sign_in_links, sign_ins
from app.services.letters import NoLongerTrue, render

PASSWORD = "correct horse battery"


@pytest.fixture
def context(clean, make_app):
    app = make_app(mail_url="smtp://127.0.0.1:1", mail_from="tickets@example.org")
    with app.app_context():
        yield app


@pytest.fixture
def letters(sql):
    def read():
        return sql("SELECT letter, recipient, facts FROM mails ORDER BY id")

    return read


@pytest.fixture
def user(make_user):
    return make_user("meena@example.com", password=PASSWORD)


def secret_of(facts):
    return re.search("/sign-in/links/(.+)", facts["link"])[1]


def test_a_link_signs_in_once(user, letters):
    sign_in_links.request_by_mail("Meena@Example.com")
    ((letter, recipient, facts),) = letters()
    assert (letter, recipient) == ("sign_in", "meena@example.com")
    secret = secret_of(facts)
    assert sign_in_links.find(secret).purpose == LinkPurpose.SIGN_IN
    assert sign_in_links.open_link(secret).user.id == user.id
    with pytest.raises(LinkNotFound):
        sign_in_links.open_link(secret)


def test_a_code_signs_in_once_and_ends_the_link(user, letters):
    browser = sign_in_links.request_by_mail(user.email)
    ((_letter, _recipient, facts),) = letters()
    assert re.fullmatch("[0-9]{6}", facts["code"])
    code = f" {facts['code'][:3]} {facts['code'][3:]}"
    assert sign_in_links.open_with_code(browser, code).user.id == user.id
    for again in (
        lambda: sign_in_links.open_with_code(browser, code),
        lambda: sign_in_links.open_link(secret_of(facts)),
    ):
        with pytest.raises(LinkNotFound):
            again()


def test_a_code_is_good_in_the_browser_that_asked_alone(user, letters):
    sign_in_links.request_by_mail(user.email)
    other = sign_in_links.request_by_mail("somebody@example.com")
    code = letters()[0][2]["code"]
    with pytest.raises((WrongCredentials, LinkNotFound)):
        sign_in_links.open_with_code(other, code)


def test_a_code_may_be_tried_five_times(user, letters):
    browser = sign_in_links.request_by_mail(user.email)
    code = letters()[0][2]["code"]
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            sign_in_links.open_with_code(browser, wrong)
    with pytest.raises(LinkNotFound):
        sign_in_links.open_with_code(browser, code)


def test_links_and_codes_end_after_a_quarter_of_an_hour(user, letters, sql):
    browser = sign_in_links.request_by_mail(user.email)
    minutes = "SELECT round(extract(epoch FROM expires_at - created_at) / 60) FROM sign_in_links"
    assert sql(minutes) == [(15,)]
    sql("UPDATE sign_in_links SET expires_at = now()")
    facts = letters()[0][2]
    with pytest.raises(LinkNotFound):
        sign_in_links.open_with_code(browser, facts["code"])
    with pytest.raises(LinkNotFound):
        sign_in_links.find(secret_of(facts))


def test_an_unknown_address_gets_the_same_work_and_a_link_that_makes_an_account(letters, sql):
    sign_in_links.request_by_mail("new@example.com", name="Nila")
    ((letter, recipient, facts),) = letters()
    assert (letter, recipient) == ("sign_up", "new@example.com")
    assert sql("SELECT count(*) FROM users") == [(0,)]
    user = sign_in_links.open_link(secret_of(facts)).user
    assert (user.email, user.name, user.has_password) == ("new@example.com", "Nila", False)


def test_who_signs_up_with_a_known_address_is_told_by_letter(user, letters):
    sign_in_links.request_by_mail(user.email, LinkPurpose.SIGN_UP, name="Else")
    ((letter, _recipient, facts),) = letters()
    assert letter == "sign_up_known"
    assert sign_in_links.open_link(secret_of(facts)).user.name == "Asha"


def test_a_link_sets_a_password_and_signs_out_everywhere(user, letters):
    thief = sign_ins.begin_for_user(user)
    sign_in_links.request_by_mail(user.email, LinkPurpose.PASSWORD)
    opened = sign_in_links.open_link(secret_of(letters()[0][2]), "another long one")
    assert opened.purpose == LinkPurpose.PASSWORD
    assert sign_ins.user_of(thief) is None
    assert accounts.authenticate(user.email, "another long one").id == user.id
    assert letters()[1][:2] == ("password_changed", user.email)


def test_a_code_for_a_password_leads_to_a_link_that_sets_it(user, letters):
    browser = sign_in_links.request_by_mail(user.email, LinkPurpose.PASSWORD)
    secret = sign_in_links.open_with_code(browser, letters()[0][2]["code"])
    with pytest.raises(LinkNotFound):
        sign_in_links.find(secret_of(letters()[0][2]))
    sign_in_links.open_link(secret, "another long one")
    assert accounts.authenticate(user.email, "another long one")


def test_a_new_email_is_proven_and_the_old_one_is_told(user, letters):
    sign_in_links.request_email_change(user.id, "new@example.com")
    ((letter, recipient, facts),) = letters()
    assert (letter, recipient, facts["code"]) == ("email_change", "new@example.com", "")
    assert accounts.find_user("new@example.com") is None
    sign_in_links.open_link(secret_of(facts), by_user=user.id)
    assert accounts.find_user("new@example.com").id == user.id
    assert letters()[1] == ("email_changed", "meena@example.com", {"new": "new@example.com"})


def test_an_address_that_is_taken_gets_no_link(user, make_user, letters):
    make_user("other@example.com")
    sign_in_links.request_email_change(user.id, "other@example.com")
    assert letters() == [("email_taken", "other@example.com", {})]


def test_an_address_taken_meanwhile_is_not_given_away(user, make_user, letters):
    sign_in_links.request_email_change(user.id, "new@example.com")
    make_user("new@example.com")
    with pytest.raises(EmailTaken):
        sign_in_links.open_link(secret_of(letters()[0][2]), by_user=user.id)


@pytest.mark.parametrize("end", ["everywhere", "password", "deletion"])
def test_what_signs_out_ends_open_links(user, letters, desk, end):
    sign_in_links.request_by_mail(user.email)
    secret = secret_of(letters()[0][2])
    if end == "everywhere":
        profile.sign_out_everywhere(user.id)
    elif end == "password":
        profile.change_password(user.id, PASSWORD, "another long one")
    else:
        account_deletion.delete_account(user.id, PASSWORD, desk)
    with pytest.raises(LinkNotFound):
        sign_in_links.find(secret)


def test_staff_makes_a_link_that_is_written_down(user, letters):
    audit.act_as("asha")
    _user, secret = sign_in_links.make_for(user.id)
    (entry,) = audit.list_entries().items
    assert (entry.action, entry.after["email"]) == ("user.link_made", user.email)
    assert sign_in_links.open_link(secret, "another long one").user.id == user.id
    with pytest.raises(UserNotFound):
        sign_in_links.make_for(user.id + 1)


def test_neither_links_nor_codes_are_stored_with_themselves(user, letters, sql):
    browser = sign_in_links.request_by_mail(user.email)
    facts = letters()[0][2]
    stored = str(sql("SELECT * FROM sign_in_links"))
    assert browser not in stored
    assert secret_of(facts) not in stored
    assert facts["code"] not in stored


def test_former_links_are_swept_away(user, sql):
    sign_in_links.request_by_mail(user.email)
    sql("UPDATE sign_in_links SET expires_at = now() - interval '1 hour'")
    sign_in_links.request_by_mail(user.email)
    assert sql("SELECT count(*) FROM sign_in_links") == [(1,)]


@pytest.mark.parametrize("purpose", list(LinkPurpose)[:3])
def test_the_letter_has_link_and_code_in_text_and_html(user, context, purpose):
    sign_in_links.request_by_mail(user.email, purpose)
    sign_in_links.request_by_mail("new@example.com", purpose)
    for mail in db.session.scalars(select(Mail)).all():
        letter = render(mail)
        code = mail.facts["code"]
        for text in (letter.text, letter.html):
            assert mail.facts["link"] in text
            assert f"{code[:3]} {code[3:]}" in text


def test_letters_about_an_account_hold_no_link(user, letters, make_user):
    make_user("other@example.com")
    sign_in_links.request_email_change(user.id, "other@example.com")
    sign_in_links.request_email_change(user.id, "new@example.com")
    sign_in_links.open_link(secret_of(letters()[1][2]), by_user=user.id)
    sign_in_links.request_by_mail("new@example.com", LinkPurpose.PASSWORD)
    sign_in_links.open_link(secret_of(letters()[3][2]), "another long one")
    told = {mail.letter: render(mail) for mail in db.session.scalars(select(Mail)).all()}
    assert {"email_taken", "email_change", "email_changed", "password_changed"} <= told.keys()
    assert "new@example.com" in told["email_changed"].text
    for name in ("email_taken", "email_changed", "password_changed"):
        assert "/sign-in/links/" not in told[name].text + told[name].html


def test_a_letter_whose_link_is_over_is_not_sent(user, context):
    sign_in_links.request_by_mail(user.email)
    mail = db.session.scalars(select(Mail)).one()
    mail.facts = {**mail.facts, "expires_at": "2020-01-01T00:00:00+00:00"}
    with pytest.raises(NoLongerTrue):
        render(mail)
