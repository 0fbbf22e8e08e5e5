"""The dashboard: sales, how full the events are, and the trend."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask_babel import format_date
from flask_babel import gettext as _

from app.admin.guard import staff_pages
from app.edge.current import settings
from app.edge.exports import csv_file
from app.edge.htmx import Answer
from app.lib.money import to_amount
from app.models.columns import now
from app.presenters.charts import bar_chart
from app.services.sales import EventSales, Sales, sales

blueprint = staff_pages("admin_dashboard", __name__)

RANGES = {"today": 1, "7": 7, "30": 30, "90": 90, "365": 365}
"""Number of days up to and including today."""
SORTS: dict[str, Callable[[EventSales], Any]] = {
    "start": lambda row: (row.event.start_at, row.event.id),
    "sold": lambda row: (-row.sums.seats_sold, row.event.id),
    "fill": lambda row: (-row.event.seats_sold / row.event.capacity, row.event.id),
    # Amounts of two currencies can't be compared: each currency's events stand together.
    "value": lambda row: (row.event.currency, -row.value, row.event.id),
    "cancellations": lambda row: (-row.sums.cancellations, row.event.id),
    "name": lambda row: (row.event.name.lower(), row.event.id),
}
MAX_ROWS = 50


@blueprint.get("")
def show() -> Answer:
    chosen, found = _found()
    rows, words, sort = _rows(found)
    figures = [(format_date(day, "d MMM"), sums.bookings) for day, sums in found.days]
    return render_template(
        "pages/admin/dashboard.html",
        sales=found,
        chart=bar_chart(figures),
        ranges=_ranges(),
        chosen=chosen,
        rows=rows[:MAX_ROWS],
        more=max(len(rows) - MAX_ROWS, 0),
        words=words,
        sort=sort,
        now=now(),
    )


@blueprint.get("/sales-by-day.csv")
def days_csv() -> Answer:
    _chosen, found = _found()
    header = (
        *("Day", "Bookings", "Seats booked", "Cancellations", "Seats given back"),
        *(f"Booked value ({currency})" for currency in found.currencies),
    )
    # A list, not a generator: the database can't be queried while the response is streamed.
    rows = [
        (
            *(day.isoformat(), s.bookings, s.seats, s.cancellations, s.seats_back),
            *(to_amount(s.value.get(currency, 0), currency) for currency in found.currencies),
        )
        for day, s in found.days
    ]
    return csv_file(f"sales-{found.first}-{found.last}", header, rows)


@blueprint.get("/sales-by-event.csv")
def events_csv() -> Answer:
    _chosen, found = _found()
    header = (
        *("Event", "Start", "Capacity", "Seats sold in all", "Bookings", "Seats booked"),
        *("Cancellations", "Seats given back", "Booked value", "Currency"),
    )
    rows = [
        (
            *(row.event.name, row.event.start_at, row.event.capacity, row.event.seats_sold),
            *(row.sums.bookings, row.sums.seats, row.sums.cancellations, row.sums.seats_back),
            *(to_amount(row.value, row.event.currency), row.event.currency),
        )
        for row in _rows(found)[0]
    ]
    return csv_file(f"events-{found.first}-{found.last}", header, rows)


def _found() -> tuple[str, Sales]:
    chosen = request.args.get("range", "30")
    chosen = chosen if chosen in RANGES else "30"
    zone = settings().zone
    last: date = now().astimezone(zone).date()
    return chosen, sales(last - timedelta(days=RANGES[chosen] - 1), last, zone)


def _rows(found: Sales) -> tuple[list[EventSales], str, str]:
    """The events that match the words, sorted; also the words and the sort order."""
    words = " ".join(request.args.get("q", "").split())[:100]
    sort = request.args.get("sort", "start")
    sort = sort if sort in SORTS else "start"
    rows = [
        row
        for row in found.events
        if all(w in f"{row.event.name} {row.event.place}".lower() for w in words.lower().split())
    ]
    if sort == "start" and not words:
        at = now()
        # Those under way and to come, soonest first; then past ones, latest first.
        to_come = [row for row in rows if not row.event.is_over(at)]
        return to_come + [row for row in reversed(rows) if row.event.is_over(at)], words, sort
    return sorted(rows, key=SORTS[sort]), words, sort


def _ranges() -> dict[str, str]:
    return {
        "today": _("Today"),
        "7": _("7 days"),
        "30": _("30 days"),
        "90": _("90 days"),
        "365": _("A year"),
    }
