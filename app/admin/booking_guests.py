"""The guest of a booking, whose name or email was mistyped."""

from flask import Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from app.admin.booking_forms import GuestForm
from app.admin.guard import staff_pages
from app.edge.current import desk
from app.edge.htmx import Answer, go_to
from app.errors import BookingChanged, OverPersonLimit
from app.models import Booking, BookingState
from app.presenters.problems import problem_of
from app.services import booking_guests, bookings, outbox

blueprint = staff_pages("admin_booking_guests", __name__)


@blueprint.get("/bookings/<id:booking_id>/guest")
def edit(booking_id: int) -> Answer:
    booking = bookings.get_booking(booking_id)
    booking_guests.check_correctable(booking)
    email, name = booking_guests.guest_of(booking)
    form = GuestForm(formdata=None, email=email, name=name, seen_email=email, seen_name=name)
    return _page(booking, form)


@blueprint.post("/bookings/<id:booking_id>/guest")
def update(booking_id: int) -> Answer:
    booking, form = bookings.get_booking(booking_id), GuestForm()
    if not form.validate():
        return _page(booking, form, 422)
    version = booking.address_version
    try:
        booking = booking_guests.change_guest(desk(), booking_id, form.change)
    except BookingChanged:
        return _changed(booking_id, form)
    except OverPersonLimit as error:
        form.refuse("email", problem_of(error).detail)
        return _page(bookings.get_booking(booking_id), form, 409)
    flash(_done(booking, moved=booking.address_version != version), "done")
    return go_to(url_for("admin_bookings.show", booking_id=booking_id))


def _changed(booking_id: int, form: GuestForm) -> Answer:
    """Show what is known by now beside what was typed: sent once more, it counts."""
    booking = bookings.get_booking(booking_id)
    booking_guests.check_correctable(booking)
    email, name = booking_guests.guest_of(booking)
    form.seen_email.data, form.seen_name.data = email, name
    now_for = _("%(name)s, %(email)s", name=name, email=email) if name else email
    form.refuse(
        "email",
        _(
            "Somebody else corrected it meanwhile, to: %(guest)s. Save again if yours is right.",
            guest=now_for,
        ),
    )
    return _page(booking, form, 409)


def _done(booking: Booking, *, moved: bool) -> str:
    if not moved:
        return str(_("Saved."))
    if outbox.is_configured() and booking.state == BookingState.CONFIRMED:
        return str(_("Saved. The ticket is on its way to %(email)s.", email=booking.user.email))
    if outbox.is_configured() and booking.is_reserved:
        return str(_("Saved. How to pay is on its way to %(email)s.", email=booking.user.email))
    return str(_("Saved. The ticket has a new link: hand it over, the former one opens nothing."))


def _page(booking: Booking, form: GuestForm, status: int = 200) -> Response:
    page = render_template(
        "pages/admin/booking_guest.html",
        booking=booking,
        form=form,
        sends_mail=outbox.is_configured()
        and booking.state in (BookingState.CONFIRMED, BookingState.RESERVED),
    )
    return make_response(page, status)
