"""What receipts and credit notes say, written down once: no later change of names, settings or
bookings changes an issued one."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.config import Settings
from app.lib.taxes import Tax, credited, is_indian, tax_of
from app.models import Booking, Event, Payment, Receipt, Refund

Facts = dict[str, Any]
TypeNames = Mapping[tuple[int, int | None], str]
"""Names of ticket types by event and id; with the id None, the default one's."""


def receipt_of(payment: Payment, names: TypeNames, settings: Settings) -> Receipt:
    """The receipt of a payment, but for its number; the payment comes with booking, event, user."""
    booking = payment.booking
    event, tax = booking.event, _tax(booking.event, settings)
    taxes = [] if tax is None else _taxes(tax, [tax.part_of(payment.amount_minor)] * _parts(tax))
    facts = {
        "seller": {
            "name": settings.organiser_name,
            "address": settings.organiser_address,
            "email": settings.contact_email,
            "tax_number": settings.tax_number,
        },
        "time_zone": settings.time_zone,
        "event": _event(event),
        "reference": booking.reference,
        "provider": payment.provider,
        "provider_ref": payment.provider_ref,
        "settled_at": _iso(payment.paid_at),
        "lines": _lines(payment, names),
        "tax": None if tax is None else _facts_of(tax, event, settings),
        "taxes": taxes,
    }
    return Receipt(
        payment_id=payment.id,
        user_id=booking.user_id,
        event_id=booking.event_id,
        buyer_name=booking.guest_name or booking.user.name,
        buyer_email="" if booking.user.deleted_at else booking.user.email,
        amount_minor=payment.amount_minor,
        tax_minor=sum(one["amount_minor"] for one in taxes),
        currency=payment.currency,
        facts=facts,
    )


def credit_note_of(
    refund: Refund, receipt: Receipt, row: Booking, before: int, names: TypeNames
) -> Receipt:
    """The credit note of a refund, but for its number.

    `row` are the seats that it pays for, `before` what earlier notes of the receipt credit.
    """
    taxes = []
    if told := receipt.facts["tax"]:
        tax = Tax(tuple(told["names"]), told["bp"])
        taxes = _taxes(tax, [credited(tax, before, refund.amount_minor)] * _parts(tax))
    line = _line(row.seats, names.get((row.event_id, row.ticket_type_id), ""), refund.amount_minor)
    facts = {
        **receipt.facts,
        "provider_ref": refund.provider_ref,
        "settled_at": _iso(refund.done_at),
        "reason": refund.reason,
        "receipt": {"number": receipt.name, "issued_at": _iso(receipt.issued_at)},
        "lines": [line],
        "taxes": taxes,
    }
    return Receipt(
        payment_id=refund.payment_id,
        refund_id=refund.id,
        user_id=receipt.user_id,
        event_id=receipt.event_id,
        buyer_name=receipt.buyer_name,
        buyer_email=receipt.buyer_email,
        amount_minor=refund.amount_minor,
        tax_minor=sum(one["amount_minor"] for one in taxes),
        currency=refund.currency,
        facts=facts,
    )


def _tax(event: Event, settings: Settings) -> Tax | None:
    bp = settings.tax_bp if event.tax_bp is None else event.tax_bp
    if not settings.tax_name or not bp:
        return None
    return tax_of(settings.tax_name, bp, settings.tax_number, event.tax_place)


def _facts_of(tax: Tax, event: Event, settings: Settings) -> Facts:
    number = settings.tax_number
    of_india = is_indian(settings.tax_name, number)
    return {
        "name": settings.tax_name,
        "names": list(tax.names),
        "bp": tax.bp,
        "code": settings.tax_code,
        "place": (event.tax_place or number[:2]) if of_india else None,
    }


def _taxes(tax: Tax, amounts: Sequence[int]) -> list[Facts]:
    return [
        {"name": name, "rate": tax.each, "amount_minor": amount}
        for name, amount in zip(tax.names, amounts, strict=True)
    ]


def _parts(tax: Tax) -> int:
    return len(tax.names)


def _event(event: Event) -> Facts:
    return {
        "name": event.name,
        "place": event.place,
        "start_at": _iso(event.start_at),
        "time_zone": event.time_zone,
    }


def _lines(payment: Payment, names: TypeNames) -> list[Facts]:
    """A line for each ticket type and one for its fee; they add up to what was paid."""
    event_id = payment.booking.event_id
    lines = []
    for one in payment.seats_paid or ():
        seats, fee = one["seats"], one.get("fee_minor", 0)
        name = names.get((event_id, one["ticket_type_id"]), "")
        lines.append(_priced(seats, name, one["price_minor"] - fee))
        if fee:
            lines.append(_priced(seats, name, fee, is_fee=True))
    if sum(line["amount_minor"] for line in lines) != payment.amount_minor:
        # Of before it was noted what a payment paid for.
        return [_line(None, "", payment.amount_minor)]
    return lines


def _priced(seats: int, kind: str, price: int, *, is_fee: bool = False) -> Facts:
    return _line(seats, kind, seats * price, price, is_fee=is_fee)


def _line(
    seats: int | None, kind: str, amount: int, price: int | None = None, *, is_fee: bool = False
) -> Facts:
    facts = {"seats": seats, "type": kind, "price_minor": price, "amount_minor": amount}
    return {**facts, "is_fee": is_fee}


def _iso(at: Any) -> str:
    return str(at.isoformat())
