"""How often somebody may guess the codes of vouchers: from an address, and of an event."""

import re

import pytest

from app.api.fast_path import ApiFastPath
from tests.limits.conftest import HALL, JSON


@pytest.fixture
def event(make_event):
    return make_event(capacity=1000)


@pytest.fixture(params=["express", "view"])
def lane(request, monkeypatch):
    if request.param == "view":
        monkeypatch.setattr(ApiFastPath, "_is_plain", lambda *_: False)


@pytest.fixture
def tried(make_user, make_token):
    """Order with a code, from an address; the answer."""
    token = make_token(make_user())

    def tried(app, event, code, address=HALL, headers=token):
        wish = {"event_id": event.id, "code": code}
        return app.test_client().post(
            "/api/bookings",
            json=wish,
            headers={**JSON, **headers},
            environ_base={"REMOTE_ADDR": address},
        )

    return tried


def test_who_guesses_from_one_address_is_told_when_to_come_again(
    limited, lane, tried, event, factories
):
    app, code = limited(limit_wrong_codes="3 per minute"), factories.voucher(event).code
    assert [tried(app, event, f"WRONG{n}").status_code for n in range(3)] == [404] * 3
    refused = tried(app, event, code)
    assert refused.status_code == 429, "nor is the right one looked at"
    assert 55 <= int(refused.headers["Retry-After"]) <= 60
    assert re.search(r"Please wait \d+ seconds?", refused.json["detail"])
    assert tried(app, event, None).status_code == 201, "orders without a code go on"
    assert tried(app, event, code, address="192.0.2.7").status_code == 201


def test_right_codes_cost_nothing(limited, lane, tried, event, factories):
    app = limited(limit_wrong_codes="2 per minute")
    good, over = factories.voucher(event, max_uses=9), factories.voucher(event, used=0)
    assert [tried(app, event, good.code).status_code for _ in range(5)] == [201] * 5
    answers = [tried(app, event, over.code).status_code for _ in range(5)]
    assert answers == [201] + [409] * 4


def test_an_event_s_limit_keeps_a_third_for_those_who_hardly_guess(
    limited, tried, event, make_event, factories
):
    app, code = limited(limit_wrong_codes_event="9 per minute"), factories.voucher(event).code
    for address in ("192.0.2.2", "192.0.2.3"):
        for n in range(3):
            assert tried(app, event, f"WRONG{n}", address).status_code == 404
    assert tried(app, event, "WRONG9", "192.0.2.2").status_code == 429
    assert tried(app, make_event(), "WRONG9", "192.0.2.2").status_code == 404
    assert tried(app, event, code, "192.0.2.4").status_code == 201


def test_staff_may_mistype(limited, tried, event, admin):
    app = limited(limit_wrong_codes="1 per minute")
    wish = {"event_id": event.id, "code": "WRONG", "email": "a@example.com", "name": "A"}
    client = app.test_client()
    for _ in range(3):
        answer = client.post("/api/bookings", json=wish, headers={**JSON, **admin})
        assert answer.status_code == 404
