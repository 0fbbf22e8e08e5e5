"""Several members of staff change the email of one account at once, or give several the same."""

from collections import Counter

from app.errors import AccountChanged, EmailTaken
from app.models import User
from app.services import accounts
from app.services.account_emails import change_email
from tests.support.threads import at_once, in_app

ROUNDS = 10
PEOPLE = range(6)


def kinds(answers):
    return Counter(type(answer) for answer in answers)


def change_all_at_once(app, user, number):
    return at_once(
        in_app(app, change_email, user.id, f"new-{number}-{person}@example.com", seen=user.email)
        for person in PEOPLE
    )


def test_of_six_who_change_one_email_differently_one_does(app, make_user, sql):
    for number in range(ROUNDS):
        answers = change_all_at_once(app, make_user(f"asha-{number}@example.com"), number)
        assert kinds(answers) == {User: 1, AccountChanged: 5}


def test_without_the_lock_the_last_one_overwrites_the_others(monkeypatch, app, make_user):
    monkeypatch.setattr(accounts, "locked_user", lambda session, id: session.get_one(User, id))
    for number in range(ROUNDS):
        answers = change_all_at_once(app, make_user(f"asha-{number}@example.com"), number)
        if kinds(answers)[User] > 1:
            return
    raise AssertionError("the race was never lost: it shows nothing")


def test_of_six_accounts_that_get_one_email_at_once_one_has_it(app, make_user, sql):
    for number in range(ROUNDS):
        users = [make_user(f"asha-{number}-{person}@example.com") for person in PEOPLE]
        wanted = f"new-{number}@example.com"
        answers = at_once(in_app(app, change_email, user.id, wanted) for user in users)
        assert kinds(answers) == {User: 1, EmailTaken: 5}
        assert sql("SELECT count(*) FROM users WHERE email = %s", wanted) == [(1,)]
