"""What organisers look things up in: all bookings, the audit log, sums of the sales, the books."""

from datetime import date, timedelta
from typing import Any

from flask import Response

from app.api.admin_schemas import (
    AuditEntriesOut,
    AuditEntryOut,
    DaySalesOut,
    EventSalesOut,
    FindingOut,
    GuestsOut,
    GuestsQuery,
    ReconciliationIn,
    ReconciliationOut,
    SalesOut,
    SalesQuery,
    SearchQuery,
    SumsOut,
)
from app.api.body import api_blueprint
from app.api.present import guest_out, json_response, page_response
from app.api.spec import KEY, answers, valid
from app.edge.current import desk, settings
from app.errors import InvalidField
from app.models.columns import now
from app.operations import reconcile
from app.services import audit, booking_search, sales
from app.services.booking_search import BookingQuery

blueprint = api_blueprint("admin_reports", __name__)
ADMIN: dict[str, Any] = {"tags": ["Admin"], "security": [{KEY: []}]}
LONGEST = timedelta(days=3 * 366)


@blueprint.get("/admin/bookings")
@valid(
    answers(401, HTTP_200=GuestsOut),
    query=GuestsQuery,
    operation_id="listAllBookings",
    **ADMIN,
)
def list_bookings(query: GuestsQuery) -> Response:
    """List the bookings of all events, the newest first"""
    asked = BookingQuery(query.event_id, query.status or "", query.q)
    page = booking_search.search_bookings(asked, limit=query.limit, after=query.after)
    return page_response(GuestsOut([guest_out(booking) for booking in page.items]), page)


@blueprint.get("/admin/audit")
@valid(
    answers(401, HTTP_200=AuditEntriesOut),
    query=SearchQuery,
    operation_id="listAuditEntries",
    **ADMIN,
)
def list_audit(query: SearchQuery) -> Response:
    """List who of the staff did what, the newest first"""
    page = audit.list_entries(q=query.q, limit=query.limit, after=query.after)
    entries = [AuditEntryOut.model_validate(entry) for entry in page.items]
    return page_response(AuditEntriesOut(entries), page)


@blueprint.get("/admin/sales")
@valid(answers(401, HTTP_200=SalesOut), query=SalesQuery, operation_id="getSales", **ADMIN)
def get_sales(query: SalesQuery) -> Response:
    """Get the sums of a span of days, by day and by event

    A booking counts on the day it was made, seats given back on the day they were: days by
    the site's clock. Takings are in the smallest unit of the events' currency.
    """
    zone = settings().zone
    today = now().astimezone(zone).date()
    last = query.to or today
    first = query.from_ or last - timedelta(days=29)
    if not date(2000, 1, 1) <= first <= last <= today + timedelta(days=1):
        raise InvalidField("from", "must be from the year 2000 on, and not after the last day")
    if last - first > LONGEST:
        raise InvalidField("from", "must be within three years of the last day")
    found = sales.sales(first, last, zone)
    return json_response(
        SalesOut(
            first=found.first,
            last=found.last,
            at=found.at,
            total=_sums(found.total),
            before=_sums(found.before),
            days=[DaySalesOut(day=day, **_facts(sums)) for day, sums in found.days],
            events=[
                EventSalesOut(event_id=row.event.id, name=row.event.name, **_facts(row.sums))
                for row in found.events
            ],
        )
    )


@blueprint.post("/admin/reconciliation")
@valid(
    answers(400, 401, 413, 415, HTTP_200=ReconciliationOut),
    body=ReconciliationIn,
    operation_id="reconcile",
    **ADMIN,
)
def reconcile_some(body: ReconciliationIn) -> Response:
    """Check the next 2,000 events' seats against their bookings, and their tokens

    Tokens that differ are put right. As long as `last` is a number, go on with it as `after`.
    """
    found = reconcile.reconcile_some(desk().gate, after=body.after, repair=body.repair)
    return json_response(
        ReconciliationOut(
            events=found.events,
            redis_answered=found.redis_answered,
            last=found.last,
            findings=[FindingOut.model_validate(finding) for finding in found.findings],
        )
    )


def _facts(sums: sales.Sums) -> dict[str, int]:
    return SumsOut.model_validate(sums).model_dump()


def _sums(sums: sales.Sums) -> SumsOut:
    return SumsOut.model_validate(sums)
