"""Reports for organisers: sales by day and by event, analytics, and the audit log."""

from datetime import timedelta
from typing import Any

from flask import Response

from app.api.admin_schemas import (
    AnalyticsOut,
    AnalyticsQuery,
    AuditEntriesOut,
    AuditEntryOut,
    DayFiguresOut,
    DaySalesOut,
    EventFiguresOut,
    EventSalesOut,
    SalesOut,
    SalesQuery,
    SearchQuery,
    SumsOut,
    TotalsOut,
)
from app.api.body import api_blueprint
from app.api.payment_schemas import MoneyOut
from app.api.present import json_response, page_response
from app.api.spec import STAFF, answers, valid
from app.edge.current import settings
from app.models.columns import now
from app.services import audit, payment_figures, sales
from app.services.analytics import analyse
from app.services.payment_figures import Money
from app.services.sales_figures import Sums
from app.services.sales_ranges import days_between

blueprint = api_blueprint("admin_reports", __name__)


@blueprint.get("/admin/sales")
@valid(answers(401, HTTP_200=SalesOut), query=SalesQuery, operation_id="getSales", **STAFF)
def get_sales(query: SalesQuery) -> Response:
    """Get the sums of a span of days, by day and by event

    A booking counts on the day it was made, seats given back on the day they were: days by
    the site's clock. Booked value is told
    by currency, in its smallest unit, and never added across currencies. What is booked and paid
    now, whatever the span, tells `money`.
    """
    zone = settings().zone
    today = now().astimezone(zone).date()
    last = query.to or today
    first = query.from_ or last - timedelta(days=29)
    days_between(first, last, today)
    found = sales.sales(first, last, zone)
    money = payment_figures.by_event()
    return json_response(
        SalesOut(
            first=found.first,
            last=found.last,
            at=found.at,
            total=_sums(found.total),
            money=_money(payment_figures.total(money.values())),
            before=_sums(found.before),
            days=[DaySalesOut(day=day, **_facts(sums)) for day, sums in found.days],
            events=[
                EventSalesOut(
                    event_id=row.event.id,
                    name=row.event.name,
                    money=_money(money.get(row.event.id, {})),
                    **_facts(row.sums),
                )
                for row in found.events
            ],
        )
    )


@blueprint.get("/admin/analytics")
@valid(
    answers(401, HTTP_200=AnalyticsOut),
    query=AnalyticsQuery,
    operation_id="getAnalytics",
    **STAFF,
)
def analytics(query: AnalyticsQuery) -> Response:
    """Get figures of the bookings made in a span of days

    Every event appears, with or without bookings.
    """
    found = analyse(settings().zone, query.from_, query.to)
    return json_response(
        AnalyticsOut(
            totals=TotalsOut.model_validate(found),
            events=[EventFiguresOut.model_validate(event) for event in found.events],
            days=[DayFiguresOut.model_validate(day) for day in found.days],
        )
    )


@blueprint.get("/admin/audit")
@valid(
    answers(401, HTTP_200=AuditEntriesOut),
    query=SearchQuery,
    operation_id="listAuditEntries",
    **STAFF,
)
def list_audit(query: SearchQuery) -> Response:
    """List who of the staff did what, the newest first"""
    page = audit.list_entries(q=query.q, limit=query.limit, after=query.after)
    entries = [AuditEntryOut.model_validate(entry) for entry in page.items]
    if emails := sum("email" in {**(e.before or {}), **(e.after or {})} for e in page.items):
        audit.note_export("API", emails)
    return page_response(AuditEntriesOut(entries), page)


def _facts(sums: Sums) -> dict[str, Any]:
    return SumsOut.model_validate(sums).model_dump()


def _money(money: Money) -> dict[str, MoneyOut]:
    return {currency: MoneyOut.model_validate(sums) for currency, sums in money.items()}


def _sums(sums: Sums) -> SumsOut:
    return SumsOut.model_validate(sums)
