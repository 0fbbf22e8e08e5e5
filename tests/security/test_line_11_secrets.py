"""Line 11: what grants something can't be guessed, and nobody is answered by another's key."""

import math
import re
from collections import Counter

import pytest

from app.models import Role
from app.models.references import REFERENCE_LETTERS, new_reference
from app.services import api_tokens, sign_ins, staff
from tests.web.conftest import PASSWORD, Visitor

BASE64 = 6
"""Bits of a letter of URL-safe base64."""
GRANTING = {
    "a user's sign-in": sign_ins.begin_for_user,
    "an organiser's sign-in": lambda user: sign_ins.begin_for_staff("0" * 64),
    "an API token": lambda user: api_tokens.create_api_token(user.id, "laptop")[1],
    "a staff key": lambda user: staff.create_key(f"asha {new_reference()}", Role.VIEWER)[1],
}


@pytest.mark.parametrize("what", GRANTING)
def test_line_11_what_grants_something_carries_128_random_bits(app, make_user, what):
    with app.app_context():
        user = make_user()
        made = [GRANTING[what](user) for _ in range(40)]
    random = [re.sub("^utsavam_(staff_)?", "", secret) for secret in made]
    assert all(re.fullmatch(r"[\w-]{22,}", secret) for secret in random)
    assert min(map(len, random)) * BASE64 >= 128
    # Each letter varies by itself: none is a clock, a counter or an id.
    assert all(len(set(letters)) > 10 for letters in list(zip(*random, strict=True))[:22])
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("table", "column"),
    [("sign_ins", "token_digest"), ("api_tokens", "token_digest"), ("staff_keys", "key_digest")],
)
def test_line_11_only_digests_of_it_are_kept(app, make_user, sql, table, column):
    with app.app_context():
        user = make_user()
        made = [make(user) for make in GRANTING.values()]
    kept, digests = str(sql(f"SELECT * FROM {table}")), sql(f"SELECT {column} FROM {table}")
    assert [secret for secret in made if secret in kept] == []
    assert all(re.fullmatch("[0-9a-f]{64}", value) for (value,) in digests)


def test_line_11_a_booking_reference_is_random_and_opens_nothing_by_itself(
    signed_in, client, make_event, make_booking
):
    """58 bits: no more is needed of a name that grants nothing. Whoever has it still signs in."""
    made = [new_reference() for _ in range(2_000)]
    assert len(set(made)) == len(made)
    counted = Counter("".join(made))
    assert set(counted) == set(REFERENCE_LETTERS)
    expected = 12 * len(made) / len(REFERENCE_LETTERS)
    assert all(abs(n - expected) < 6 * math.sqrt(expected) for n in counted.values())
    booking = make_booking(make_event())
    for name in (booking.reference, booking.spoken_reference, booking.reference.lower()):
        for address in ("/bookings/{}", "/bookings/{}/calendar.ics", "/api/bookings/{}"):
            assert signed_in.get(address.format(name)).status_code == 404
        for header in ({"X-Admin-Key": name}, {"Authorization": f"Bearer {name}"}):
            assert client.get(f"/api/bookings/{booking.id}", headers=header).status_code == 401


@pytest.mark.parametrize("path", ["/bookings", "/api/bookings?"])
def test_line_11_another_users_idempotency_key_replays_nothing(
    client, make_user, make_event, make_token, sql, path
):
    """By the fast path, and by Flask (which the empty query asks for)."""
    alice, bob, event = make_user(), make_user(), make_event()
    wish = {"event_id": event.id, "seats": 1}
    made = [
        client.post(path, json=wish, headers={**make_token(user), "Idempotency-Key": "k-1"})
        for user in (alice, bob)
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    assert "Idempotency-Replayed" not in made[1].headers
    assert made[0].json["reference"] not in made[1].text
    assert [answer.json["user_id"] for answer in made] == [alice.id, bob.id]
    assert sql("SELECT count(*) FROM bookings") == [(2,)]


def test_line_11_the_key_of_another_users_form_replays_nothing(app, make_user, make_event, sql):
    event, form = make_event(), {"seats": "1", "idempotency_key": "the same key"}
    places = []
    for name in ("alice", "bob"):
        user = make_user(f"{name}@example.com", password=PASSWORD)
        visitor = Visitor(app)
        visitor.sign_in(user.email)
        places.append(visitor.post(f"/events/{event.id}/bookings", form).location)
    assert len(set(places)) == 2
    assert sql("SELECT count(DISTINCT user_id) FROM bookings") == [(2,)]
