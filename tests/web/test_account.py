"""The account's page: changing it, taking one's data along, leaving."""

import re
from datetime import timedelta

import psycopg
import pytest

from app.models.columns import now
from app.services import bookings, gifts
from tests.support.servers import libpq
from tests.web.conftest import PASSWORD, Visitor

NEW = "another long password"
TOKEN = {"token-name": "laptop", "token-password": PASSWORD}


@pytest.fixture
def elsewhere(app, alice):
    """Alice's second browser."""
    visitor = Visitor(app)
    visitor.sign_in(alice.email)
    return visitor


@pytest.fixture
def at_open_site(new_newcomer, alice):
    """Her browser at a site without mail where people change their email all the same."""
    visitor = new_newcomer()
    visitor.sign_in(alice.email)
    return visitor


def is_signed_in(visitor):
    return visitor.get("/account").status_code == 200


def test_a_new_name_stands_on_the_pages(signed_in):
    signed_in.post("/account/name", {"name-name": "  Alice Iyer "})
    assert "Alice Iyer" in signed_in.get("/").text


def test_a_blank_name_is_refused_at_its_field_and_the_other_forms_stay(signed_in):
    answer = signed_in.post("/account/name", {"name-name": "  "})
    assert answer.status_code == 422
    assert 'id="name-name-error"' in answer.text
    assert answer.text.count('id="errors"') == 1


def test_a_new_email_signs_in_and_the_old_one_does_not(at_open_site, new_visitor):
    form = {"email-email": "Alice@New.example", "email-password": PASSWORD}
    page = at_open_site.post("/account/email", form, follow_redirects=True).text
    assert "alice@new.example" in page
    assert new_visitor().sign_in("alice@example.com").status_code == 422
    assert new_visitor().sign_in("alice@new.example").status_code == 303


@pytest.mark.parametrize(
    ("email", "password", "field", "said"),
    [
        ("bob@example.com", PASSWORD, "email", "already"),
        ("rubbish", PASSWORD, "email", "Enter an email address"),
        ("alice@new.example", "wrong", "password", "The password is wrong"),
        ("alice@new.example", "", "password", "Enter your password"),
    ],
)
def test_a_new_email_that_can_not_be_says_why_and_is_kept(
    at_open_site, make_user, sql, email, password, field, said
):
    make_user(email="bob@example.com")
    form = {"email-email": email, "email-password": password}
    answer = at_open_site.post("/account/email", form)
    assert answer.status_code == 422
    error = re.search(rf'id="email-{field}-error"[^>]*>([^<]+)<', answer.text)[1]
    assert said in error
    assert f'value="{email}"' in answer.text
    assert f'value="{PASSWORD}"' not in answer.text
    assert sql("SELECT count(*) FROM users WHERE email = 'alice@example.com'") == [(1,)]


def test_where_no_letter_proves_an_email_the_organisers_change_it_and_the_page_says_so(
    signed_in, at_open_site
):
    page = signed_in.get("/account").text
    assert "its organisers can change your email" in page
    assert "/account/email" not in page
    page = at_open_site.get("/account").text
    assert "its organisers can change your email" not in page
    assert "/account/email" in page


def test_where_no_letter_proves_an_email_the_answer_is_the_same_for_each(signed_in, make_user, sql):
    make_user(email="known@example.com")
    answers = [
        signed_in.post("/account/email", {"email-email": email, "email-password": password})
        for password in (PASSWORD, "wrong")
        for email in ("known@example.com", "unknown@example.com", "no email", "")
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert len({without_tokens(answer.data) for answer in answers}) == 1
    assert "its organisers can change your email" in answers[0].text
    assert sql("SELECT email FROM users ORDER BY email") == [
        ("alice@example.com",),
        ("known@example.com",),
    ]


def test_an_open_site_without_mail_tells_who_has_an_account(at_open_site, make_user):
    """The control: here the answer differs, as the operator was warned."""
    make_user(email="known@example.com")
    answers = [
        at_open_site.post("/account/email", {"email-email": email, "email-password": PASSWORD})
        for email in ("known@example.com", "unknown@example.com")
    ]
    assert [answer.status_code for answer in answers] == [422, 303]


def without_tokens(page):
    """A form's token is signed anew with the time."""
    return re.sub(rb'name="[\w-]*csrf_token"[^>]*>', b"", page)


def test_a_new_password_signs_out_every_other_browser(signed_in, elsewhere, new_visitor, alice):
    form = {"password-current": PASSWORD, "password-password": NEW}
    assert signed_in.post("/account/password", form).status_code == 303
    assert is_signed_in(signed_in)
    assert not is_signed_in(elsewhere)
    assert new_visitor().sign_in(alice.email).status_code == 422
    assert new_visitor().sign_in(alice.email, NEW).status_code == 303


def test_a_wrong_or_a_short_password_changes_nothing(signed_in, elsewhere):
    for form in (
        {"password-current": "wrong", "password-password": NEW},
        {"password-current": PASSWORD, "password-password": "short"},
    ):
        assert signed_in.post("/account/password", form).status_code == 422
    assert is_signed_in(elsewhere)


def test_line_04_guessing_the_password_of_an_open_session_is_limited(at_open_site):
    form = {"email-email": "x@example.com", "email-password": "wrong"}
    statuses = [at_open_site.post("/account/email", form).status_code for _ in range(12)]
    assert statuses[:10] == [422] * 10
    assert statuses[10:] == [429] * 2


def test_signing_out_everywhere_ends_all_sign_ins(signed_in, elsewhere):
    signed_in.post("/account/sign-outs")
    assert not is_signed_in(signed_in)
    assert not is_signed_in(elsewhere)


def test_the_data_of_a_person_is_all_there_without_secrets(
    signed_in, alice, make_event, make_booking
):
    booking = make_booking(make_event(name="Tech Talk"), user=alice, seats=2)
    signed_in.post("/account/api-tokens", TOKEN)
    answer = signed_in.get("/account/data.json")
    data = answer.json
    assert "attachment" in answer.headers["Content-Disposition"]
    assert data["user"]["email"] == alice.email
    (told,) = data["bookings"]
    assert (told["reference"], told["event"], told["seats"]) == (booking.reference, "Tech Talk", 2)
    assert [token["name"] for token in data["api_tokens"]] == ["laptop"]
    assert len(data["sign_ins"]) == 1
    assert "digest" not in answer.text
    assert "hash" not in answer.text


def test_the_data_has_the_codes_that_were_used_and_those_for_the_person_alone(
    signed_in, alice, desk, app, make_event, make_user, factories
):
    event = make_event(name="Tech Talk", capacity=9)
    factories.voucher(event, "ALICE-1", email=alice.email, note="Our volunteer", max_uses=2)
    factories.voucher(event, "OTHERS", email="ravi@example.com")
    factories.voucher(event, "ANYBODY")
    order = {"event_id": event.id, "seats": 2}
    with app.app_context():
        bookings.book(desk, user_id=alice.id, code="ALICE-1", **order)
        given = bookings.book(desk, user_id=make_user().id, code="ANYBODY", **order).booking
        gift = gifts.give(desk, given.id)
        gifts.accept(desk, gift.booking_id, name="Alice", email=alice.email)
    data = signed_in.get("/account/data.json").json
    assert [told["code"] for told in data["bookings"]] == ["ALICE-1", None]
    (code,) = data["codes"]
    assert (code["code"], code["event"], code["note"]) == ("ALICE-1", "Tech Talk", "Our volunteer")
    assert (code["max_uses"], code["used"], code["withdrawn"]) == (2, 1, False)


def test_the_data_has_what_was_paid_and_what_comes_back(
    signed_in, alice, make_event, make_booking, make_user, factories
):
    event = make_event(price_minor=25_000)
    booking = make_booking(event, user=alice, price_minor=25_000)
    given = {"provider": "upi", "bank_reference": "412345678901"}
    payment = factories.payment(booking, **given)
    factories.refund(payment, amount_minor=5_000, reason="cancelled")
    factories.payment(make_booking(event, user=make_user(), price_minor=25_000))
    (told,) = signed_in.get("/account/data.json").json["payments"]
    assert (told["booking"], told["bank_reference"]) == (booking.reference, "412345678901")
    assert (told["amount_minor"], told["currency"], told["state"]) == (25_000, "INR", "PAID")
    assert [(one["amount_minor"], one["state"]) for one in told["refunds"]] == [(5_000, "OWED")]


def test_a_code_for_one_who_leaves_is_nobodys(signed_in, alice, make_event, factories, sql):
    for person in (alice.email, "ravi@example.com"):
        factories.voucher(make_event(), email=person, note=f"For {person}")
    signed_in.post("/account/deletion", {"password": PASSWORD})
    assert sql("SELECT email, note, withdrawn FROM vouchers ORDER BY id") == [
        (None, "", True),
        ("ravi@example.com", "For ravi@example.com", False),
    ]


def test_who_leaves_is_gone_and_their_history_names_nobody(
    signed_in, alice, make_event, make_booking, make_token, client, new_visitor, sql, invariants
):
    past = make_event(capacity=9, start_at=now() - timedelta(days=1))
    soon, late = make_event(capacity=9), make_event(capacity=9, cancel_until=now())
    for event in (past, soon, late):
        make_booking(event, user=alice, seats=2)
    token = make_token(alice)
    page = signed_in.get("/account/deletion").text
    assert "Your 1 upcoming booking is" in page
    answer = signed_in.post("/account/deletion", {"password": PASSWORD}, follow_redirects=True)
    assert "Your account is deleted. 1 booking is cancelled." in answer.text
    assert not is_signed_in(signed_in)
    assert new_visitor().sign_in(alice.email).status_code == 422
    assert client.get(f"/users/{alice.id}/bookings", headers=token).status_code == 401
    everything = str(sql("SELECT * FROM users")) + str(sql("SELECT * FROM bookings"))
    assert "lice" not in everything
    assert sql("SELECT event_id, status FROM bookings ORDER BY id") == [
        (past.id, "CONFIRMED"),
        (soon.id, "CANCELLED"),
        (late.id, "CONFIRMED"),
    ]


def test_nobody_books_for_who_has_left(signed_in, alice, make_event, client, admin):
    signed_in.post("/account/deletion", {"password": PASSWORD})
    wish = {"user_id": alice.id, "event_id": make_event().id}
    assert client.post("/bookings", json=wish, headers=admin).status_code == 404


def test_a_wrong_password_deletes_nothing(signed_in, sql):
    assert signed_in.post("/account/deletion", {"password": "wrong"}).status_code == 422
    assert is_signed_in(signed_in)


def test_who_has_left_may_come_back_with_the_same_email(signed_in, alice, new_newcomer):
    signed_in.post("/account/deletion", {"password": PASSWORD})
    form = {"name": "Alice", "email": alice.email, "password": NEW}
    assert new_newcomer().post("/sign-up", form).status_code == 303


@pytest.mark.long
def test_who_can_not_leave_now_is_told_to_try_again_and_keeps_everything(
    signed_in, alice, make_event, make_booking, postgres_url, sql
):
    event = make_event()
    make_booking(event, user=alice)
    page = signed_in.get("/account/deletion")
    assert page.status_code == 200
    with psycopg.connect(libpq(postgres_url)) as other:
        other.execute("SELECT 1 FROM events WHERE id = %s FOR UPDATE", [event.id])
        answer = signed_in.post("/account/deletion", {"password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert is_signed_in(signed_in)
    assert sql("SELECT deleted_at, email FROM users") == [(None, alice.email)]
    assert sql("SELECT status FROM bookings") == [("CONFIRMED",)]


@pytest.fixture
def still_works(client, alice, make_token):
    """Whether an API token that was made before still opens her bookings."""
    token = make_token(alice)
    return lambda: client.get(f"/users/{alice.id}/bookings", headers=token).status_code == 200


@pytest.mark.parametrize(("password", "said"), [("wrong", "is wrong"), ("", "Enter your password")])
def test_a_token_is_made_for_a_password_only_and_its_name_is_kept(signed_in, sql, password, said):
    answer = signed_in.post("/account/api-tokens", {**TOKEN, "token-password": password})
    assert answer.status_code == 422
    assert said in re.search(r'id="token-password-error"[^>]*>([^<]+)<', answer.text)[1]
    assert re.search(r'<input[^>]*id="token-name"[^>]*value="laptop"', answer.text)
    assert f'value="{PASSWORD}"' not in answer.text
    assert sql("SELECT count(*) FROM api_tokens") == [(0,)]
    assert signed_in.post("/account/api-tokens", TOKEN).status_code == 201


def test_line_04_guessing_a_password_for_a_token_is_limited(signed_in):
    guess = {**TOKEN, "token-password": "guess"}
    statuses = [signed_in.post("/account/api-tokens", guess).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_who_has_no_password_is_told_what_to_do_and_gets_no_token(signed_in, sql):
    sql("UPDATE users SET password_hash = NULL")
    page = signed_in.get("/account").text
    assert "Set a password" in page
    assert "Make a token" not in page
    assert signed_in.post("/account/api-tokens", TOKEN).status_code == 422
    assert sql("SELECT count(*) FROM api_tokens") == [(0,)]


ACTS = {
    "/account/password": ({"password-current": PASSWORD, "password-password": NEW}, "password-"),
    "/account/sign-outs": ({}, "outs-"),
}


@pytest.mark.parametrize("path", ACTS)
@pytest.mark.parametrize("ticked", [True, False])
def test_line_05_tokens_end_with_a_new_password_and_a_sign_out_everywhere_if_wished(
    signed_in, still_works, path, ticked
):
    form, prefix = ACTS[path]
    also = {f"{prefix}end_tokens": "y"} if ticked else {}
    answer = signed_in.post(path, {**form, **also}, follow_redirects=True)
    assert ("1 API token is ended." in answer.text) is ticked
    assert ("1 API token still books as you: " in answer.text) is not ticked
    assert still_works() is not ticked


def test_ending_the_tokens_is_ticked_until_it_is_unticked_and_stays_so(signed_in, still_works):
    def ticked(page, name):
        return "checked" in re.search(rf'<input[^>]*id="{name}"[^>]*>', page)[0]

    page = signed_in.get("/account").text
    assert ticked(page, "password-end_tokens")
    assert ticked(page, "outs-end_tokens")
    wrong = {"password-current": "wrong", "password-password": NEW}
    assert not ticked(signed_in.post("/account/password", wrong).text, "password-end_tokens")
    assert still_works()


def test_a_refused_password_change_ends_no_token(signed_in, still_works):
    form = {"password-current": "wrong", "password-password": NEW, "password-end_tokens": "y"}
    assert signed_in.post("/account/password", form).status_code == 422
    assert still_works()


@pytest.mark.parametrize("path", [*ACTS, "/account/email"])
def test_what_goes_on_after_it_is_told_by_name_before_and_after(
    at_open_site, elsewhere, alice, make_token, sql, path
):
    for name in ("laptop", "box office", "<i>", "phone"):
        make_token(alice)
        sql("UPDATE api_tokens SET name = %s WHERE id = (SELECT max(id) FROM api_tokens)", name)
    page = at_open_site.get("/account").text
    assert page.count("4 programs book as you, signed out or not:") == 2
    assert "box office (…" in page
    email = {"email-email": "new@example.com", "email-password": PASSWORD}
    answer = at_open_site.post(path, ACTS.get(path, (email,))[0], follow_redirects=True)
    said = "4 API tokens still book as you: phone, &lt;i&gt;, box office, …."
    assert said in answer.text
    assert ("1 other browser stays signed in." in answer.text) is (path == "/account/email")
