"""Payments of reserved orders, and money owed back, for programs of staff."""

from typing import Any

from flask import Response

from app.api.body import api_blueprint
from app.api.fields import Payload
from app.api.payment_schemas import (
    MoneyOut,
    OwedOut,
    PaymentFiguresOut,
    PaymentIn,
    PaymentOut,
    PaymentsOut,
    PaymentsToComeOut,
    PaymentsToComeQuery,
    PaymentToComeOut,
    RefundOut,
    RefundsOut,
    RefundsQuery,
)
from app.api.present import json_response, page_response
from app.api.schemas import PagingQuery
from app.api.spec import STAFF, answers, valid
from app.edge.current import desk
from app.models import Booking, Payment, Refund, RefundState
from app.models.staff_scope import shown_email
from app.presenters.guests import guest_name
from app.services import audit, events, payment_figures, payment_lists, payments, refunds
from app.services.payment_lists import OrderToCome
from app.services.payments import Received

blueprint = api_blueprint("admin_payments", __name__)


@blueprint.get("/admin/events/<id:event_id>/payments-to-come")
@valid(
    answers(401, 404, HTTP_200=PaymentsToComeOut),
    query=PaymentsToComeQuery,
    operation_id="listPaymentsToCome",
    **STAFF,
)
def list_to_come(event_id: int, query: PaymentsToComeQuery) -> Response:
    """List the orders that wait for a payment, the oldest first

    Those whose time is over are among them if their guest gave a bank reference, or if they are
    searched.
    """
    page = payment_lists.list_to_come(event_id, q=query.q, limit=query.limit, after=query.after)
    if page.items:
        audit.note_export("API", len(page.items), page.items[0].booking.event)
    return page_response(PaymentsToComeOut([_to_come(one) for one in page.items]), page)


@blueprint.get("/admin/events/<id:event_id>/payments")
@valid(
    answers(401, 404, HTTP_200=PaymentsOut),
    query=PagingQuery,
    operation_id="listPayments",
    **STAFF,
)
def list_payments(event_id: int, query: PagingQuery) -> Response:
    """List the payments that have come for an event, the newest first"""
    page = payment_lists.list_received(event_id, limit=query.limit, after=query.after)
    return page_response(PaymentsOut([_payment(one) for one in page.items]), page)


@blueprint.get("/admin/events/<id:event_id>/payment-figures")
@valid(answers(401, 404, HTTP_200=PaymentFiguresOut), operation_id="getPaymentFigures", **STAFF)
def get_figures(event_id: int) -> Response:
    """Sum an event's money: booked, to come, paid, refunded, owed, kept"""
    event = events.get_event(event_id, drafts=True)
    own, *others = payment_figures.money_of(event_id).items()
    return json_response(
        PaymentFiguresOut(
            currency=event.currency,
            other_currencies={code: MoneyOut.model_validate(sums) for code, sums in others},
            **own[1]._asdict(),
        )
    )


@blueprint.post("/admin/bookings/<id:booking_id>/payments")
@valid(
    answers(400, 401, 404, 409, 413, 415, 503, HTTP_200=PaymentOut),
    body=PaymentIn,
    operation_id="recordPayment",
    **STAFF,
)
def record_payment(booking_id: int, body: PaymentIn) -> Response:
    """Record a payment that has come for a booking

    It confirms all bookings of the order. Money for an order whose time is over takes its seats
    anew, if there are any; money for one that is paid or cancelled, or whose seats are gone, is
    owed back, as `refunds` says. Sent again with the same reference, it changes nothing.
    """
    received = Received(
        body.provider, body.amount_minor, body.currency, body.bank_reference or None
    )
    recorded = payments.record_paid(desk(), booking_id, received, also_wrong=body.also_wrong)
    return json_response(_payment(payment_lists.get_payment(recorded.payment.id)))


@blueprint.get("/admin/refunds")
@valid(answers(401, HTTP_200=RefundsOut), query=RefundsQuery, operation_id="listRefunds", **STAFF)
def list_refunds(query: RefundsQuery) -> Response:
    """List money that is owed back, or was paid back, the newest first"""
    page = payment_lists.list_refunds(
        event_id=query.event_id,
        state=RefundState(query.state),
        limit=query.limit,
        after=query.after,
    )
    if page.items:
        event = page.items[0].payment.booking.event if query.event_id else None
        audit.note_export("API", len(page.items), event)
    return page_response(RefundsOut([_owed(one) for one in page.items]), page)


@blueprint.post("/admin/refunds/<id:refund_id>/paid-back")
@valid(answers(401, 404, 409, 503, HTTP_200=RefundOut), operation_id="markPaidBack", **STAFF)
def mark_paid_back(refund_id: int) -> Response:
    """Note that money was paid back

    Its guest is told. Sent again, it changes nothing. 409 while its payment provider is just paying
    it back by itself.
    """
    return json_response(_refund(refunds.mark_paid_back(refund_id)))


def _to_come(one: OrderToCome) -> PaymentToComeOut:
    return PaymentToComeOut(
        booking_id=one.booking.id,
        reference=one.reference,
        amount_minor=one.order.amount_minor,
        currency=one.order.currency,
        reserved_until=one.booking.reserved_until,
        is_reserved=one.order.is_reserved,
        bank_reference=one.bank_reference,
        **_guest(one.booking),
    )


def _payment(payment: Payment) -> PaymentOut:
    return PaymentOut(
        id=payment.id,
        booking_id=payment.booking_id,
        reference=payment.booking.reference,
        provider=payment.provider,
        bank_reference=payment.provider_ref,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        paid_at=payment.paid_at,
        refunds=[_refund(one) for one in payment.refunds],
        kept_minor=payment.kept_minor,
    )


def _refund(refund: Refund) -> RefundOut:
    return RefundOut(**_facts(RefundOut, refund))


def _owed(refund: Refund) -> OwedOut:
    booking = refund.payment.booking
    return OwedOut(
        **_facts(RefundOut, refund),
        booking_id=booking.id,
        reference=booking.reference,
        provider=refund.payment.provider,
        bank_reference=refund.payment.provider_ref,
        waits_until=refund.waits_until,
        refusal=refund.refusal,
        **_guest(booking),
    )


def _facts(of: type[Payload], thing: Any) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in of.model_fields}


def _guest(booking: Booking) -> dict[str, Any]:
    return {"guest": guest_name(booking), "user_email": shown_email(booking.user.email)}
