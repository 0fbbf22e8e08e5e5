"""The email of the account behind a booking, changed for who can't prove a new one by a letter."""

from flask import Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.admin.booking_forms import AccountEmailForm
from app.admin.guard import staff_pages
from app.edge.htmx import Answer, go_to
from app.errors import AccountChanged, EmailTaken
from app.models import Booking, User
from app.presenters.problems import problem_of
from app.services import account_emails, accounts, booking_guests, bookings, outbox

blueprint = staff_pages("admin_booking_accounts", __name__)


@blueprint.get("/bookings/<id:booking_id>/account")
def edit(booking_id: int) -> Answer:
    booking, user = _looked_up(booking_id)
    return _page(booking, user, AccountEmailForm(formdata=None, seen_email=user.email))


@blueprint.post("/bookings/<id:booking_id>/account")
def update(booking_id: int) -> Answer:
    form = AccountEmailForm()
    booking, user = _looked_up(booking_id)
    if not form.validate():
        return _page(booking, user, form, 422)
    try:
        seen = form.seen_email.data
        user = account_emails.change_email(user.id, form.email.data, seen=seen)
    except AccountChanged:
        return _changed(booking_id, form)
    except EmailTaken as error:
        form.refuse("email", _taken(booking, problem_of(error).detail))
        return _page(booking, user, form, 409)
    flash(_("The account has the email %(email)s now.", email=user.email), "done")
    return go_to(url_for("admin_bookings.show", booking_id=booking_id))


def _looked_up(booking_id: int) -> tuple[Booking, User]:
    booking = bookings.get_booking(booking_id)
    return booking, accounts.get_user(booking.user_id)


def _changed(booking_id: int, form: AccountEmailForm) -> Answer:
    """Show the email that the account has by now beside what was typed: sent once more, it counts.

    The booking itself may be another account's by now.
    """
    booking, user = _looked_up(booking_id)
    form.seen_email.data = user.email
    form.refuse(
        "email",
        _(
            "Somebody else changed it meanwhile, to: %(email)s. Save again if yours is right.",
            email=user.email,
        ),
    )
    return _page(booking, user, form, 409)


def _taken(booking: Booking, told: str) -> Markup:
    """Offer what may have been meant: that this booking alone is another person's."""
    if not booking_guests.is_correctable(booking):
        return escape(told)
    correct = url_for("admin_booking_guests.edit", booking_id=booking.id)
    meant = _("Is this booking alone that person's? Correct its guest instead.")
    return Markup('{} <a href="{}">{}</a>').format(told, correct, meant)


def _page(booking: Booking, user: User, form: AccountEmailForm, status: int = 200) -> Response:
    page = render_template(
        "pages/admin/booking_account.html",
        booking=booking,
        user=user,
        form=form,
        correctable=booking_guests.is_correctable(booking),
        sends_mail=outbox.is_configured(),
    )
    return make_response(page, status)
