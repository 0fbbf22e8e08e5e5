"""Accounts: one per email, and a password that only its owner knows."""

import pytest
from argon2 import PasswordHasher

from app.errors import EmailTaken, InvalidField, UserNotFound, WrongCredentials
from app.services import accounts, users

PASSWORD = "rice flour and dots"


def test_a_new_user_signs_in_with_their_password():
    user = accounts.create_user("Meena@Example.com ", " Meena ", PASSWORD)
    assert (user.email, user.name) == ("meena@example.com", "Meena")
    assert accounts.authenticate(" MEENA@example.com", PASSWORD).id == user.id


def test_line_04_a_password_is_kept_as_argon2id_only(sql):
    accounts.create_user("meena@example.com", "Meena", PASSWORD)
    ((kept,),) = sql("SELECT password_hash FROM users")
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


@pytest.mark.parametrize("email", ["meena@example.com", "MEENA@EXAMPLE.COM", " Meena@example.com "])
def test_an_email_is_taken_in_whatever_case_it_is_written(email, sql):
    accounts.create_user("Meena@Example.com")
    with pytest.raises(EmailTaken):
        accounts.create_user(email)
    assert sql("SELECT count(*) FROM users") == [(1,)]


def test_the_session_is_usable_after_a_taken_email():
    accounts.create_user("meena@example.com")
    with pytest.raises(EmailTaken):
        accounts.create_user("meena@example.com")
    assert accounts.create_user("ravi@example.com").id


def test_an_unknown_user_and_a_wrong_password_are_told_apart_by_nobody():
    accounts.create_user("meena@example.com", password=PASSWORD)
    accounts.create_user("nopassword@example.com")
    refusals = []
    for email in ("meena@example.com", "ravi@example.com", "nopassword@example.com"):
        with pytest.raises(WrongCredentials) as refusal:
            accounts.authenticate(email, "something else")
        refusals.append((refusal.type, str(refusal.value)))
    assert len(set(refusals)) == 1


def test_nobodys_password_opens_no_account_without_one():
    accounts.create_user("meena@example.com")
    with pytest.raises(WrongCredentials):
        accounts.authenticate("meena@example.com", "nobody has this password")


@pytest.mark.parametrize("password", ["", "seven77", "x" * 201])
def test_a_password_too_short_or_too_long_is_refused(password, sql):
    with pytest.raises(InvalidField) as refusal:
        accounts.create_user("meena@example.com", password=password)
    assert refusal.value.field == "password"
    assert sql("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize("password", ["x" * 8, "x" * 200, "कमल का फूल"])
def test_a_password_at_the_edges_of_the_rule_signs_in(password):
    accounts.create_user("meena@example.com", password=password)
    assert accounts.authenticate("meena@example.com", password)


@pytest.mark.long
def test_a_hash_by_former_parameters_still_opens_and_is_renewed_then(make_user, sql):
    former = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4).hash(PASSWORD)
    user = make_user("meena@example.com")
    sql("UPDATE users SET password_hash = %s", former)
    with pytest.raises(WrongCredentials):
        accounts.authenticate("meena@example.com", "something else")
    assert sql("SELECT password_hash FROM users") == [(former,)]
    assert accounts.authenticate("meena@example.com", PASSWORD).id == user.id
    ((renewed,),) = sql("SELECT password_hash FROM users")
    assert "m=19456,t=3,p=1" in renewed
    assert accounts.authenticate("meena@example.com", PASSWORD).id == user.id
    assert sql("SELECT password_hash FROM users") == [(renewed,)], "renewed once"


def test_a_taken_email_costs_no_hash(make_user, monkeypatch):
    make_user("meena@example.com")
    hashed = []
    monkeypatch.setattr(accounts, "_run_queued", lambda *work: hashed.append(work) or "x")
    with pytest.raises(EmailTaken):
        accounts.create_user("Meena@example.com", password=PASSWORD)
    assert hashed == []
    accounts.create_user("ravi@example.com", password=PASSWORD)
    assert len(hashed) == 1, "the control"


def test_a_user_without_a_password_sets_one_later():
    user = accounts.create_user("meena@example.com")
    accounts.set_password("MEENA@example.com", PASSWORD)
    assert accounts.authenticate("meena@example.com", PASSWORD).id == user.id


def test_a_new_password_takes_the_place_of_the_old_one():
    accounts.create_user("meena@example.com", password=PASSWORD)
    accounts.set_password("meena@example.com", "another pattern")
    with pytest.raises(WrongCredentials):
        accounts.authenticate("meena@example.com", PASSWORD)


def test_the_password_of_an_unknown_user_is_not_set():
    with pytest.raises(UserNotFound):
        accounts.set_password("nobody@example.com", PASSWORD)


def test_a_user_is_got_by_id_or_not_found(make_user):
    user = make_user()
    assert accounts.get_user(user.id).email == user.email
    with pytest.raises(UserNotFound):
        accounts.get_user(999)


def test_users_are_found_by_words_in_name_or_email(make_user):
    meena = make_user("meena@example.org", name="Meena Kumari")
    make_user("ravi@example.com", name="Ravi Kumar")
    assert [user.id for user in users.list_users(q="KUMAR example.org").items] == [meena.id]
    assert [user.id for user in users.list_users(q="%").items] == []


def test_paging_shows_every_user_exactly_once(make_user):
    made = [make_user().id for _ in range(5)]
    seen, after = [], None
    for _ in range(3):
        page = users.list_users(limit=2, after=after)
        seen += [user.id for user in page.items]
        after = page.next_cursor
    assert seen == made
    assert after is None
