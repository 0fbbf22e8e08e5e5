"""The dashboard: sales, how full the events are, and the trend."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask_babel import format_date
from flask_babel import gettext as _

from app.admin.guard import staff_pages
from app.edge.current import settings
from app.edge.exports import csv_file
from app.edge.htmx import Answer
from app.errors import InvalidField
from app.lib.money import to_amount
from app.models.columns import now
from app.presenters.charts import bar_chart
from app.services import payment_figures, ticket_types
from app.services.payment_figures import Figures, Money
from app.services.reservations import seats_reserved
from app.services.sales import sales
from app.services.sales_figures import EventSales, Sales
from app.services.sales_ranges import NAMES, SalesRange, days_between, named_range

blueprint = staff_pages("admin_dashboard", __name__)

SORTS: dict[str, Callable[[EventSales], Any]] = {
    "start": lambda row: (row.event.start_at, row.event.id),
    "sold": lambda row: (-row.sums.seats_sold, row.event.id),
    "fill": lambda row: (-row.event.fill_rate, row.event.id),
    # Amounts of two currencies can't be compared: each currency's events stand together.
    "value": lambda row: (row.event.currency, -row.value, row.event.id),
    "cancellations": lambda row: (-row.sums.cancellations, row.event.id),
    "name": lambda row: (row.event.name.lower(), row.event.id),
}
MAX_ROWS = 50


@blueprint.get("")
def show() -> Answer:
    chosen, found, error = _found()
    rows, words, sort = _rows(found)
    figures = [(format_date(day, "d MMM"), sums.bookings) for day, sums in found.days]
    money = payment_figures.by_event()
    return render_template(
        "pages/admin/dashboard.html",
        sales=found,
        chart=bar_chart(figures),
        ranges=_ranges(),
        chosen=chosen,
        error=error,
        rows=rows[:MAX_ROWS],
        types=ticket_types.types_of_events(row.event for row in rows[:MAX_ROWS]),
        more=max(len(rows) - MAX_ROWS, 0),
        words=words,
        sort=sort,
        now=now(),
        money=payment_figures.total(money.values()),
        money_of=money,
        reserved=seats_reserved(),
    )


@blueprint.get("/sales-by-day.csv")
def days_csv() -> Answer:
    found = _found()[1]
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
    found = _found()[1]
    header = (
        *("Event", "Start", "Capacity", "Seats sold in all", "Bookings", "Seats booked"),
        *("Cancellations", "Seats given back", "Booked value", "Currency"),
        *("Seats sold in all by ticket type", "Booked now", "Reserved now", "Paid", "Paid back"),
        *("Owed back", "Kept for seats given back"),
    )
    chosen = _rows(found)[0]
    types = ticket_types.types_of_events(row.event for row in chosen)
    money = payment_figures.by_event([row.event.id for row in chosen])
    rows = [
        (
            *(row.event.name, row.event.start_at, row.event.capacity, row.event.seats_sold),
            *(row.sums.bookings, row.sums.seats, row.sums.cancellations, row.sums.seats_back),
            *(to_amount(row.value, row.event.currency), row.event.currency),
            "; ".join(f"{kind.name}: {kind.taken}" for kind in types.get(row.event.id, ())),
            *_money(money.get(row.event.id, {}), row.event.currency),
        )
        for row in chosen
    ]
    return csv_file(f"events-{found.first}-{found.last}", header, rows)


def _money(money: Money, currency: str) -> Iterable[object]:
    """The event's figures in its currency, empty for one that is not paid here."""
    sums = money.get(currency)
    return [to_amount(minor, currency) for minor in sums] if sums else [""] * len(Figures._fields)


def _found() -> tuple[dict[str, str], Sales, str]:
    """The arguments of the span chosen, its sales, and what is wrong with a span typed."""
    zone = settings().zone
    today: date = now().astimezone(zone).date()
    name, error = request.args.get("range", ""), ""
    span, chosen = named_range("30", today), {"range": "30"}
    if name in NAMES:
        span, chosen = named_range(name, today), {"range": name}
    elif request.args.get("from") or request.args.get("to"):
        try:
            span = _typed(today)
            chosen = {"from": span.first.isoformat(), "to": span.last.isoformat()}
        except (InvalidField, ValueError):
            error = _("Choose a first and a last day, at most three years apart.")
    return chosen, sales(span.first, span.last, zone, span.before), error


def _typed(today: date) -> SalesRange:
    """The days typed; one of them alone is the first until today, or the last of thirty."""
    first, last = (request.args.get(name, "") for name in ("from", "to"))
    until = date.fromisoformat(last) if last else today
    since = date.fromisoformat(first) if first else until - timedelta(days=29)
    return days_between(since, until, today)


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
        "last-week": _("Last week"),
        "30": _("30 days"),
        "last-month": _("Last month"),
        "90": _("90 days"),
        "365": _("A year"),
    }
