"""A bank's statement as CSV is read, or says which line and column can't be."""

from datetime import date

import pytest

from app.lib.bank_statements import MAX_BYTES, BadStatement, read_statement
from app.presenters.statement_words import refusal


@pytest.fixture
def request_context(app):
    with app.test_request_context():
        yield


def read(text, currency="INR"):
    return read_statement(text.encode(), currency)


def test_columns_are_found_by_their_names_in_any_order():
    (line,) = read("\ufeffBalance;Text;AMOUNT ;Date;Reference\n9;UPI/Asha;1,250.50;28/11/2026;N1\n")
    assert (line.number, line.day, line.amount_minor) == (2, date(2026, 11, 28), 125_050)
    assert (line.text, line.reference) == ("UPI/Asha", "N1")


@pytest.mark.parametrize(
    "day", ["2026-11-28", "28/11/2026", "28-11-2026", "28.11.2026", "28 Nov 2026", "28-Nov-2026"]
)
def test_a_day_is_read_as_banks_write_it(day):
    assert read(f"date,amount,text\n{day},1,x\n")[0].day == date(2026, 11, 28)


@pytest.mark.parametrize(
    ("written", "minor"),
    [("500", 50_000), ('"1,00,000.00"', 10_000_000), ("+5", 500), ("-500", 0), ("", 0), ("(5)", 0)],
)
def test_an_amount_is_what_came_in(written, minor):
    assert read(f"date,amount,text\n2026-11-28,{written},x\n")[0].amount_minor == minor


def test_blank_lines_count_and_say_nothing():
    lines = read('date,amount,text\n\n2026-11-28,1,"two\nlines"\n,,\n2026-11-28,2,x\n')
    assert [line.number for line in lines] == [3, 6]


def test_lines_that_are_alike_have_references_of_their_own_that_stay():
    text = "date,amount,text\n" + "2026-11-28,1,x\n" * 2
    first, second = (line.made_up_reference for line in read(text))
    assert first != second
    assert [line.made_up_reference for line in read(text)] == [first, second]


@pytest.mark.parametrize(
    ("text", "problem", "line", "column"),
    [
        ("", "no_header", 1, ""),
        ("\n\n", "no_header", 1, ""),
        ("amount,text\n", "missing_column", 1, "date"),
        ("\ndate,text\n", "missing_column", 2, "amount"),
        ("date,amount\n", "missing_column", 1, "text"),
        ("date,amount,text\n2026-11-28,1,x\n31/02/2026,1,x\n", "no_date", 3, "date"),
        ("date,amount,text\n2026-11-28,ten,x\n", "no_amount", 2, "amount"),
        ("date,amount,text\n2026-11-28,1.234,x\n", "no_amount", 2, "amount"),
        ('date,amount,text\n2026-11-28,1,"x\n', "malformed", 2, ""),
        ("date\0", "not_text", 1, ""),
        ("x" * (MAX_BYTES + 1), "too_large", 1, ""),
    ],
)
def test_what_can_t_be_read_says_where(request_context, text, problem, line, column):
    with pytest.raises(BadStatement) as refused:
        read(text)
    error = refused.value
    assert (error.problem, error.line, error.column) == (problem, line, column)
    said = refusal(error)
    assert said.endswith(".")
    if column:
        assert f"“{column}”" in said
        assert str(line) in said


def test_what_is_no_utf_8_is_no_statement():
    with pytest.raises(BadStatement, match="not_text"):
        read_statement("date,amount,text\n2026-11-28,1,é".encode("latin-1"), "INR")
