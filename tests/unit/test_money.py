"""Amounts of money are whole numbers of the smallest unit, and read as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.money import (
    CURRENCIES,
    Ambiguous,
    NotAnAmount,
    TooFine,
    current_currencies,
    digits_of,
    format_money,
    minor_to_text,
    parse_money,
)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (50000, "INR", "₹500"),
        (50050, "INR", "₹500.50"),
        (5, "INR", "₹0.05"),
        (0, "INR", "₹0"),
        (-50050, "INR", "-₹500.50"),
        (12345600, "INR", "₹1,23,456"),
        (500, "JPY", "JP¥500"),
        (15000, "AED", "AED\xa0150"),
        (15050, "AED", "AED\xa0150.50"),
        (-15000, "AED", "-AED\xa0150"),
        (1234, "KWD", "KWD\xa01.234"),
        (1200, "KWD", "KWD\xa01.200"),
        (2000, "BHD", "BHD\xa02"),
    ],
)
def test_an_amount_reads_as_people_write_it(minor, currency, text):
    assert format_money(minor, currency) == text


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("INR", 2),
        ("AED", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("KWD", 3),
        ("IQD", 3),
        ("IDR", 2),
        ("CLF", 4),
    ],
)
def test_a_currency_has_the_decimals_that_iso_4217_gives_it(currency, digits):
    assert digits_of(currency) == digits


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("500", "INR", 50000),
        ("499.50", "INR", 49950),
        ("499.5", "INR", 49950),
        (".5", "INR", 50),
        ("499.", "INR", 49900),
        (" 1,00,000 ", "INR", 10_000_000),
        ("1,00,00,000", "INR", 1_000_000_000),
        ("1,000", "INR", 100_000),
        ("10,000.50", "INR", 1_000_050),
        ("1,234,567", "INR", 123_456_700),
        ("1 000", "INR", 100_000),
        ("1\u202f000", "EUR", 100_000),
        ("1'000", "CHF", 100_000),
        ("0.05", "INR", 5),
        ("₹499", "INR", 49900),
        ("₹ 1,499.50", "INR", 149_950),
        ("Rs. 499", "INR", 49900),
        ("499/-", "INR", 49900),
        ("inr 499", "INR", 49900),
        ("150 AED", "AED", 15000),
        ("١٥٠ د.إ.", "AED", 15000),
        ("١٬٠٠٠", "AED", 100_000),
        ("१२३.५०", "INR", 12350),
        ("１２３", "INR", 12300),
        ("\u200f١٢٫٥٠٠\u200f", "KWD", 12500),
        ("", "INR", 0),
        ("500", "JPY", 500),
        ("¥1,000", "JPY", 1000),
        ("JP¥1,000", "JPY", 1000),
        ("1.234", "KWD", 1234),
        ("1,234.500", "KWD", 1_234_500),
        ("1,234,567", "KWD", 1_234_567_000),
    ],
)
def test_a_typed_amount_is_taken_exactly(text, currency, minor):
    assert parse_money(text, currency) == minor


HUGE = ["1e999999", "1e99999999", "9" * 5000, "1e-999999", "1." + "0" * 40 + "1"]
UNCLEAR = ["12,50", "12,5", "1.000,50", "1,000,50", "1,0000", "0,500", "1,", ",5", ",", ".", "1 00"]
STRANGE = ["-1", "+5", "five", "nan", "Infinity", "1.2.3", "1_000", "1e3", "5²", "½", "₹", "$5"]


@pytest.mark.parametrize("text", [*UNCLEAR, *STRANGE, *HUGE])
def test_what_is_no_amount_or_could_be_another_is_refused(text):
    with pytest.raises(NotAnAmount, match="not an amount"):
        parse_money(text, "INR")


@pytest.mark.parametrize(
    ("text", "currency", "kind"),
    [
        ("1.005", "INR", TooFine),
        ("1.000", "INR", TooFine),
        ("1.5", "JPY", TooFine),
        ("1.000", "JPY", TooFine),
        ("1.2345", "KWD", TooFine),
        ("1,250", "KWD", Ambiguous),
        ("1,000", "TND", Ambiguous),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_decimals(text, currency, kind):
    with pytest.raises(kind):
        parse_money(text, currency)


@given(st.integers(0, 10**12), st.sampled_from(sorted(CURRENCIES)))
def test_an_amount_survives_being_shown_in_a_form(minor, currency):
    assert parse_money(minor_to_text(minor, currency), currency) == minor


@given(
    st.integers(0, 10**12), st.sampled_from([c for c in sorted(CURRENCIES) if digits_of(c) != 3])
)
def test_an_amount_survives_being_copied_from_a_page(minor, currency):
    assert parse_money(format_money(minor, currency), currency) == minor


@given(st.integers(0, 10**12), st.sampled_from(["BHD", "KWD", "TND"]))
def test_a_copied_amount_is_never_taken_for_another(minor, currency):
    try:
        assert parse_money(format_money(minor, currency), currency) == minor
    except Ambiguous:
        assert minor % 1000 == 0


def test_the_currencies_are_codes_of_iso_4217():
    assert {"INR", "USD", "JPY"} <= CURRENCIES
    assert "inr" not in CURRENCIES


def test_only_currencies_that_are_used_now_are_offered():
    offered = current_currencies()
    assert offered["INR"] == "Indian Rupee"
    assert {"AED", "JPY", "KWD"} <= set(offered) <= CURRENCIES
    assert "DEM" not in offered
