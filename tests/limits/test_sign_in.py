"""Guessing passwords is slow from anywhere, and keeps nobody out who has theirs."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.limits.conftest import HALL, Guest
from tests.web.conftest import HTMX, PASSWORD


@pytest.mark.long
def test_a_lecture_hall_signs_in_within_a_minute(limited, crowd):
    app, wrong = limited(), 0
    for number, email in enumerate(crowd(500)):
        guest = Guest(app)
        if number % 10 == 0:
            assert guest.sign_in(email, "mistyped").status_code == 422
            wrong += 1
        assert guest.sign_in(email).status_code == 303, f"student {number}"
    assert wrong == 50


def passwords_tried(app, emails):
    """How many accounts a bot at one address can try a password on."""
    answers = [Guest(app, "203.0.113.5").sign_in(email, "summer2031") for email in emails]
    return sum(answer.status_code == 422 for answer in answers)


@pytest.mark.long
def test_a_bot_with_one_address_tries_few_of_many_accounts(limited, crowd):
    emails = crowd(100)
    assert passwords_tried(limited(), emails) == 60
    unlimited = limited(limit_sign_in_address="off", limit_sign_in_everyone="off")
    assert passwords_tried(unlimited, emails) == 100, "the control: no limit, no refusal"


def test_bots_with_many_addresses_are_limited_together(limited, crowd):
    app, emails = limited(limit_sign_in_everyone="20 per minute"), crowd(30)
    answers = [
        Guest(app, f"203.0.113.{n}").sign_in(email, "summer2031") for n, email in enumerate(emails)
    ]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429] * 10


@pytest.mark.long
def test_a_third_of_all_failures_is_kept_for_addresses_not_seen_lately(limited, crowd):
    app, emails = limited(limit_sign_in_everyone="30 per minute"), crowd(50)
    bots = [
        Guest(app, f"203.0.113.{n % 3}").sign_in(email, "summer2031").status_code
        for n, email in enumerate(emails[:30])
    ]
    assert bots == [422] * 20 + [429] * 10
    newcomer = Guest(app, "198.51.100.7")
    assert newcomer.sign_in(emails[40], "mistyped").status_code == 422
    assert newcomer.sign_in(emails[40]).status_code == 303


@pytest.mark.long
def test_a_hundred_guesses_at_once_are_not_let_through(limited, crowd):
    app, (email,) = limited(limit_sign_in_address="off", limit_sign_in_account="off"), crowd(1)
    guests = [Guest(app) for _ in range(40)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda guest: guest.sign_in(email, "wrong password"), guests))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [422] * 10 + [429] * 30


@pytest.mark.long
def test_strangers_failures_do_not_keep_a_user_out_of_their_own_browser(limited, crowd):
    app, (email, *_) = limited(limit_sign_in_everyone="off"), crowd(1)
    own = Guest(app)
    assert own.sign_in(email).status_code == 303
    own.post("/sign-out")
    for number in range(40):
        Guest(app, f"203.0.113.{number}").sign_in(email, "wrong password")
    assert Guest(app, "198.51.100.7").sign_in(email).status_code == 429, "a browser nobody knows"
    assert own.sign_in(email).status_code == 303


def test_a_neighbour_in_the_hall_does_not_keep_a_user_out_of_their_own_browser(limited, crowd):
    app, (email,) = limited(), crowd(1)
    own, neighbour = Guest(app), Guest(app)
    own.sign_in(email)
    own.post("/sign-out")
    statuses = [neighbour.sign_in(email, "wrong password").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert own.sign_in(email).status_code == 303


def test_a_known_browser_may_not_guess_more_than_others(limited, crowd):
    app, (email,) = limited(), crowd(1)
    own = Guest(app)
    own.sign_in(email)
    own.post("/sign-out")
    statuses = [own.sign_in(email, "wrong password").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_a_cookie_of_a_known_browser_is_worth_few_guesses_wherever_it_is_taken(limited, crowd):
    app, (email,) = limited(), crowd(1)
    own = Guest(app)
    own.sign_in(email)
    own.post("/sign-out")
    statuses = []
    for number in range(12):
        own._client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        statuses.append(own.sign_in(email, "wrong password").status_code)
    assert statuses == [422] * 10 + [429] * 2


def test_being_known_to_one_account_opens_no_other(limited, crowd):
    app, (mine, theirs) = limited(limit_sign_in_account="5 per minute"), crowd(2)
    thief = Guest(app)
    thief.sign_in(mine)
    statuses = [thief.sign_in(theirs, "wrong password").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_the_name_by_which_a_browser_is_known_tells_no_email(limited, crowd):
    import hashlib

    app, (email,) = limited(), crowd(1)
    guest = Guest(app)
    guest.sign_in(email)
    with guest._client.session_transaction() as session:
        known = session["known"]
    assert hashlib.sha256(email.encode()).hexdigest()[:32] != known
    assert len(known) == 32


@pytest.mark.long
def test_one_account_that_signs_in_again_and_again_is_held_up(limited, crowd):
    app, (email,) = limited(), crowd(1)
    statuses = [Guest(app).sign_in(email).status_code for _ in range(31)]
    assert statuses == [303] * 30 + [429]


@pytest.mark.parametrize("case", [str.upper, str.title, " {} ".format])
def test_an_email_in_other_letters_is_the_same_account(limited, crowd, case):
    app, (email,) = limited(limit_sign_in="2 per minute"), crowd(1)
    spelled = [email, case(email), email]
    statuses = [Guest(app).sign_in(each, "wrong password").status_code for each in spelled]
    assert statuses == [422, 422, 429]


def test_guesses_on_the_account_page_and_at_the_door_are_counted_together(limited, crowd):
    app, (email,) = limited(limit_sign_in="4 per minute"), crowd(1)
    guest = Guest(app)
    guest.sign_in(email)
    new = "another long password"
    for path, form in (
        ("/account/password", {"password-current": "guess", "password-password": new}),
        ("/account/email", {"email-email": "x@example.com", "email-password": "guess"}),
        ("/account/deletion", {"password": "guess"}),
        ("/sign-in", {"email": email, "password": "guess"}),
    ):
        assert guest.post(path, form).status_code == 422, path
    last = {"password-current": PASSWORD, "password-password": new}
    assert guest.post("/account/password", last).status_code == 429


@pytest.mark.parametrize(
    ("claimed", "hops"),
    [("10.0.0.{}", 0), ("10.0.0.{}, 192.0.2.1", 1), ('"10.0.0.{}, 192.0.2.1', 1)],
)
def test_a_forged_address_does_not_help(limited, crowd, claimed, hops):
    app = limited(limit_sign_in_address="3 per minute", proxy_hops=hops)
    statuses = [
        Guest(app, HALL if hops == 0 else "10.1.1.1")
        .post(
            "/sign-in",
            {"email": email, "password": "wrong password"},
            headers={"Accept": "text/html", "X-Forwarded-For": claimed.format(number)},
        )
        .status_code
        for number, email in enumerate(crowd(4))
    ]
    assert statuses == [422] * 3 + [429]


def test_a_house_with_ipv6_is_one_address(limited, crowd):
    app = limited(limit_sign_in_address="3 per minute")
    emails = crowd(5)
    tries = [
        Guest(app, f"2001:db8:7:7::{number:x}").sign_in(email, "wrong password").status_code
        for number, email in enumerate(emails[:4])
    ]
    assert tries == [422] * 3 + [429]
    next_door = Guest(app, "2001:db8:7:8::1").sign_in(emails[4], "wrong password")
    assert next_door.status_code == 422


def test_htmx_gets_a_sentence_for_the_top_of_the_page_and_not_a_page(limited, cheap_hashes):
    guest = Guest(limited(limit_sign_in="1 per minute"))
    form = {"email": "nobody@example.com", "password": "wrong password"}
    guest.post("/sign-in", form)
    answer = guest.post("/sign-in", form, headers=HTMX)
    assert answer.status_code == 429
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#busy", "innerHTML")
    assert "Too many tries. Please wait" in answer.text
    assert "<html" not in answer.text
    assert int(answer.headers["Retry-After"]) <= 60


@pytest.mark.long
def test_an_account_is_one_however_its_address_is_spelt(limited, make_user):
    make_user(email="anna@bücher.example", password=PASSWORD)
    app = limited(limit_sign_in_account="2 per hour")
    spellings = ("anna@bücher.example", "anna@xn--bcher-kva.example", "ANNA@BÜCHER.example")
    answers = [Guest(app).sign_in(email, "mistyped").status_code for email in spellings]
    assert answers == [422, 422, 429]
