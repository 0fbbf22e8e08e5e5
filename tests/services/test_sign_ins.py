"""Sign-ins live on the server: what has ended there opens nothing."""

import secrets

import pytest

from app.services import accounts, sign_ins, staff

KEY, NEXT_KEY = secrets.token_urlsafe(32), secrets.token_urlsafe(32)


@pytest.fixture
def user():
    return accounts.create_user("meena@example.com")


def test_a_sign_in_opens_its_users_account(user):
    token = sign_ins.begin_for_user(user)
    assert sign_ins.user_of(token).id == user.id


def test_an_ended_sign_in_opens_nothing(user):
    token, other = sign_ins.begin_for_user(user), sign_ins.begin_for_user(user)
    sign_ins.end(token)
    assert sign_ins.user_of(token) is None
    assert sign_ins.user_of(other).id == user.id


def test_an_expired_sign_in_opens_nothing(user, sql):
    token = sign_ins.begin_for_user(user)
    sql("UPDATE sign_ins SET expires_at = now()")
    assert sign_ins.user_of(token) is None


def test_a_new_sign_in_sweeps_the_expired_ones_away(user, sql):
    sign_ins.begin_for_user(user)
    sql("UPDATE sign_ins SET expires_at = now() - interval '1 second'")
    sign_ins.begin_for_user(user)
    assert sql("SELECT count(*) FROM sign_ins") == [(1,)]


def test_the_token_itself_is_never_stored(user, sql):
    token = sign_ins.begin_for_user(user)
    assert token not in str(sql("SELECT * FROM sign_ins"))


@pytest.mark.parametrize("token", ["", "rubbish", "ä", "\udcff", "x" * 10_000])
def test_rubbish_opens_nothing(token):
    assert sign_ins.user_of(token) is None
    assert staff.by_sign_in(token, (KEY,)) is None


def test_an_admin_key_opens_the_admin_pages_for_eight_hours(sql):
    token = staff.log_in(KEY, (KEY,))
    assert staff.by_sign_in(token, (KEY,))
    ((hours,),) = sql(
        "SELECT round(extract(epoch FROM expires_at - created_at) / 3600) FROM sign_ins"
    )
    assert hours == 8


@pytest.mark.parametrize(
    "key",
    ["", "wrong", KEY[:-1], KEY + " ", "ключ"],
    ids=["none", "a word", "a letter less", "a space more", "other letters"],
)
def test_a_wrong_admin_key_begins_nothing(key, sql):
    assert staff.log_in(key, (KEY,)) is None
    assert sql("SELECT count(*) FROM sign_ins") == [(0,)]


def test_no_key_at_all_lets_nobody_in():
    assert staff.log_in("", ()) is None
    assert staff.log_in(KEY, ()) is None


def test_either_of_two_keys_opens_while_they_are_rotated():
    both = (KEY, NEXT_KEY)
    for key in both:
        assert staff.by_sign_in(staff.log_in(key, both), both)


def test_a_withdrawn_admin_key_ends_its_sign_ins():
    both = (KEY, NEXT_KEY)
    old, new = (staff.log_in(key, both) for key in both)
    assert staff.by_sign_in(old, (NEXT_KEY,)) is None
    assert staff.by_sign_in(new, (NEXT_KEY,))


def test_a_users_sign_in_is_no_organisers_and_the_other_way_round(user):
    assert staff.by_sign_in(sign_ins.begin_for_user(user), (KEY,)) is None
    assert sign_ins.user_of(staff.log_in(KEY, (KEY,))) is None
