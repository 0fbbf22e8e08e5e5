"""The refund rule, and what comes back, by programs."""

from datetime import timedelta

import pytest

from app.models.columns import now

WEEK = {"hours_before": 168, "percent": 100}
LAST = {"hours_before": None, "percent": 50}
DEFAULT = {"hours_before": None, "percent": 100}


@pytest.fixture
def event(make_event):
    start = now() + timedelta(days=3)
    facts = {"price_minor": 25_000, "payment_minutes": 15, "start_at": start}
    return make_event(refund_rule=[WEEK, LAST], **facts)


@pytest.fixture
def asha(make_user):
    return make_user(name="Asha")


@pytest.fixture
def paid(event, make_booking, factories, asha):
    booking = make_booking(event, user=asha, seats=2, price_minor=25_000, booked_in="INR")
    factories.payment(booking)
    return booking


@pytest.fixture
def money(sql):
    return lambda: (
        sql("SELECT sum(amount_minor) FROM refunds")
        + sql("SELECT sum(amount_minor) FROM kept_amounts")
    )


WISH = {"name": "Revue", "start_at": "2031-01-10T18:00:00+05:30", "capacity": 30}


def test_a_rule_is_made_changed_and_told(organiser, anyone, sql):
    made = organiser.post("/admin/events", {**WISH, "refund_rule": [WEEK, LAST]})
    assert (made.status_code, made.json["refund_rule"]) == (201, [WEEK, LAST])
    address = f"/admin/events/{made.json['id']}"
    assert anyone.get(f"/events/{made.json['id']}").json["refund_rule"] == [WEEK, LAST]
    assert organiser.put(address, {"capacity": 31}).json["refund_rule"] == [WEEK, LAST]
    for default in (None, [DEFAULT]):
        organiser.put(address, {"refund_rule": [LAST]})
        assert organiser.put(address, {"refund_rule": default}).json["refund_rule"] == [DEFAULT]
        assert sql("SELECT refund_rule FROM events") == [(None,)]
    copy = organiser.post(f"{address}/copies", {"name": "Again"})
    assert copy.json["refund_rule"] == [DEFAULT]


def test_without_a_rule_all_comes_back(organiser):
    assert organiser.post("/admin/events", WISH).json["refund_rule"] == [DEFAULT]


@pytest.mark.parametrize(
    "rule",
    [
        [],
        [WEEK],
        [LAST, DEFAULT],
        [DEFAULT, LAST],
        [{**WEEK, "percent": 50}, LAST],
        [{**WEEK, "hours_before": 0}, LAST],
        [{**WEEK, "hours_before": 1.5}, LAST],
        [{"hours_before": None, "percent": 101}],
        [{"hours_before": None, "percent": "50"}],
        [{"percent": 50}],
        [{**LAST, "more": 1}],
        [WEEK, {"hours_before": 9, "percent": 9}, {"hours_before": 8, "percent": 8}, LAST],
        "half",
        50,
    ],
)
def test_what_is_no_rule_is_refused_by_its_field(organiser, problem, rule):
    said = problem(organiser.post("/admin/events", {**WISH, "refund_rule": rule}), 422)
    assert "refund_rule" in str(said["errors"])


def test_a_guest_asks_what_comes_back(paid, as_user, asha, event, organiser, make_user, problem):
    asked = as_user(asha).get(f"/bookings/{paid.id}/refund").json
    start = event.start_at.isoformat().replace("+00:00", "Z")
    assert asked == {
        "price_minor": 25_000,
        "refund_minor": 12_500,
        "currency": "INR",
        "periods": [{"until": start, "percent": 50}],
    }
    assert organiser.get(f"/bookings/{paid.id}/refund").json == asked
    problem(as_user(make_user()).get(f"/bookings/{paid.id}/refund"), 404)


def test_nothing_comes_back_of_what_was_not_paid_here(organiser, make_booking, event):
    booking = make_booking(event, price_minor=25_000, booked_in="INR")
    asked = organiser.get(f"/bookings/{booking.id}/refund").json
    assert (asked["refund_minor"], asked["periods"]) == (None, [])


def test_a_guest_cancels_by_the_rule(paid, as_user, asha, money):
    caller = as_user(asha)
    assert caller.patch(f"/bookings/{paid.id}", {"seats": 1}).status_code == 200
    assert caller.delete(f"/bookings/{paid.id}?seen_refund_minor=12500").status_code == 200
    assert money() == [(25_000,), (25_000,)]


def test_a_guest_who_was_told_of_more_is_told_of_less(paid, as_user, asha, problem, money):
    caller = as_user(asha)
    for answer in (
        caller.patch(f"/bookings/{paid.id}", {"seats": 1, "seen_refund_minor": 12_501}),
        caller.delete(f"/bookings/{paid.id}?seen_refund_minor=25000"),
    ):
        said = problem(answer, 409, "refund-changed")
        assert (said["refund_minor"], said["currency"]) == (12_500, "INR")
    assert money() == [(None,), (None,)]


@pytest.mark.parametrize(
    ("chosen", "sums"),
    [
        ({}, [(50_000,), (None,)]),
        ({"refund": "rule"}, [(25_000,), (25_000,)]),
        ({"refund_minor": 1}, [(1,), (49_999,)]),
        ({"refund_minor": 0}, [(None,), (50_000,)]),
    ],
)
def test_staff_choose_what_comes_back(paid, organiser, money, chosen, sums):
    answer = organiser("DELETE", f"/bookings/{paid.id}", query_string=chosen)
    assert answer.status_code == 200
    assert money() == sums
    (payment,) = organiser.get(f"/admin/events/{paid.event_id}/payments").json
    assert payment["kept_minor"] == (sums[1][0] or 0)


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"refund_minor": 25_001}, "refund_minor"),
        ({"refund_minor": -1}, "refund_minor"),
        ({"refund_minor": 1, "refund": "all"}, "refund_minor"),
        ({"refund": "some"}, "refund"),
    ],
)
def test_staff_choose_nothing_that_makes_no_sense(paid, organiser, problem, money, chosen, field):
    answer = organiser.patch(f"/bookings/{paid.id}", {"seats": 1, **chosen})
    assert field in str(problem(answer, 422)["errors"])
    assert money() == [(None,), (None,)]


@pytest.mark.parametrize("chosen", [{"refund": "all"}, {"refund_minor": 50_000}])
def test_guests_choose_nothing(paid, as_user, asha, problem, money, chosen):
    answer = as_user(asha).patch(f"/bookings/{paid.id}", {"seats": 1, **chosen})
    assert "is for staff to say" in str(problem(answer, 422)["errors"])
    assert money() == [(None,), (None,)]
