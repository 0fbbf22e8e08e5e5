"""Lists of any length as files: rows go out as they come, and memory stays as it is."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

import xlsxwriter
from flask import Response, send_file, stream_with_context

from app.edge.current import settings

Row = Sequence[Any]
FORMULA = re.compile(r"(^|[;\t\r\n])(?=\"*[=+\-@\t\r\n＝＋－＠])")
"""Where a spreadsheet would begin a formula (OWASP, CSV injection): at the start of a cell, and
after what some countries' spreadsheets take for its start."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BATCH = 500
MOMENT, WIDTH = "yyyy-mm-dd hh:mm", 18


def csv_file(name: str, header: Row, rows: Iterable[Row]) -> Response:
    lines = _lines(header, rows, settings().zone)
    response = Response(stream_with_context(lines), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def excel_file(name: str, header: Row, rows: Iterable[Row]) -> Response:
    """Made in a temporary file, row by row; numbers and moments are cells of their kind, and text
    stays text, whatever it looks like."""
    made = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when it has been sent
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    zone = settings().zone
    with xlsxwriter.Workbook(made, options) as book:
        sheet = book.add_worksheet(name[:31])
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": MOMENT})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, WIDTH)
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    # A spreadsheet knows no time zones: the organisers' own is shown.
                    local = cell.astimezone(zone).replace(tzinfo=None)
                    sheet.write_datetime(number, column, local, moment)
                elif isinstance(cell, int | Decimal):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, str(said(cell)))
    made.seek(0)
    response = send_file(made, XLSX, as_attachment=True, download_name=f"{name}.xlsx")
    response.call_on_close(made.close)
    return response


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and does not run."""
    return FORMULA.sub(r"\1'", cell)


def said(cell: Any, zone: tzinfo = UTC) -> int | str:
    """As a line of text has it."""
    if isinstance(cell, int):
        return cell
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    return "" if cell is None else str(cell)


def _lines(header: Row, rows: Iterable[Row], zone: tzinfo) -> Iterator[str]:
    # The mark by which Excel knows UTF-8.
    buffer = io.StringIO("\ufeff")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        cells = [said(cell, zone) for cell in row]
        writer.writerow([harmless(v) if isinstance(v, str) else v for v in cells])
        if number % BATCH == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
