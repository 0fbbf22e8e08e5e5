"""Bank statements as CSV: what came into an account, a line each."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.lib.money import NotAnAmount, parse_money

MAX_BYTES = 80_000
"""Some thousand lines."""
MAX_LINES = 2_000
DATE, AMOUNT, TEXT, REFERENCE = "date", "amount", "text", "reference"
_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d-%b-%Y", "%d/%m/%y")
_TWELVE_DIGITS = re.compile(r"(?<!\d)\d{12}(?!\d)", re.ASCII)
_OUTGOING = re.compile(r"\s*[-\u2212(]")


class BadStatement(ValueError):
    """The text is no statement; `line` counts from 1, `column` is a name of ours.

    `problem` is not_text, too_large, no_header, missing_column, no_date, no_amount or malformed.
    """

    def __init__(self, problem: str, line: int = 1, column: str = "") -> None:
        self.problem, self.line, self.column = problem, line, column
        super().__init__(f"{problem}: line {line} {column}")


@dataclass(frozen=True)
class StatementLine:
    number: int
    """Of the line in the file, from 1, where the header is."""
    day: date
    amount_minor: int
    """0 for what went out."""
    text: str
    """What the payer wrote, and what the bank adds."""
    reference: str
    """The bank's, of a column of its own; or empty."""
    occurrence: int
    """1 for the first of lines that are alike."""

    @property
    def twelve_digits(self) -> list[str]:
        """Numbers that may be references of UPI."""
        return _TWELVE_DIGITS.findall(f"{self.reference} {self.text}")

    @property
    def made_up_reference(self) -> str:
        """A reference for a line that has none, the same in each statement that has the line."""
        facts = f"{self.day}|{self.amount_minor}|{self.text}|{self.occurrence}"
        return "S-" + hashlib.sha256(facts.encode()).hexdigest()[:20].upper()


def read_statement(content: bytes, currency: str) -> list[StatementLine]:
    """Read a CSV with a header that names the columns date, amount, and text or reference or both.

    Amounts are in the currency's main unit; other columns are left alone. Raises `BadStatement`.
    """
    if len(content) > MAX_BYTES:
        raise BadStatement("too_large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadStatement("not_text") from None
    if "\0" in text:
        raise BadStatement("not_text")
    rows = _rows(text)
    try:
        number, header = next(rows)
    except StopIteration:
        raise BadStatement("no_header") from None
    columns = _columns(header, number)
    lines: list[StatementLine] = []
    alike: Counter[tuple[object, ...]] = Counter()
    for number, row in rows:
        if len(lines) == MAX_LINES:
            raise BadStatement("too_large", number)
        lines.append(_line(number, row, columns, currency, alike))
    return lines


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with their lines' numbers."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise BadStatement("malformed", number) from None
        if any(cell.strip() for cell in row):
            yield number, row


def _columns(header: Sequence[str], number: int) -> dict[str, int]:
    names = {cell.strip().casefold(): at for at, cell in reversed(list(enumerate(header)))}
    found = {name: names[name] for name in (DATE, AMOUNT, TEXT, REFERENCE) if name in names}
    for name in (DATE, AMOUNT):
        if name not in found:
            raise BadStatement("missing_column", number, name)
    if TEXT not in found and REFERENCE not in found:
        raise BadStatement("missing_column", number, TEXT)
    return found


def _line(
    number: int,
    row: Sequence[str],
    columns: dict[str, int],
    currency: str,
    alike: Counter[tuple[object, ...]],
) -> StatementLine:
    cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
    day, amount = _day(cells[DATE], number), _amount(cells[AMOUNT], currency, number)
    text, reference = cells.get(TEXT, ""), cells.get(REFERENCE, "")
    same = day, amount, text, reference
    alike[same] += 1
    return StatementLine(number, day, amount, text, reference, alike[same])


def _day(text: str, number: int) -> date:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise BadStatement("no_date", number, DATE)


def _amount(text: str, currency: str, number: int) -> int:
    if not text or _OUTGOING.match(text):
        return 0
    try:
        return parse_money(text.removeprefix("+"), currency)
    except NotAnAmount:
        raise BadStatement("no_amount", number, AMOUNT) from None
