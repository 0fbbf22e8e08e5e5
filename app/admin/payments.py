"""Payments of an event's orders: those to come, and marking one as paid."""

from flask import Response, flash, make_response, render_template, request, url_for

from app.admin.guard import staff_pages
from app.admin.payment_forms import PaymentForm
from app.edge.current import desk, settings
from app.edge.forms import sentence
from app.edge.htmx import Answer, go_to
from app.errors import BankReferenceTaken, InvalidField, NothingToPay, WrongAmount
from app.models import Booking, PaymentProvider
from app.models.payment import ToPay
from app.presenters.problems import problem_of
from app.presenters.refund_words import taken_as
from app.services import (
    bookings,
    events,
    paid_orders,
    payment_figures,
    payment_lists,
    payments,
    receipts,
)

blueprint = staff_pages("admin_payments", __name__)


@blueprint.get("/events/<id:event_id>/payments")
def index(event_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    q = " ".join(request.args.get("q", "").split())[:100]
    after = request.args.get("after")
    came = "received" in request.args
    received = payment_lists.list_received(event_id, after=after) if came else None
    paid = [one.id for one in received.items] if received else []
    return render_template(
        "pages/admin/payments.html",
        event=event,
        came=came,
        page=received or payment_lists.list_to_come(event_id, q=q, after=after),
        q=q,
        receipts=receipts.of_payments(paid) if paid else {},
        money=payment_figures.money_of(event_id),
    )


@blueprint.get("/bookings/<id:booking_id>/payment")
def ask(booking_id: int) -> Answer:
    booking = bookings.get_booking(booking_id)
    due = paid_orders.to_pay(booking)
    return _page(booking, due, PaymentForm(formdata=None, data=_guess(booking, due)))


@blueprint.post("/bookings/<id:booking_id>/payment")
def record(booking_id: int) -> Answer:
    booking = bookings.get_booking(booking_id)
    due = paid_orders.to_pay(booking)
    form = PaymentForm(data={"currency": _currency(booking, due)})
    if not form.validate():
        return _page(booking, due, form, 422)
    try:
        recorded = payments.record_paid(
            desk(), booking_id, form.received, also_wrong=form.also_wrong.data
        )
    except InvalidField as error:
        form.refuse(error.field, sentence(error.message))
        return _page(booking, due, form, 422)
    except WrongAmount as error:
        form.refuse("amount", problem_of(error).detail)
        return _page(booking, due, form, 409)
    except (BankReferenceTaken, NothingToPay) as error:
        form.refuse("bank_reference", problem_of(error).detail)
        return _page(booking, due, form, 409)
    refund = recorded.refund
    flash(taken_as(refund.reason if refund else None), "error" if refund else "done")
    return go_to(url_for("admin_bookings.show", booking_id=booking_id))


def _guess(booking: Booking, due: ToPay | None) -> dict[str, object]:
    """What will probably be typed: the amount due, and the reference that the buyer gave."""
    by_upi = bool(settings().upi_address) or bool(due and due.bank_reference)
    return {
        "provider": PaymentProvider.UPI if by_upi else PaymentProvider.TRANSFER,
        "minor": due.amount_minor if due else None,
        "currency": _currency(booking, due),
        "bank_reference": due.bank_reference if due else "",
    }


def _currency(booking: Booking, due: ToPay | None) -> str:
    return due.currency if due else booking.currency


def _page(booking: Booking, due: ToPay | None, form: PaymentForm, status: int = 200) -> Response:
    page = render_template("pages/admin/payment.html", booking=booking, due=due, payment_form=form)
    return make_response(page, status)
