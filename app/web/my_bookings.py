"""The visitor's bookings: list, tickets and cancellation."""

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for

from app.edge.calendar_files import calendar_file
from app.edge.headers import never_stored
from app.edge.htmx import Answer, go_to, is_htmx
from app.edge.session import Question, answer_along, ask_along, signed_in_user
from app.models import Booking
from app.models.columns import now
from app.presenters.icalendars import booking_calendar
from app.services import bookings, seat_refunds, user_bookings
from app.services.user_bookings import Tab
from app.web import giving, giving_back, online_payments, paying
from app.web.kept_tickets import kept_in_browser
from app.web.payments_due import tell_payment
from app.web.receipts import receipt_file, receipts_page
from app.web.shared_tickets import bookings_page, ticket_page
from app.web.ticket_files import (
    apple_wallet_file,
    google_wallet_seats,
    ticket_pdf,
    to_google_wallet,
)
from app.web.ticket_links import of_account

blueprint = Blueprint("my_bookings", __name__)
blueprint.after_request(never_stored)
PER_PAGE = 20


@blueprint.get("/bookings")
def index() -> Answer:
    tab = _shown_tab()
    user = signed_in_user()
    page, counts = user_bookings.list_tab(
        user.id, tab, limit=PER_PAGE, after=request.args.get("after"), known=answer_along()
    )
    return bookings_page(page, tab, counts)


def _of_tab() -> Question | None:
    if request.args.get("after"):
        return None
    return user_bookings.question_of_tab(_shown_tab(), PER_PAGE)


ask_along("my_bookings.index", _of_tab)


@blueprint.get("/bookings/<id:booking_id>")
def show(booking_id: int) -> Answer:
    booking = _mine(booking_id)
    return kept_in_browser(ticket_page(booking, of_account), booking)


@blueprint.get("/bookings/<id:booking_id>/payment")
def payment(booking_id: int) -> Answer:
    booking = _mine(booking_id)
    return tell_payment(booking, of_account(booking))


@blueprint.post("/bookings/<id:booking_id>/payment")
def announce_payment(booking_id: int) -> Answer:
    booking = _mine(booking_id)
    return paying.announce(booking, of_account(booking))


@blueprint.post("/bookings/<id:booking_id>/payment/<provider>")
def pay_online(booking_id: int, provider: str) -> Answer:
    booking = _mine(booking_id)
    return online_payments.pay(booking, of_account(booking), provider)


@blueprint.get("/bookings/<id:booking_id>/calendar.ics")
def calendar(booking_id: int) -> Answer:
    booking, given_back = _mine(booking_id), bookings.given_back(booking_id)
    ticket = of_account(booking).to("show", _external=True)
    return calendar_file(f"{booking.event.slug}.ics", booking_calendar(booking, given_back, ticket))


@blueprint.get("/bookings/<id:booking_id>/ticket.pdf")
def pdf(booking_id: int) -> Answer:
    return ticket_pdf(_mine(booking_id))


@blueprint.get("/bookings/<id:booking_id>/receipts")
def receipts(booking_id: int) -> Answer:
    booking = _mine(booking_id)
    return receipts_page(booking, of_account(booking))


@blueprint.get("/bookings/<id:booking_id>/receipts/<id:receipt_id>.pdf")
def receipt_pdf(booking_id: int, receipt_id: int) -> Answer:
    return receipt_file(_mine(booking_id), receipt_id)


@blueprint.get("/bookings/<id:booking_id>/apple-wallet")
def apple_pass(booking_id: int) -> Answer:
    return apple_wallet_file(_mine(booking_id))


@blueprint.get("/bookings/<id:booking_id>/google-wallet")
def google_passes(booking_id: int) -> Answer:
    return google_wallet_seats(_mine(booking_id), of_account)


@blueprint.get("/bookings/<id:booking_id>/google-wallet/<id:seat>")
def google_pass(booking_id: int, seat: int) -> Answer:
    return to_google_wallet(_mine(booking_id), seat)


@blueprint.get("/bookings/<id:booking_id>/cancellation")
def confirm_cancellation(booking_id: int) -> Answer:
    return _confirm(_mine(booking_id))


@blueprint.post("/bookings/<id:booking_id>/cancellation")
def cancel(booking_id: int) -> Answer:
    user_id = signed_in_user().id
    given = giving_back.give_back(lambda: _mine(booking_id), of_account, _confirm, by_user=user_id)
    return _cancelled(_mine(booking_id)) if isinstance(given, Booking) else given


@blueprint.get("/bookings/<id:booking_id>/gifts")
def gifts(booking_id: int) -> Answer:
    return giving.giving_page(_mine(booking_id), of_account)


@blueprint.post("/bookings/<id:booking_id>/gifts")
def give(booking_id: int) -> Answer:
    return giving.give(_mine(booking_id), of_account, lambda: _mine(booking_id))


@blueprint.post("/bookings/<id:booking_id>/gifts/<id:gift_id>/taken-back")
def take_back(booking_id: int, gift_id: int) -> Answer:
    return giving.take_back(_mine(booking_id), gift_id, of_account)


def _mine(booking_id: int) -> Booking:
    return bookings.get_booking(booking_id, of_user=signed_in_user().id)


def _confirm(booking: Booking, error: str | None = None, status: int = 200) -> Response:
    inline = is_htmx() and booking.can_be_given_back(now())
    template = "fragments/booking_confirm.html" if inline else "pages/cancellation.html"
    page = render_template(
        template,
        booking=booking,
        links=of_account,
        now=now(),
        error=error,
        quote=seat_refunds.quote(booking),
        shown_tab=_shown_tab(),
    )
    return make_response(page, status)


def _cancelled(booking: Booking) -> Answer:
    message = giving_back.told_of(booking)
    if is_htmx():
        counts = user_bookings.count_by_tab(booking.user_id)
        return render_template(
            "fragments/booking_cancelled.html",
            booking=booking,
            links=of_account,
            counts=counts,
            told=message,
            now=now(),
            shown_tab=_shown_tab(),
        )
    flash(message, "done")
    tab = Tab.UPCOMING if booking.takes_seats else Tab.CANCELLED
    return go_to(url_for("my_bookings.index", show=tab))


def _shown_tab() -> Tab:
    """The tab on which a booking's row is shown, in the query or in the form."""
    chosen = request.values.get("show", "")
    return Tab(chosen) if chosen in set(Tab) else Tab.UPCOMING
