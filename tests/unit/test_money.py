"""Amounts of money are whole numbers of the smallest unit, and read as people write them."""

import pytest

from app.lib.money import CURRENCIES, format_money, minor_to_text, parse_money


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (50000, "INR", "₹500"),
        (50050, "INR", "₹500.50"),
        (5, "INR", "₹0.05"),
        (0, "INR", "₹0"),
        (12345600, "INR", "₹1,23,456"),
        (500, "JPY", "JP¥500"),
        (1234, "KWD", "KWD1.234"),
    ],
)
def test_an_amount_reads_as_people_write_it(minor, currency, text):
    assert format_money(minor, currency).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("500", "INR", 50000),
        ("499.50", "INR", 49950),
        (" 1,00,000 ", "INR", 10_000_000),
        ("0.05", "INR", 5),
        ("₹499", "INR", 49900),
        ("₹ 1,499.50", "INR", 149_950),
        ("", "INR", 0),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1234),
    ],
)
def test_a_typed_amount_is_taken_exactly(text, currency, minor):
    assert parse_money(text, currency) == minor


HUGE = ["1e999999", "1e99999999", "9" * 5000, "1e-999999", "1." + "0" * 40 + "1"]


@pytest.mark.parametrize("text", ["-1", "1.005", "five", "nan", "Infinity", "1.2.3", *HUGE])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        parse_money(text, "INR")


@pytest.mark.parametrize("minor", [0, 1, 99, 100, 12345, 10**9])
@pytest.mark.parametrize("currency", ["INR", "JPY", "KWD"])
def test_an_amount_survives_being_shown_in_a_form(minor, currency):
    assert parse_money(minor_to_text(minor, currency), currency) == minor


def test_the_currencies_are_codes_of_iso_4217():
    assert {"INR", "USD", "JPY"} <= CURRENCIES
    assert "inr" not in CURRENCIES
