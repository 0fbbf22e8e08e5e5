"""The operators' commands, as they are typed."""

import hashlib
from datetime import timedelta

import pytest

from app.demo import __main__ as demo
from app.models.columns import now
from app.services import staff
from tests.support.mail_server import MailServer


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words, **options: runner.invoke(args=list(words), **options)


@pytest.mark.parametrize(
    "words",
    [
        ["seed-demo"],
        ["doctor"],
        ["reconcile"],
        ["access"],
        ["users"],
        ["users", "set-password"],
        ["users", "set-email"],
        ["remove-rehearsal"],
        ["worker"],
        ["forget"],
        ["lottery"],
        ["lottery", "verify"],
        ["revise-calendars"],
    ],
)
def test_each_command_explains_itself(run, words):
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["--port"], 2), (["now"], 2)])
def test_the_demo_explains_itself_and_starts_nothing(capsys, monkeypatch, tmp_path, words, code):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(SystemExit) as ended:
        demo.main(words)
    told = capsys.readouterr()
    assert ended.value.code == code
    assert "usage: python -m app.demo" in told.out + told.err
    assert ("DATA_DIR" in told.out) == (code == 0)
    assert not (tmp_path / "data").exists()


def test_seeding_twice_makes_everything_once(run, sql):
    assert "19 created, 0 present already" in run("seed-demo").output
    assert "0 created, 19 present already" in run("seed-demo").output
    assert sql("SELECT id, capacity FROM events WHERE name = 'Indie Concert'") == [(1, 5)]
    assert sql("SELECT count(*) FROM events") == [(16,)]


def test_a_password_is_set_from_standard_input(run, make_user, new_client_signs_in):
    make_user(email="bob@example.com")
    result = run("users", "set-password", "BOB@example.com", "--password-stdin", input="long one\n")
    assert (result.exit_code, result.output) == (0, "The password of bob@example.com is set.\n")
    assert new_client_signs_in("bob@example.com", "long one")


def test_a_password_is_set_however_the_address_is_spelt(run, make_user, new_client_signs_in):
    make_user(email="anna@bücher.example")
    typed = ["set-password", "ANNA@xn--bcher-kva.example", "--password-stdin"]
    result = run("users", *typed, input="long one\n")
    assert result.output == "The password of anna@bücher.example is set.\n"
    assert new_client_signs_in("anna@xn--bcher-kva.example", "long one")


def test_a_password_is_set_by_id_where_two_accounts_have_one_address(
    run, make_user, sql, new_client_signs_in
):
    first, second = make_user(email="anna@bücher.example"), make_user(email="x@example.com")
    second_email = "anna@xn--bcher-kva.example"
    sql("UPDATE users SET email = %s WHERE id = %s", second_email, second.id)
    typed = ["set-password", str(second.id), "--password-stdin"]
    said = run("users", *typed, input="long one\n").output
    assert "The password of anna@xn--bcher-kva.example is set." in said
    assert first.password_hash is None
    assert new_client_signs_in(second_email, "long one")
    assert run("users", "set-password", "999999", "--password-stdin", input="long one\n").exit_code


@pytest.mark.parametrize("whose", ["BOB@example.com", "the id"])
def test_an_email_is_changed_and_written_down(run, make_user, sql, whose):
    user = make_user(email="bob@example.com")
    whose = str(user.id) if whose == "the id" else whose
    result = run("users", "set-email", whose, "Bob@New.example")
    kind = "id" if whose.isdecimal() else "email"
    said = f"The email of the user with the {kind} {whose} is bob@new.example now.\n"
    assert (result.exit_code, result.output) == (0, said)
    assert sql("SELECT email FROM users") == [("bob@new.example",)]
    assert sql("SELECT actor, action, before FROM audit_entries") == [
        (staff.OPERATOR, "user.email_changed", {"email": "bob@example.com"})
    ]


@pytest.mark.parametrize(
    ("whose", "new", "sentence"),
    [
        ("nobody@example.com", "new@example.com", "There is no user with the email"),
        ("999999", "new@example.com", "There is no user with the id"),
        ("deleted-7@invalid", "new@example.com", "There is no user with the email"),
        ("bob@example.com", "ASHA@example.com", "Another user has the email"),
        ("bob@example.com", "bob@", "bob@ is no email address"),
        ("bob@example.com", f"{'b' * 250}@new.example", "is no email address"),
    ],
)
def test_an_email_that_can_not_be_changed_is_said_so(run, make_user, sql, whose, new, sentence):
    for email in ("bob@example.com", "asha@example.com", "deleted-7@invalid"):
        make_user(email=email)
    sql("UPDATE users SET deleted_at = now() WHERE email LIKE 'deleted%%'")
    before = sql("SELECT email FROM users ORDER BY id")
    result = run("users", "set-email", whose, new)
    assert result.exit_code == 1
    assert sentence in result.output
    assert sql("SELECT email FROM users ORDER BY id") == before


@pytest.mark.parametrize(
    ("options", "said", "works"),
    [
        ([], "API tokens ended: 1.\n", False),
        (["--keep-tokens"], "API tokens that go on working: 1.\n", True),
    ],
)
def test_a_password_that_the_operator_sets_ends_the_api_tokens_and_says_so(
    run, make_user, make_token, client, options, said, works
):
    user = make_user(email="bob@example.com")
    token, path = make_token(user), f"/users/{user.id}/bookings"
    assert client.get(path, headers=token).status_code == 200
    arguments = ["set-password", "bob@example.com", "--password-stdin", *options]
    result = run("users", *arguments, input="long one\n")
    assert result.output == f"The password of bob@example.com is set.\n{said}"
    assert (client.get(path, headers=token).status_code == 200) is works


@pytest.fixture
def new_client_signs_in(app):
    from app.errors import WrongCredentials
    from app.services.accounts import authenticate

    def signs_in(email, password):
        with app.app_context():
            try:
                return authenticate(email, password)
            except WrongCredentials:
                return None

    return signs_in


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("nobody@example.com", "long enough", "There is no user with the email"),
        ("bob@example.com", "short", "must have at least 8 characters"),
    ],
)
def test_a_password_that_can_not_be_set_is_said_so(run, make_user, email, password, sentence):
    make_user(email="bob@example.com")
    result = run("users", "set-password", email, "--password-stdin", input=f"{password}\n")
    assert result.exit_code == 1
    assert sentence in result.output


def test_the_doctor_says_ok_line_by_line(run):
    result = run("doctor")
    assert result.exit_code == 0
    assert [line.split(":")[0] for line in result.output.splitlines()] == [
        "settings",
        "organiser",
        "database",
        "migrations",
        "redis",
        "connections",
        "mail",
        "unpaid",
        "sign-up",
        "wallets",
        "waiting rooms",
    ]
    assert result.output.count("ok") == 9
    assert "no letters are written; set MAIL_URL\n" in result.output
    missing = "ORGANISER_NAME, CONTACT_EMAIL, TERMS_PAGE, PRIVACY_PAGE"
    assert f"visitors are not told who sells here; set {missing}\n" in result.output


def test_the_doctor_is_content_where_visitors_are_told_who_sells(make_app, clean, tmp_path):
    terms = tmp_path / "terms.md"
    terms.write_text("Seats are sold once.")
    told = {"organiser_name": "Sangeet Sabha", "contact_email": "sabha@example.org"}
    pages = {"terms_page": str(terms), "privacy_page": "https://example.org/privacy"}
    with MailServer() as post:
        app = make_app(**told, **pages, mail_url=post.url)
        result = app.test_cli_runner().invoke(args=["doctor"])
    assert (result.exit_code, result.output.count("ok")) == (0, 11)
    terms.unlink()
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert "TERMS_PAGE is neither a text file that can be read nor" in result.output
    assert result.exit_code == 1


def test_the_doctor_tries_the_mail_server(make_app, clean):
    with MailServer() as post:
        app = make_app(mail_url=post.url, mail_from="tickets@example.org")
        assert "mail:        ok\n" in app.test_cli_runner().invoke(args=["doctor"]).output
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert "the server takes nothing (ConnectionRefusedError" in result.output
    assert result.exit_code == 0


def test_the_doctor_says_that_nobody_ends_what_was_not_paid(run, make_event, sql):
    make_event()
    sql("UPDATE events SET next_expiry_at = now() - interval '5 minutes'")
    result = run("doctor")
    assert "one that was not paid ended 5 minutes ago" in result.output
    assert result.exit_code == 0


def test_the_doctor_names_a_sign_up_that_tells_who_has_an_account(make_app, clean):
    result = make_app(sign_up="open").test_cli_runner().invoke(args=["doctor"])
    assert "it tells who has an account; set MAIL_URL, or SIGN_UP=by-mail\n" in result.output
    assert result.exit_code == 0


def test_the_doctor_says_what_to_do_and_fails(make_app, clean):
    app = make_app(admin_key=("short",), database_url="postgresql+psycopg://x@127.0.0.1:1/x")
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 1
    assert "ADMIN_KEY is too short" in result.output
    assert "check DATABASE_URL" in result.output


def test_who_may_what_is_printed_for_every_address(run, app):
    lines = run("access").output.splitlines()
    assert len(lines) == len(list(app.url_map.iter_rules()))
    assert any("/admin/keys" in line and line.endswith("keys") for line in lines)
    assert any("/bookings/<id:booking_id>" in line and "their own" in line for line in lines)


def test_receipts_without_a_number_are_named(run, make_event, make_booking, factories, sql):
    for _ in range(2):
        booking = make_booking(make_event(price_minor=100), price_minor=100, booked_in="INR")
        factories.receipt(factories.payment(booking))
    waiting = make_booking(make_event(price_minor=100), price_minor=100, booked_in="INR")
    factories.payment(waiting, paid_at=now() - timedelta(minutes=11))
    sql("DELETE FROM receipts WHERE number = 1")
    result = run("reconcile")
    assert "1 of 2 numbers are there, 0 out of order: BROKEN" in result.output
    assert "1 payments wait for a receipt" in result.output
    assert result.exit_code == 1


def test_a_sound_ledger_reconciles(run, make_event, make_booking):
    make_booking(make_event(), seats=2)
    result = run("reconcile")
    assert (result.exit_code, result.output) == (0, "1 events checked, 0 broken\n")


@pytest.mark.parametrize("tokens", ["99", "-5", "x", "0"])
def test_tokens_that_differ_are_told_and_put_right(run, make_event, redis, tokens):
    event = make_event(capacity=5)
    redis.set(f"event:{event.id}:tokens", tokens)
    looked = run("reconcile", "--no-repair")
    assert "tokens differ" in looked.output
    assert redis.get(f"event:{event.id}:tokens") == tokens
    repaired = run("reconcile")
    assert repaired.exit_code == 0
    assert "tokens repaired" in repaired.output
    assert redis.get(f"event:{event.id}:tokens") == "5"


def test_a_reservation_that_nobody_would_end_is_told(run, make_event, make_booking, sql):
    booking = make_booking(make_event())
    sql(
        "UPDATE bookings SET status = 'RESERVED', reserved_until = now() + interval '1 h' "
        "WHERE id = %s",
        booking.id,
    )
    sql("UPDATE events SET next_expiry_at = now() + interval '2 h'")
    result = run("reconcile")
    assert (result.exit_code, "BROKEN" in result.output) == (1, True)
    sql("UPDATE events SET next_expiry_at = now() + interval '1 minute'")
    assert run("reconcile").exit_code == 0


def test_a_broken_ledger_is_told_left_alone_and_fails(run, make_event, make_booking, sql):
    event = make_event(capacity=5)
    make_booking(event, seats=2)
    sql("UPDATE events SET seats_available = 4")
    result = run("reconcile")
    assert result.exit_code == 1
    assert "BROKEN" in result.output
    assert "1 events checked, 1 broken" in result.output
    assert sql("SELECT seats_available FROM events") == [(4,)]


def test_money_that_brought_nothing_is_told_and_fails(
    run, make_event, make_booking, factories, sql
):
    booking = make_booking(make_event(payment_minutes=15), price_minor=500)
    factories.payment(booking)
    assert run("reconcile").exit_code == 0
    sql("UPDATE bookings SET status = 'EXPIRED', reserved_until = now(), paid_at = NULL")
    sql("UPDATE events SET seats_available = capacity")
    result = run("reconcile")
    assert result.exit_code == 1
    assert "BROKEN" in result.output
    assert "money: without seats 1" in result.output


def test_without_redis_the_ledger_is_checked_all_the_same(make_app, make_event):
    make_event()
    app = make_app(redis_url="redis://127.0.0.1:1/0")
    result = app.test_cli_runner().invoke(args=["reconcile"])
    assert result.exit_code == 0
    assert "Redis does not answer" in result.output


def test_what_a_killed_rehearsal_left_is_removed_by_its_name(
    run, make_event, make_user, make_booking
):
    event = make_event(name="Rehearsal 1a2b3c4d", venue="Not a real event")
    make_booking(event, user=make_user("rehearsal-1a2b3c4d-1@example.com"))
    result = run("remove-rehearsal", "1a2b3c4d")
    assert (result.exit_code, result.output) == (0, "removed: 1 events, 1 bookings, 1 users\n")
    assert run("remove-rehearsal", "x").output == "removed: 0 events, 0 bookings, 0 users\n"


def test_a_sign_in_link_is_printed_and_sets_a_password(app, run, make_user):
    make_user("bob@example.com")
    printed = run("users", "sign-in-link", "Bob@example.com").output.strip()
    path = printed[printed.index("/sign-in/links/") :]
    assert "Set a password" in app.test_client().get(path, headers={"Accept": "text/html"}).text
    assert run("users", "sign-in-link", "nobody@example.com").exit_code == 1


@pytest.fixture
def drawn(factories, sql):
    """An event whose lobby of five was drawn."""
    event = factories.event()
    sql(
        "INSERT INTO waiting_rooms"
        " (event_id, mode, epoch, seed, mix, arrived, lobby_size, opened_at)"
        " VALUES (%s, 'on', 7, 'seed', 'mix', 9, 5, now()) RETURNING event_id",
        event.id,
    )
    return str(event.id)


def test_the_draw_of_a_lobby_is_done_again(run, drawn):
    told = run("lottery", "verify", drawn, "--all").output
    assert hashlib.sha256(b"seed").hexdigest() in told
    places = [tuple(map(int, line.split())) for line in told.splitlines()[-5:]]
    assert [number for number, _place in places] == [1, 2, 3, 4, 5]
    assert sorted(place for _number, place in places) == [1, 2, 3, 4, 5]
    number, place = places[2]
    assert (
        f"number {number} is place {place}\n"
        in run("lottery", "verify", drawn, "--number", str(number)).output
    )
    late = run("lottery", "verify", drawn, "--number", "6").output
    assert "came after the opening: it is place 6" in late


def test_another_seed_than_the_one_that_was_shown_is_told(run, drawn):
    noted = run("lottery", "verify", drawn, "--commitment", "ab" * 32)
    assert noted.exit_code == 1
    assert "not the one that you noted" in noted.output
    shown = hashlib.sha256(b"seed").hexdigest()
    assert run("lottery", "verify", drawn, "--commitment", shown).exit_code == 0


def test_nothing_is_drawn_of_a_room_that_has_not_opened(run, factories):
    told = run("lottery", "verify", str(factories.event().id))
    assert "has not opened" in told.output
    assert "no event 999" in run("lottery", "verify", "999").output
