"""Excel files as their readers find them; they go out while they are made."""

import io
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from itertools import repeat
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from app.lib import spreadsheets
from app.lib.spreadsheets import BATCH, workbook

ZONE = ZoneInfo("Asia/Kolkata")
AT = datetime(2026, 11, 26, 18, 45, 30, tzinfo=UTC)


def made(rows, header=("Reference", "Price", "Booked")):
    return b"".join(workbook("bookings", header, rows, ZONE))


def opened(file):
    return openpyxl.load_workbook(io.BytesIO(file))


def test_numbers_moments_and_text_are_what_they_are():
    sheet = opened(made([("A-1", Decimal("1499.50"), AT), ("=1+1", -3, None)])).active
    assert sheet.title == "bookings"
    assert [cell.value for cell in sheet[1]] == ["Reference", "Price", "Booked"]
    assert all(cell.font.b for cell in sheet[1])
    assert not sheet["A2"].font.b
    local = AT.astimezone(ZONE).replace(tzinfo=None)
    assert [cell.value for cell in sheet[2]] == ["A-1", 1499.5, local]
    assert sheet["C2"].number_format.replace("\\", "") == "yyyy-mm-dd hh:mm"
    assert (sheet["A3"].value, sheet["A3"].data_type) == ("=1+1", "s")
    assert (sheet["B3"].value, sheet["C3"].value) == (-3, None)
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].width == 18


@pytest.mark.parametrize(
    "text",
    [
        "<b>&amp;\"'",
        "  a \n b\t",
        "ఉత్సవం 🎉",
        "\x00\x1b\ufffe",
        "_x0041_",
        "a\r\nb",
        "=cmd|' /C'!A0",
    ],
)
def test_any_text_comes_back_as_it_was(text):
    read = opened(made([(text,)], ("h",))).active["A2"].value
    assert openpyxl.utils.escape.unescape(read) == text


def test_what_a_sheet_can_not_hold_goes_on_in_the_next(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MAX_ROWS", 11)
    for rows, wish in ((0, [0]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])):
        book = opened(made([(n,) for n in range(rows)], ("h",)))
        assert [sheet.max_row - 1 for sheet in book] == wish
        values = [row[0].value for sheet in book for row in sheet.iter_rows(min_row=2)]
        assert values == list(range(rows))


def test_the_file_begins_before_its_rows_are_read():
    read = []
    rows = (read.append(n) or (n,) for n in range(10 * BATCH))
    pieces = workbook("x", ("h",), rows, ZONE)
    assert next(pieces).startswith(b"PK")
    assert read == []
    for _ in range(3):
        next(pieces)
    assert 0 < len(read) <= 3 * BATCH


@pytest.mark.long
def test_a_long_list_takes_no_more_memory_than_a_short_one():
    def peak(rows):
        tracemalloc.start()
        for _ in workbook("x", ("h",) * 5, repeat(("text", 1, AT, "more", 5), rows), ZONE):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(BATCH)
    assert peak(40_000) < 1.5 * peak(4_000)
