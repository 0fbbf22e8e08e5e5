"""New accounts: a hall may have them in a minute, a bot not without end."""

import pytest

from tests.limits.conftest import HALL, JSON, Guest
from tests.web.conftest import PASSWORD


def sign_up(guest, number):
    form = {"name": "S", "email": f"new{number}@example.com", "password": PASSWORD}
    return guest.post("/sign-up", form).status_code


def by_api(app, number, headers=(), address=HALL):
    body = {"email": f"new{number}@example.com", "password": PASSWORD}
    return app.test_client().post(
        "/api/users",
        json=body,
        headers={**JSON, **dict(headers)},
        environ_base={"REMOTE_ADDR": address},
    )


@pytest.fixture
def unhurried(cheap_hashes):
    """Here the crowd comes faster than people do."""
    return {"limit_sign_up_everyone": "off"}


@pytest.mark.whole
def test_a_lecture_hall_signs_up_within_a_minute(limited, unhurried):
    app = limited(**unhurried)
    assert {sign_up(Guest(app), number) for number in range(500)} == {303}


@pytest.mark.long
def test_one_address_makes_so_many_accounts_an_hour(limited, cheap_hashes):
    app = limited(limit_sign_up="3 per hour")
    statuses = [sign_up(Guest(app), number) for number in range(3)]
    refused = by_api(app, 4)
    assert (statuses, refused.status_code) == ([303] * 3, 429)
    assert 3000 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.json["detail"] == "Too many tries. Please wait 60 minutes, then try again."
    assert by_api(app, 5, address="198.51.100.7").status_code == 201
    control = limited(limit_sign_up="off")
    assert {sign_up(Guest(control), number) for number in range(10, 20)} == {303}


def test_all_sign_ups_together_leave_the_processors_to_bookings(limited, cheap_hashes):
    app = limited(limit_sign_up_everyone="5 per minute")
    statuses = [sign_up(Guest(app, f"203.0.113.{number}"), number) for number in range(6)]
    assert statuses == [303] * 5 + [429]


def test_staff_make_as_many_accounts_as_they_like(limited, cheap_hashes, admin):
    app = limited(limit_sign_up="1 per hour")
    assert {by_api(app, number, admin).status_code for number in range(5)} == {201}


def test_a_form_with_a_mistake_costs_nothing(limited, cheap_hashes):
    guest = Guest(limited(limit_sign_up="1 per hour"))
    for _ in range(3):
        assert guest.post("/sign-up", {"name": "S", "email": "none"}).status_code == 422
    assert sign_up(guest, 1) == 303


@pytest.mark.long
def test_tries_that_make_no_account_count_for_their_own_address_alone(limited, cheap_hashes):
    app = limited(limit_sign_up_everyone="5 per minute", limit_sign_up="10 per hour")
    bot = Guest(app, "203.0.113.1")
    assert sign_up(bot, 0) == 303
    bot.post("/sign-out")
    assert [sign_up(bot, 0) for _ in range(10)] == [422] * 9 + [429]
    newcomers = [sign_up(Guest(app, f"198.51.100.{number}"), number) for number in range(1, 6)]
    assert newcomers == [303] * 4 + [429]


@pytest.mark.long
def test_a_third_of_all_sign_ups_is_kept_for_addresses_not_seen_lately(limited, cheap_hashes):
    app = limited(limit_sign_up_everyone="30 per minute")
    bots = [sign_up(Guest(app, f"203.0.113.{n % 2}"), n) for n in range(40)]
    assert bots == [303] * 20 + [429] * 20
    others = [sign_up(Guest(app, f"198.51.100.{n}"), 100 + n) for n in range(11)]
    assert others == [303] * 10 + [429]
