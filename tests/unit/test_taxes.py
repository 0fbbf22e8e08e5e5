"""Taxes in prices: what is tax and what is net are what was paid, in every currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.taxes import Tax, credited, is_gstin, percent, tax_of

TELANGANA, CHANDIGARH = "36AABCU9603R1ZO", "04AABCU9603R1ZV"
RATES = st.integers(1, 9_999)
AMOUNTS = st.integers(1, 10**12)


@pytest.mark.parametrize(
    ("amount", "bp", "tax"),
    [
        (118_00, 1800, 18_00),
        (500_00, 1800, 76_27),  # 76.271 rupees
        (4_500, 1000, 409),  # 409.09 yen
        (10_500, 500, 500),  # dinars of a thousand fils: 0.500 of 10.500
        (11, 1000, 1),
        (5, 1000, 0),
        (105, 1000, 10),  # 9.545
        (3, 10_000, 2),  # just half is rounded up
        (1, 1800, 0),
    ],
)
def test_a_tax_is_rounded_to_the_smallest_unit_half_up(amount, bp, tax):
    assert Tax(("VAT",), bp).part_of(amount) == tax


@pytest.mark.parametrize(
    ("amount", "bp", "half"), [(118_00, 1800, 9_00), (500_00, 1800, 38_14), (101, 1800, 8)]
)
def test_the_two_halves_of_gst_are_equal(amount, bp, half):
    assert Tax(("CGST", "SGST"), bp).part_of(amount) == half


@given(AMOUNTS, RATES)
def test_a_tax_is_within_half_a_unit_of_what_it_is_exactly(amount, bp):
    exact = Decimal(amount * bp) / (10_000 + bp)
    assert abs(Tax(("VAT",), bp).part_of(amount) - exact) <= Decimal("0.5")


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8), RATES, st.booleans())
def test_what_is_credited_in_parts_has_together_the_tax_that_was_paid(parts, bp, halves):
    tax, before, together = Tax(("CGST", "SGST") if halves else ("VAT",), bp), 0, 0
    for amount in parts:
        together += credited(tax, before, amount)
        before += amount
    assert together == tax.part_of(sum(parts))


def test_parts_rounded_each_for_itself_would_not():
    tax = Tax(("VAT",), 1000)
    assert [tax.part_of(5), tax.part_of(5), tax.part_of(10)] == [0, 0, 1]
    assert [credited(tax, 0, 5), credited(tax, 5, 5)] == [0, 1]


@pytest.mark.parametrize(
    ("number", "place", "names"),
    [
        (TELANGANA, None, ("CGST", "SGST")),
        (TELANGANA, "36", ("CGST", "SGST")),
        (TELANGANA, "33", ("IGST",)),
        (CHANDIGARH, None, ("CGST", "UTGST")),
        # Australia's
        ("53004085616", None, ("GST",)),
        ("53004085616", "33", ("GST",)),
    ],
)
def test_indias_gst_is_the_states_and_the_unions_or_the_unions(number, place, names):
    assert tax_of("GST", 1800, number, place) == Tax(names, 1800)


def test_another_tax_is_one():
    assert tax_of("VAT", 2000, TELANGANA) == Tax(("VAT",), 2000)


@pytest.mark.parametrize(
    ("number", "good"),
    [
        (TELANGANA, True),
        ("27AAPFU0939F1ZV", True),
        ("27AAPFU0939F1ZW", False),
        ("72AAPFU0939F1ZV", False),
        ("27aapfu0939f1zv", False),
        ("27AAPFU0939F1Z", False),
        ("", False),
    ],
)
def test_a_gstin_has_a_state_and_a_check_digit(number, good):
    assert is_gstin(number) == good


@pytest.mark.parametrize(
    ("tax", "each"),
    [
        (Tax(("VAT",), 2000), "20"),
        (Tax(("CGST", "SGST"), 1800), "9"),
        (Tax(("CGST", "SGST"), 500), "2.5"),
        (Tax(("CGST", "SGST"), 25), "0.125"),
        (Tax(("VAT",), 810), "8.1"),
    ],
)
def test_the_rate_of_a_part_is_written_in_per_cent(tax, each):
    assert tax.each == each


def test_per_cent_has_no_zeros_that_say_nothing():
    assert [percent(one) for one in (0, 250, 1000, 1825)] == ["0", "2.5", "10", "18.25"]
