"""Lists of any length as files: rows go out as they come, and memory stays as it is."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from flask import Response, send_file, stream_with_context

Row = Sequence[Any]
FORMULA = re.compile(r"(^|[;\t\r\n])(?=\"*[=+\-@\t\r\n＝＋－＠])")
"""Where a spreadsheet would begin a formula (OWASP, CSV injection): at the start of a cell, and
after what some countries' spreadsheets take for its start."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BATCH = 500


def csv_file(name: str, header: Row, rows: Iterable[Row]) -> Response:
    response = Response(
        stream_with_context(_lines(header, rows)), mimetype="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def excel_file(name: str, header: Row, rows: Iterable[Row]) -> Response:
    """Made in a temporary file, row by row; text stays text, whatever it looks like."""
    made = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when it has been sent
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(made, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                value = said(cell)
                write = sheet.write_number if isinstance(value, int) else sheet.write_string
                write(number, column, value)
    made.seek(0)
    response = send_file(made, XLSX, as_attachment=True, download_name=f"{name}.xlsx")
    response.call_on_close(made.close)
    return response


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and does not run."""
    return FORMULA.sub(r"\1'", cell)


def said(cell: Any) -> int | str:
    if isinstance(cell, int):
        return cell
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return "" if cell is None else str(cell)


def _lines(header: Row, rows: Iterable[Row]) -> Iterator[str]:
    # The mark by which Excel knows UTF-8.
    buffer = io.StringIO("\ufeff")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        writer.writerow([harmless(v) if isinstance(v, str) else v for v in map(said, row)])
        if number % BATCH == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
