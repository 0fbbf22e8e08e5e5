"""Signing in and out: sessions end on the server, failures are counted, nobody is led away."""

from tests.web.conftest import HTMX, PASSWORD


def test_signing_in_leads_back_to_where_one_was_going(visitor, alice):
    answer = visitor.get("/bookings")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/bookings"
    answer = visitor.sign_in(alice.email, next="/bookings")
    assert (answer.status_code, answer.location) == (303, "/bookings")
    assert "My bookings" in visitor.get("/bookings").text


def test_htmx_is_sent_on_to_an_address_of_any_letters(visitor, alice):
    form = {"email": alice.email, "password": PASSWORD, "next": "/?q=இசை"}
    answer = visitor.post("/sign-in", form, headers=HTMX)
    # A server can send Latin-1 alone.
    assert answer.headers["HX-Redirect"] == "/?q=%E0%AE%87%E0%AE%9A%E0%AF%88"


def test_a_refused_sign_in_keeps_the_email_and_forgets_the_password(visitor, alice):
    answer = visitor.sign_in(alice.email, "wrong password")
    assert answer.status_code == 422
    assert 'value="alice@example.com"' in answer.text
    assert "wrong password" not in answer.text
    assert "The email or the password is wrong." in answer.text


def test_good_sign_ins_are_not_counted(new_visitor, alice):
    for _ in range(12):
        assert new_visitor().sign_in(alice.email).status_code == 303


def test_an_account_is_made_once_per_email(new_newcomer, alice, sql):
    wish = {"name": "A", "email": "ALICE@example.com", "password": PASSWORD}
    answer = new_newcomer().post("/sign-up", wish)
    assert answer.status_code == 422
    assert "There is an account with this email." in answer.text
    assert sql("SELECT count(*) FROM users") == [(1,)]


def test_a_sign_up_names_each_field_that_is_wrong_and_keeps_the_rest(new_newcomer):
    wish = {"name": "Meera", "email": "no email", "password": "short"}
    answer = new_newcomer().post("/sign-up", wish)
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert 'id="password-error"' in answer.text
    assert 'value="Meera"' in answer.text
    assert "short" not in answer.text.replace("shortcut", "")
