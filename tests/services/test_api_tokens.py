"""API tokens: shown once, kept as a digest, revoked for good."""

import pytest

from app.db import transaction
from app.errors import ApiTokenNotFound
from app.services import api_tokens


def test_a_token_is_its_users(make_user):
    user = make_user()
    token, secret = api_tokens.create_api_token(user.id, " box office ")
    assert (token.name, token.last_four) == ("box office", secret[-4:])
    assert api_tokens.user_id_of(secret) == user.id


def test_the_secret_itself_is_never_stored(make_user, sql):
    _token, secret = api_tokens.create_api_token(make_user().id, "laptop")
    assert secret not in str(sql("SELECT * FROM api_tokens"))


def test_a_revoked_token_is_nobodys_and_no_longer_listed(make_user):
    user = make_user()
    token, secret = api_tokens.create_api_token(user.id, "laptop")
    kept, _secret = api_tokens.create_api_token(user.id, "phone")
    api_tokens.revoke_api_token(user.id, token.id)
    assert api_tokens.user_id_of(secret) is None
    assert [token.id for token in api_tokens.list_api_tokens(user.id)] == [kept.id]


def test_revoking_twice_keeps_the_moment_of_the_first_time(make_user, sql):
    user = make_user()
    token, _secret = api_tokens.create_api_token(user.id, "laptop")
    api_tokens.revoke_api_token(user.id, token.id)
    first = sql("SELECT revoked_at FROM api_tokens")
    api_tokens.revoke_api_token(user.id, token.id)
    assert sql("SELECT revoked_at FROM api_tokens") == first


def test_the_token_of_another_user_is_not_found(make_user):
    token, secret = api_tokens.create_api_token(make_user().id, "laptop")
    with pytest.raises(ApiTokenNotFound):
        api_tokens.revoke_api_token(make_user().id, token.id)
    assert api_tokens.user_id_of(secret)


def test_all_of_a_users_end_together_and_nobody_elses(make_user):
    user, other = make_user(), make_user()
    (_, one), (_, two) = (api_tokens.create_api_token(user.id, name) for name in "ab")
    _token, theirs = api_tokens.create_api_token(other.id, "c")
    with transaction() as session:
        assert api_tokens.end_all_of(session, user.id) == 2
    with transaction() as session:
        assert api_tokens.end_all_of(session, user.id) == 0
    assert [api_tokens.user_id_of(secret) for secret in (one, two, theirs)] == [
        *(None, None),
        other.id,
    ]


@pytest.mark.parametrize("secret", ["", "utsavam_", "utsavam_rubbish", "rubbish", "utsavam_\udcff"])
def test_rubbish_is_nobodys_token(secret):
    assert api_tokens.user_id_of(secret) is None


def test_the_use_of_a_token_is_noted_once_a_minute(make_user, sql):
    _token, secret = api_tokens.create_api_token(make_user().id, "laptop")
    assert sql("SELECT last_used_at FROM api_tokens") == [(None,)]
    api_tokens.user_id_of(secret)
    first = sql("SELECT last_used_at FROM api_tokens")
    api_tokens.user_id_of(secret)
    assert sql("SELECT last_used_at FROM api_tokens") == first
    sql("UPDATE api_tokens SET last_used_at = now() - interval '2 minutes'")
    api_tokens.user_id_of(secret)
    assert sql("SELECT last_used_at > now() - interval '1 minute' FROM api_tokens") == [(True,)]
