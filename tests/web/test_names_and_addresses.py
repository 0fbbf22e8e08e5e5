"""Forms take no invisible name, and one address however it is spelt."""

import pytest

from tests.web.conftest import PASSWORD

UNSEEN = "\u200b\u3164\u2800"
TOLD = "Enter something that can be seen."
EVENT = {"name": "Kolam", "start_at": "2099-01-02T06:30", "capacity": "40", "price": "0"}
EVENT |= {"time_zone": "Asia/Kolkata", "publish": "1"}


@pytest.mark.parametrize("field", ["name", "venue", "address", "city", "category", "description"])
def test_an_events_form_refuses_what_nobody_can_see_at_its_field(organiser, sql, field):
    answer = organiser.post("/admin/events", {**EVENT, field: UNSEEN})
    assert answer.status_code == 422
    assert answer.text.count(TOLD) == 2, "in the summary and at the field"
    assert f'<a href="#{field}">' in answer.text
    assert sql("SELECT count(*) FROM events") == [(0,)]


def test_a_staff_keys_name_can_be_seen(organiser):
    answer = organiser.post("/admin/keys", {"name": UNSEEN, "role": "viewer"})
    assert answer.status_code == 422
    assert TOLD in answer.text


def test_a_guest_booked_for_has_a_name_that_can_be_seen_or_none(organiser, make_event):
    form = {
        "email": "meena@example.com",
        "name": UNSEEN,
        "seats": "1",
        "idempotency_key": "12345678",
    }
    path = f"/admin/events/{make_event().id}/bookings"
    assert TOLD in organiser.post(path, form).text
    assert organiser.post(path, {**form, "name": " "}).status_code == 303


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/account/name", {"name-name": UNSEEN}),
        ("/account/api-tokens", {"token-name": UNSEEN, "token-password": PASSWORD}),
    ],
)
def test_a_person_and_a_token_have_names_that_can_be_seen(signed_in, path, form):
    answer = signed_in.post(path, form)
    assert answer.status_code == 422
    assert TOLD in answer.text


def test_who_signs_up_has_a_name_that_can_be_seen(new_newcomer):
    wish = {"name": UNSEEN, "email": "a@example.com", "password": PASSWORD}
    answer = new_newcomer().post("/sign-up", wish)
    assert answer.status_code == 422
    assert TOLD in answer.text


SPELLINGS = ["anna@bücher.example", "ANNA@xn--bcher-kva.example", "anna@BU\u0308CHER.example"]


@pytest.mark.parametrize("signed_up", SPELLINGS)
def test_an_address_signs_in_however_it_is_spelt(new_newcomer, sql, signed_up):
    wish = {"name": "Anna", "email": signed_up, "password": PASSWORD}
    assert new_newcomer().post("/sign-up", wish).status_code == 303
    for spelling in SPELLINGS:
        assert new_newcomer().sign_in(spelling).status_code == 303
        answer = new_newcomer().post("/sign-up", {**wish, "email": spelling})
        assert "There is an account with this email." in answer.text
    assert sql("SELECT email FROM users") == [("anna@bücher.example",)]


def test_staff_book_for_and_find_the_same_person_however_the_address_is_spelt(
    organiser, make_event, sql
):
    event = make_event(capacity=9)
    for number, email in enumerate(SPELLINGS):
        form = {
            "email": email,
            "name": "Anna",
            "seats": "1",
            "idempotency_key": f"key number {number}",
        }
        assert organiser.post(f"/admin/events/{event.id}/bookings", form).status_code == 303
    assert sql("SELECT count(*) FROM users") == [(1,)]
    for words in ("anna@bücher", "xn--bcher-kva.example", "anna@xn--bcher-kva.example", "BÜCHER"):
        assert organiser.get("/admin/bookings", query_string={"q": words}).text.count("Anna") >= 3
