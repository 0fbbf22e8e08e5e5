"""Exports of any length as files, streamed row by row in constant memory."""

import csv
import io
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, TypeVar

from flask import Response, stream_with_context

from app.edge.current import settings
from app.edge.downloads import disposition
from app.lib.spreadsheets import workbook
from app.models import staff_scope
from app.models.staff_scope import StaffScope

T = TypeVar("T")
Row = Sequence[Any]
FORMULA = re.compile(r"(^|[;\t\r\n])(?=\"*[=+\-@\t\r\n＝＋－＠])")
"""Where a spreadsheet would start a formula (OWASP, CSV injection): at the start of a cell, and
after separators that spreadsheets of some locales split cells at."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BATCH = 100
"""Rows per chunk: one or two milliseconds of work."""


def csv_file(name: str, header: Row, rows: Iterable[Row]) -> Response:
    """Stream the rows as `<name>.csv`, with times in the site's time zone."""
    lines = _lines(header, rows, settings().zone)
    response = Response(stream_with_context(paced(lines)), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = disposition("attachment", f"{name}.csv")
    return response


def excel_file(name: str, header: Row, rows: Iterable[Row], widths: Sequence[int] = ()) -> Response:
    """Stream the rows as `<name>.xlsx`, with times in the site's time zone."""
    pieces = workbook(name, header, rows, settings().zone, widths)
    response = Response(stream_with_context(paced(pieces)), mimetype=XLSX)
    response.headers["Content-Disposition"] = disposition("attachment", f"{name}.xlsx")
    return response


def paced(pieces: Iterable[T]) -> Iterator[T]:
    """The chunks, made within the limits of the staff key that asked for them, while other requests
    of this process run between them."""
    # They are read after the view has ended, and in another session than its own.
    return _within(staff_scope.scope(), pieces)


def _within(limits: StaffScope, pieces: Iterable[T]) -> Iterator[T]:
    """Yield the chunks, letting other requests of this process run between them."""
    staff_scope.act_within(limits)
    for piece in pieces:
        if piece:
            yield piece
        time.sleep(0)


def escape_formula(cell: str) -> str:
    """Escape a cell, so that a spreadsheet shows it instead of running it as a formula."""
    return FORMULA.sub(r"\1'", cell)


def cell_text(cell: Any, zone: tzinfo = UTC) -> int | Decimal | str:
    """Return the cell as CSV shows it: times as ISO 8601 in `zone`, None as an empty string."""
    if isinstance(cell, int | Decimal):
        return cell
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    return "" if cell is None else str(cell)


def _lines(header: Row, rows: Iterable[Row], zone: tzinfo) -> Iterator[str]:
    # Excel needs the byte order mark to recognise UTF-8.
    buffer = io.StringIO("\ufeff")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        cells = [cell_text(cell, zone) for cell in row]
        writer.writerow([escape_formula(v) if isinstance(v, str) else v for v in cells])
        if number % BATCH == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
