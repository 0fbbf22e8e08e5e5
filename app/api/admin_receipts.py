"""Receipts and credit notes, for programs of staff."""

from datetime import date

from flask import Response

from app.api.body import api_blueprint
from app.api.present import page_response
from app.api.receipt_schemas import (
    ReceiptLineOut,
    ReceiptOut,
    ReceiptsOut,
    ReceiptsQuery,
    ReceiptTaxOut,
)
from app.api.spec import STAFF, answers, valid
from app.edge.current import settings
from app.models import Receipt
from app.models.staff_scope import shown_email
from app.services import audit, events, receipts
from app.services.receipts import ReceiptQuery

blueprint = api_blueprint("admin_receipts", __name__)


@blueprint.get("/admin/receipts")
@valid(
    answers(401, 404, HTTP_200=ReceiptsOut),
    query=ReceiptsQuery,
    operation_id="listReceipts",
    **STAFF,
)
def list_receipts(query: ReceiptsQuery) -> Response:
    """List receipts and credit notes, in the sequence in which they were issued"""
    event = events.get_event(query.event_id, drafts=True) if query.event_id else None
    month = date.fromisoformat(f"{query.month}-01") if query.month else None
    wanted = ReceiptQuery(month, settings().zone, query.event_id)
    page = receipts.list_receipts(wanted, limit=query.limit, after=query.after)
    if page.items:
        audit.note_export("API", len(page.items), event)
    return page_response(ReceiptsOut([_receipt(one) for one in page.items]), page)


def _receipt(receipt: Receipt) -> ReceiptOut:
    facts = receipt.facts
    return ReceiptOut(
        id=receipt.id,
        number=receipt.name,
        kind="credit_note" if receipt.is_credit_note else "receipt",
        corrects=facts["receipt"]["number"] if receipt.is_credit_note else None,
        issued_at=receipt.issued_at,
        payment_id=receipt.payment_id,
        refund_id=receipt.refund_id,
        event_id=receipt.event_id,
        reference=facts["reference"],
        buyer=receipt.buyer_name,
        buyer_email=shown_email(receipt.buyer_email),
        amount_minor=receipt.amount_minor,
        net_minor=receipt.net_minor,
        tax_minor=receipt.tax_minor,
        currency=receipt.currency,
        lines=[
            ReceiptLineOut(
                ticket_type=line["type"],
                is_fee=line["is_fee"],
                seats=line["seats"],
                price_minor=line["price_minor"],
                amount_minor=line["amount_minor"],
            )
            for line in facts["lines"]
        ],
        taxes=[ReceiptTaxOut(**tax) for tax in facts["taxes"]],
    )
