"""A gift's page: whoever has its secret address may accept the seat, by a button.

To open the address accepts nothing: programs that look for viruses open it, too.
"""

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.edge import rate_limits
from app.edge.current import desk
from app.edge.guest_tickets import keep_ticket, kept_tickets
from app.edge.headers import never_passed_on
from app.edge.htmx import Answer, go_to
from app.edge.session import current_user
from app.errors import GiftClosed, GiftNotFound, OverPersonLimit
from app.models import Booking, Gift, GiftState
from app.models.columns import now
from app.presenters.problems import problem_of
from app.presenters.ticket_addresses import ticket_secret
from app.services import gifts, outbox
from app.web.forms import AcceptForm

blueprint = Blueprint("gifts", __name__)
blueprint.after_request(never_passed_on)


@blueprint.get("/gifts/<gift_secret>")
def show(gift_secret: str) -> Answer:
    gift, user = _opened(gift_secret), current_user()
    if gift.state == GiftState.ACCEPTED and (there := _own_ticket(gift.booking)):
        return go_to(there)
    facts = {"name": user.display_name, "email": user.email} if user else {}
    return _page(gift, AcceptForm(formdata=None, **facts))


@blueprint.post("/gifts/<gift_secret>")
def accept(gift_secret: str) -> Answer:
    gift, form = _opened(gift_secret), AcceptForm()
    if not form.validate():
        return _page(gift, form, 422)
    email = form.email.data or ""
    rate_limits.guest_booking(email or str(gift.booking_id), request.remote_addr)
    try:
        booking = gifts.accept(desk(), gift.booking_id, name=form["name"].data, email=email)
    except GiftClosed:
        return go_to(url_for("gifts.show", gift_secret=gift_secret))
    except OverPersonLimit as error:
        # As for a guest who books: who names an email is not told what it has.
        error.held = None
        form.refuse("email", problem_of(error).detail)
        return _page(gift, form, 409)
    keep_ticket(ticket_secret(booking))
    return go_to(_own_ticket(booking, new=1) or url_for("gifts.show", gift_secret=gift_secret))


def _own_ticket(booking: Booking, **values: int) -> str | None:
    """The address of the friend's ticket, in the browser where they accepted it or are signed in;
    None for anybody else, as the giver."""
    user = current_user()
    if user and user.id == booking.user_id:
        return url_for("my_bookings.show", booking_id=booking.id, **values)  # type: ignore[arg-type]
    secret = ticket_secret(booking)
    if secret not in kept_tickets():
        return None
    return url_for("tickets.show", secret=secret, **values)  # type: ignore[arg-type]


def _opened(secret: str) -> Gift:
    """The secret's gift; wrong secrets are counted as wrong keys are."""
    try:
        return gifts.find_gift(secret)
    except GiftNotFound:
        rate_limits.wrong_key(request.remote_addr)
        raise


def _page(gift: Gift, form: AcceptForm, status: int = 200) -> Response:
    page = render_template(
        "pages/gift.html",
        gift=gift,
        form=form,
        closed=_why_closed(gift),
        sends_mail=outbox.is_configured(),
    )
    return make_response(page, status)


def _why_closed(gift: Gift) -> GiftClosed | None:
    try:
        gifts.check_waits(gift, now())
    except GiftClosed as error:
        return error
    return None
