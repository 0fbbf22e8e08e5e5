"""How a reservation is paid, on its ticket's page, and what its buyer says of the payment."""

from flask import flash
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import StringField
from wtforms.validators import DataRequired

from app.edge.current import payment_providers, settings
from app.edge.forms import Form, strip
from app.edge.htmx import Answer, go_to
from app.errors import BankReferenceTaken, InvalidField, NothingToPay
from app.models import Booking, PaymentProvider
from app.presenters.payment_ways import PaymentWays, payment_ways
from app.presenters.problems import problem_of
from app.services import paid_orders, payment_pages, payments
from app.web.ticket_links import TicketLinks


class BankReferenceForm(Form):
    bank_reference = StringField(
        filters=[strip],
        validators=[DataRequired(lazy_gettext("Enter the 12 digits of the UPI reference (UTR)."))],
    )


def ways_to_pay(booking: Booking) -> PaymentWays | None:
    """How the booking's order is paid; None if nothing is to be paid."""
    due = paid_orders.to_pay(booking)
    if due is None:
        return None
    found = settings()
    return payment_ways(
        due,
        booking.event,
        upi_address=found.upi_address,
        upi_name=found.upi_payee,
        online=payment_pages.offered(payment_providers(), due.currency, due.until),
    )


def announce(booking: Booking, here: TicketLinks) -> Answer:
    """Keep the bank's reference that the buyer gives."""
    form = BankReferenceForm()
    if not form.validate():
        flash(next(iter(form.errors.values()))[0], "error")
        return go_to(here.to("show"))
    try:
        payments.announce(booking.id, PaymentProvider.UPI, form.bank_reference.data)
    except InvalidField:
        flash(_("Enter the 12 digits of the UPI reference (UTR)."), "error")
    except (BankReferenceTaken, NothingToPay) as error:
        flash(problem_of(error).detail, "error")
    else:
        flash(_("Thank you. The organiser looks for your payment by this reference."), "done")
    return go_to(here.to("show"))
