"""What a seat costs its buyer: the ticket's price, and the event's fee."""

import pytest

from app.lib.fees import MAX_COST_MINOR, Fee
from app.lib.money import NotAnAmount, TooFine, parse_percent, percent_to_text

TICKET = 50_000
"""₹500."""


@pytest.mark.parametrize(
    ("fee", "cost"),
    [
        (Fee(), (50_000, 0)),
        (Fee(2_500), (52_500, 2_500)),
        (Fee(0, 250), (51_250, 1_250)),
        (Fee(1_000, 200), (52_000, 2_000)),
        (Fee(2_500, included=True), (50_000, 2_500)),
        (Fee(0, 250, included=True), (50_000, 1_250)),
        (Fee(1_000, 200, included=True), (50_000, 2_000)),
    ],
    ids=["none", "amount", "share", "both", "amount in it", "share in it", "both in it"],
)
def test_a_fee_is_an_amount_or_a_share_added_or_included(fee, cost):
    assert fee.cost_of(TICKET) == cost


@pytest.mark.parametrize("fee", [Fee(2_500), Fee(0, 250), Fee(2_500, 250, included=True)])
def test_a_free_seat_has_no_fee(fee):
    assert fee.cost_of(0) == (0, 0)


@pytest.mark.parametrize(
    ("ticket", "basis_points", "fee"),
    [(30, 500, 2), (29, 500, 1), (10, 500, 1), (9, 500, 0), (99_999, 333, 3_330)],
    ids=["half up", "below half", "half of one", "below half of one", "many decimals"],
)
def test_half_a_unit_is_rounded_up_for_each_seat(ticket, basis_points, fee):
    """Yen have no smaller unit: five per cent of 30 are two."""
    assert Fee(0, basis_points).cost_of(ticket) == (ticket + fee, fee)


def test_an_included_fee_is_at_most_the_price_that_a_voucher_has_left():
    assert Fee(2_500, included=True).cost_of(1_000) == (1_000, 1_000)


def test_no_seat_costs_more_than_a_booking_can_hold():
    dearest = MAX_COST_MINOR - 5
    assert Fee(2_500).cost_of(dearest) == (MAX_COST_MINOR, 5)
    assert Fee(0, 10_000).cost_of(MAX_COST_MINOR) == (MAX_COST_MINOR, 0)


@pytest.mark.parametrize(
    ("typed", "basis_points"),
    [
        ("", 0),
        ("0", 0),
        ("2.5", 250),
        ("2.25 %", 225),
        ("१२.५", 1_250),
        ("٢٫٥٪", 250),
        ("100", 10_000),
    ],
)
def test_per_cent_are_read_as_people_type_them(typed, basis_points):
    assert parse_percent(typed) == basis_points


@pytest.mark.parametrize(
    ("typed", "error"), [("2.255", TooFine), ("2,5", NotAnAmount), ("much", NotAnAmount)]
)
def test_what_might_be_another_share_is_not_taken(typed, error):
    with pytest.raises(error):
        parse_percent(typed)


@pytest.mark.parametrize(
    ("basis_points", "text"), [(250, "2.5"), (1_000, "10"), (0, "0"), (1, "0.01")]
)
def test_per_cent_are_shown_as_they_are_typed(basis_points, text):
    assert percent_to_text(basis_points) == text
