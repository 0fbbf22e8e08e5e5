"""Signing in and out: sessions end on the server, failures are counted, nobody is led away."""

from tests.web.conftest import PASSWORD, Visitor


def test_signing_in_leads_back_to_where_one_was_going(visitor, alice):
    answer = visitor.get("/bookings")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/bookings"
    answer = visitor.sign_in(alice.email, next="/bookings")
    assert (answer.status_code, answer.location) == (303, "/bookings")
    assert "My bookings" in visitor.get("/bookings").text


def test_the_eleventh_failure_in_a_minute_is_refused_and_forged_addresses_do_not_help(
    visitor, alice
):
    for number in range(10):
        headers = {"Accept": "text/html", "X-Forwarded-For": f"10.0.0.{number}"}
        data = {"email": alice.email, "password": "wrong password"}
        assert visitor.post("/sign-in", data, headers=headers).status_code == 422
    answer = visitor.sign_in(alice.email, "wrong password")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert "Too many tries" in answer.text


def test_good_sign_ins_are_not_counted(new_visitor, alice):
    for _ in range(12):
        assert new_visitor().sign_in(alice.email).status_code == 303


def test_failures_are_counted_without_redis_as_well(make_app, clean, alice):
    visitor = Visitor(make_app(redis_url="redis://127.0.0.1:1/0"))
    statuses = [visitor.sign_in(alice.email, "wrong password").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_an_account_is_made_once_per_email(visitor, alice, sql):
    wish = {"name": "A", "email": "ALICE@example.com", "password": PASSWORD}
    answer = visitor.post("/sign-up", wish)
    assert answer.status_code == 422
    assert "There is an account with this email." in answer.text
    assert sql("SELECT count(*) FROM users") == [(1,)]


def test_a_sign_up_names_each_field_that_is_wrong_and_keeps_the_rest(visitor, clean):
    answer = visitor.post("/sign-up", {"name": "Meera", "email": "no email", "password": "short"})
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert 'id="password-error"' in answer.text
    assert 'value="Meera"' in answer.text
    assert "short" not in answer.text.replace("shortcut", "")
