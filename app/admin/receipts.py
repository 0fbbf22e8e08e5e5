"""Receipts and credit notes for staff: by month, as files for the accountant, one by one."""

from collections.abc import Iterator
from datetime import date, datetime

from flask import Response, render_template, request

from app.admin.guard import staff_pages
from app.edge import receipt_files
from app.edge.current import settings
from app.edge.exports import csv_file
from app.edge.htmx import Answer
from app.edge.security import an_id
from app.lib.money import to_amount
from app.models import Event, Receipt
from app.models.staff_scope import shown_email
from app.presenters.receipt_papers import receipt_words
from app.services import audit, events, receipts
from app.services.receipts import ReceiptQuery

blueprint = staff_pages("admin_receipts", __name__)

HEADER = (
    *("Number", "Issued", "Kind", "Corrects", "Buyer", "Email", "Booking", "Event"),
    *("Paid by", "Reference", "Settled", "Currency", "Amount", "Net", "Tax"),
    *("Tax 1", "Rate 1", "Amount 1", "Tax 2", "Rate 2", "Amount 2", "Code", "Place of supply"),
)


@blueprint.get("/receipts")
def index() -> Answer:
    query, event = _asked()
    page = receipts.list_receipts(query, after=request.args.get("after"))
    return render_template(
        "pages/admin/receipts.html",
        page=page,
        event=event,
        month=query.month,
        months=() if event else receipts.months(settings().zone),
    )


@blueprint.get("/receipts.csv")
def export() -> Answer:
    query, event = _asked()
    audit.note_export("CSV", receipts.count_receipts(query), event)
    parts = ["receipts", event.slug if event else "", f"{query.month:%Y-%m}" if query.month else ""]
    return csv_file("-".join(filter(None, parts)), HEADER, _rows(query))


@blueprint.get("/receipts/<id:receipt_id>")
def show(receipt_id: int) -> Answer:
    receipt = receipts.get_receipt(receipt_id)
    words = receipt_words(receipt, shown_email(receipt.buyer_email))
    return render_template("pages/admin/receipt.html", receipt=receipt, paper=words)


@blueprint.get("/receipts/<id:receipt_id>.pdf")
def pdf(receipt_id: int) -> Response:
    receipt = receipts.get_receipt(receipt_id)
    return receipt_files.receipt_pdf(receipt, shown_email(receipt.buyer_email))


def _asked() -> tuple[ReceiptQuery, Event | None]:
    """The receipts that the address names; a month that is none is as no month."""
    event_id = request.args.get("event", type=an_id)
    event = events.get_event(event_id, drafts=True) if event_id else None
    return ReceiptQuery(_month(), settings().zone, event_id), event


def _month() -> date | None:
    try:
        return datetime.strptime(request.args.get("month", ""), "%Y-%m").date()  # noqa: DTZ007
    except ValueError:
        return None


def _rows(query: ReceiptQuery) -> Iterator[tuple[object, ...]]:
    for receipt in receipts.iterate_receipts(query):
        yield _row(receipt)


def _row(receipt: Receipt) -> tuple[object, ...]:
    """Amounts of credit notes are negative, so that a column's sum is what stays."""
    facts, sign = receipt.facts, -1 if receipt.is_credit_note else 1

    def amount(minor: int) -> object:
        return to_amount(sign * minor, receipt.currency)

    taxes: list[object] = []
    for tax in facts["taxes"]:
        taxes += [tax["name"], tax["rate"], amount(tax["amount_minor"])]
    tax = facts["tax"] or {}
    return (
        receipt.name,
        receipt.issued_at,
        "credit note" if receipt.is_credit_note else "receipt",
        facts["receipt"]["number"] if receipt.is_credit_note else "",
        receipt.buyer_name,
        shown_email(receipt.buyer_email),
        facts["reference"],
        facts["event"]["name"],
        facts["provider"],
        facts["provider_ref"],
        receipt.settled_at,
        receipt.currency,
        amount(receipt.amount_minor),
        amount(receipt.net_minor),
        amount(receipt.tax_minor),
        *(taxes + [""] * 6)[:6],
        tax.get("code"),
        tax.get("place"),
    )
