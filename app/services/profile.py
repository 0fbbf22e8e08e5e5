"""A user's own account: change it and export its data; `account_deletion` ends it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from app.db import db, transaction
from app.models import Booking, Payment, Receipt, Voucher
from app.services import accounts, api_tokens, receipts, sign_ins, user_bookings, vouchers


def rename(user_id: int, name: str) -> None:
    """Change the user's name. Raises `UserNotFound`."""
    with transaction() as session:
        accounts.locked_user(session, user_id).name = name


def change_email(user_id: int, email: str, password: str) -> None:
    """Change the user's email. Raises `WrongCredentials`, `EmailTaken`."""
    accounts.confirm_password(user_id, password)
    with accounts.refusing_a_taken_email(), transaction() as session:
        accounts.locked_user(session, user_id).email = email


def change_password(
    user_id: int, current: str, new: str, *, keep: str | None = None, end_tokens: bool = False
) -> int:
    """Change the password and end all sign-ins but the one whose token is `keep`: one of them may
    be a thief's. With `end_tokens`, also revoke the API tokens.

    Returns how many tokens were revoked. Raises `WrongCredentials`, `InvalidField`.
    """
    accounts.confirm_password(user_id, current)
    hashed = accounts.hash_password(new)
    with transaction() as session:
        accounts.locked_user(session, user_id).password_hash = hashed
        ended = api_tokens.end_all_of(session, user_id) if end_tokens else 0
    sign_ins.end_all_of(user_id, keep=keep)
    return ended


def sign_out_everywhere(user_id: int, *, end_tokens: bool = False) -> int:
    """End all sign-ins; with `end_tokens`, revoke the API tokens and return how many."""
    with transaction() as session:
        ended = api_tokens.end_all_of(session, user_id) if end_tokens else 0
    sign_ins.end_all_of(user_id)
    return ended


def make_api_token(user_id: int, name: str, password: str) -> str:
    """Create an API token and return its secret.

    Asks for the password, as an unattended signed-in browser must not be enough. Raises
    `WrongCredentials`.
    """
    accounts.confirm_password(user_id, password)
    _token, secret = api_tokens.create_api_token(user_id, name)
    return secret


def export(user_id: int) -> dict[str, Any]:
    """All data stored about the user, ready for JSON, without secrets."""
    user, bookings = accounts.get_user(user_id), user_bookings.all_of(user_id)
    codes = vouchers.codes_used(bookings)
    return {
        "user": {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "created_at": _iso(user.created_at),
        },
        "bookings": [_booking_facts(booking, codes) for booking in bookings],
        "payments": [_payment_facts(payment) for payment in _payments_of(user_id)],
        "codes": [
            _voucher_facts(voucher, event) for voucher, event in vouchers.for_person(user.email)
        ],
        "receipts": [_receipt_facts(receipt) for receipt in receipts.issued_to(user_id)],
        "api_tokens": [
            {
                "name": token.name,
                "last_four": token.last_four,
                "created_at": _iso(token.created_at),
                "last_used_at": _iso(token.last_used_at),
            }
            for token in api_tokens.list_api_tokens(user_id)
        ],
        "sign_ins": [
            {"created_at": _iso(row.created_at), "expires_at": _iso(row.expires_at)}
            for row in sign_ins.list_of(user_id)
        ],
    }


def _booking_facts(booking: Booking, codes: Mapping[int, str]) -> dict[str, Any]:
    # A seat that a friend gave was booked with a code of the friend's.
    used_here = booking.voucher_order == (booking.order_reference or booking.reference)
    return {
        "reference": booking.reference,
        "event": booking.event.name,
        "event_start_at": _iso(booking.event.start_at),
        "guest_name": booking.guest_name,
        "ticket_type": booking.ticket_type_name or None,
        "seats": booking.seats,
        "seats_given_away": booking.seats_given_away,
        "price_minor": booking.price_minor,
        "fee_minor": booking.fee_minor,
        "currency": booking.currency,
        "code": codes.get(booking.voucher_id or 0) if used_here else None,
        "payment_note": booking.event.payment_note,
        "issued_for": booking.issued_for,
        "status": booking.status,
        "state": booking.state.value,
        "created_at": _iso(booking.created_at),
        "reserved_until": _iso(booking.reserved_until),
        "paid_at": _iso(booking.paid_at),
        "cancelled_at": _iso(booking.cancelled_at),
    }


def _receipt_facts(receipt: Receipt) -> dict[str, Any]:
    return {
        "number": receipt.name,
        "issued_at": _iso(receipt.issued_at),
        "buyer_name": receipt.buyer_name,
        "buyer_email": receipt.buyer_email,
        "amount_minor": receipt.amount_minor,
        "currency": receipt.currency,
        "facts": receipt.facts,
    }


def _payments_of(user_id: int) -> Sequence[Payment]:
    query = select(Payment).join(Payment.booking).where(Booking.user_id == user_id)
    query = query.options(contains_eager(Payment.booking), selectinload(Payment.refunds))
    return db.session.scalars(query.order_by(Payment.id)).all()


def _payment_facts(payment: Payment) -> dict[str, Any]:
    return {
        "booking": payment.booking.reference,
        "provider": payment.provider,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "state": payment.state,
        "reference": payment.provider_ref,
        "bank_reference": payment.bank_reference,
        "paid_at": _iso(payment.paid_at),
        "refunds": [
            {
                "amount_minor": refund.amount_minor,
                "currency": refund.currency,
                "state": refund.state,
                "reason": refund.reason,
                "done_at": _iso(refund.done_at),
            }
            for refund in payment.refunds
        ],
    }


def _voucher_facts(voucher: Voucher, event: str) -> dict[str, Any]:
    return {
        "code": voucher.code,
        "event": event,
        "note": voucher.note,
        "max_uses": voucher.max_uses,
        "used": voucher.used,
        "valid_until": _iso(voucher.valid_until),
        "withdrawn": voucher.withdrawn,
        "created_at": _iso(voucher.created_at),
    }


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
