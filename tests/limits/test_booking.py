"""How often one person may order, and one address; by pages and by the API, in both its lanes."""

import re

import pytest

from app.api.fast_path import ApiFastPath
from tests.limits.conftest import HALL, JSON, Guest
from tests.web.conftest import HTMX, PASSWORD

DETAIL = r"Too many tries\. Please wait \d+ seconds?, then try again\."


def order(app, event, headers, address=HALL):
    return app.test_client().post(
        "/api/bookings",
        json={"event_id": event.id, "seats": 1},
        headers={**JSON, **headers},
        environ_base={"REMOTE_ADDR": address},
    )


@pytest.fixture(params=["express", "view"])
def lane(request, monkeypatch):
    if request.param == "view":
        monkeypatch.setattr(ApiFastPath, "_is_plain", lambda *_: False)


@pytest.fixture
def event(make_event):
    return make_event(capacity=1000)


def test_a_token_that_hammers_is_told_when_to_come_again(
    limited, lane, event, make_user, make_token
):
    app, token = limited(limit_booking="3 per minute"), make_token(make_user())
    assert [order(app, event, token).status_code for _ in range(3)] == [201] * 3
    refused = order(app, event, token)
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert refused.json["type"] == "/docs/problems#too-many-requests"
    assert re.fullmatch(DETAIL, refused.json["detail"])
    assert 55 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json["request_id"] == refused.headers["X-Request-Id"]


def test_what_is_refused_books_nothing(limited, lane, event, make_user, make_token, sql):
    app, token = limited(limit_booking="2 per minute"), make_token(make_user())
    for _ in range(5):
        order(app, event, token)
    assert sql("SELECT count(*) FROM bookings") == [(2,)]


def test_a_second_token_of_the_same_person_does_not_help(
    limited, lane, event, make_user, make_token
):
    app, user = limited(limit_booking="3 per minute"), make_user()
    tokens = [make_token(user), make_token(user)]
    statuses = [order(app, event, tokens[number % 2]).status_code for number in range(4)]
    assert statuses == [201] * 3 + [429]
    assert order(app, event, make_token(make_user())).status_code == 201


def test_staff_book_for_others_as_often_as_they_like(limited, lane, event, make_user, admin):
    app, user = (
        limited(limit_booking="1 per minute", limit_booking_address="1 per minute"),
        make_user(),
    )
    wish = {"event_id": event.id, "user_id": user.id}
    answers = [
        app.test_client().post("/api/bookings", json=wish, headers={**JSON, **admin})
        for _ in range(5)
    ]
    assert {answer.status_code for answer in answers} == {201}


@pytest.mark.long
def test_a_bot_with_many_accounts_is_known_by_its_address(
    limited, lane, event, make_user, make_token
):
    tokens = [make_token(make_user()) for _ in range(8)]
    app = limited(limit_booking_address="5 per minute")
    assert [order(app, event, token).status_code for token in tokens] == [201] * 5 + [429] * 3
    assert order(app, event, tokens[0], "198.51.100.7").status_code == 201
    control = limited(limit_booking_address="off")
    assert {order(control, event, token).status_code for token in tokens} == {201}


@pytest.mark.long
def test_a_lecture_hall_books_within_a_minute(limited, event, make_user, make_token):
    app = limited()
    users = [make_user() for _ in range(50)]
    for token in [make_token(user) for user in users]:
        for _ in range(10):
            assert order(app, event, token).status_code == 201


@pytest.fixture
def hammering(limited, event, make_user):
    app = limited(limit_booking="1 per minute")
    make_user(email="bot@example.com", password=PASSWORD)
    guest = Guest(app)
    guest.sign_in("bot@example.com")

    def press(headers):
        form = {"seats": 2, "idempotency_key": "a" * 32}
        return guest.post(f"/events/{event.id}/bookings", form, headers=headers)

    assert press(HTMX).status_code == 204
    return press


def test_on_the_page_the_form_keeps_its_input_and_says_why(hammering):
    answer = hammering({"Accept": "text/html"})
    assert answer.status_code == 429
    assert re.search(DETAIL, answer.text)
    assert 'value="2"' in answer.text
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_htmx_gets_the_form_with_the_sentence_in_it(hammering):
    answer = hammering(HTMX)
    assert answer.status_code == 429
    assert answer.text.lstrip().startswith('<form id="booking-form"')
    assert re.search(DETAIL, answer.text)
    assert int(answer.headers["Retry-After"]) >= 1


def test_pages_and_api_are_counted_together(hammering, event, made_apps, factories, sql):
    ((user_id,),) = sql("SELECT id FROM users WHERE email = 'bot@example.com'")
    token = factories.token(type("User", (), {"id": user_id}))
    assert order(made_apps[-1], event, token).status_code == 429
