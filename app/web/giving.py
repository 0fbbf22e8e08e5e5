"""Giving a seat to a friend: pages of the giver's, by account or by the ticket's secret address."""

from collections.abc import Callable
from typing import NamedTuple

from flask import Response, flash, make_response, render_template, request
from flask_babel import gettext as _

from app.edge import rate_limits
from app.edge.current import desk
from app.edge.forms import GiftForm
from app.edge.htmx import Answer, go_to
from app.errors import GiftClosed, GiftNotFound, NotGivable
from app.models import Booking, Gift, GiftState
from app.models.columns import now
from app.presenters.gift_addresses import gift_url
from app.presenters.problems import problem_of
from app.services import gifts
from app.web.ticket_links import TicketLinks

Links = Callable[[Booking], TicketLinks]


class ShownGift(NamedTuple):
    gift: Gift
    address: str | None
    """The secret one, to be handed over; None once it gives no seat any more."""


def shown_gifts(booking: Booking) -> list[ShownGift]:
    """Return the seats that were given out of the booking, with what their giver may see."""
    return [
        ShownGift(gift, gift_url(gift) if gift.state == GiftState.WAITING else None)
        for gift in gifts.list_gifts(booking)
    ]


def giving_page(booking: Booking, links: Links, error: str = "", status: int = 200) -> Response:
    page = render_template(
        "pages/giving.html",
        booking=booking,
        links=links,
        gifts=shown_gifts(booking),
        error=error,
        now=now(),
    )
    return make_response(page, status)


def give(booking: Booking, links: Links, read: Callable[[], Booking]) -> Answer:
    """Give the seat that the form names, and show the ticket with its link.

    `read` returns the booking anew.
    """
    form = GiftForm()
    if not form.validate():
        return giving_page(booking, links, _("Please try again."), 422)
    rate_limits.giving(booking.id, request.remote_addr)
    try:
        gifts.give(desk(), booking.id, seat=form.seat.data)
    except NotGivable as error:
        return giving_page(read(), links, problem_of(error).detail, 409)
    # The ticket, which has the link now: a browser that keeps it for where there is no network
    # (ADR 94) forgets the old code so.
    return go_to(links(booking).to("show", _anchor="gifts"))


def take_back(booking: Booking, gift_id: int, links: Links) -> Answer:
    try:
        gifts.take_back(desk(), booking.id, gift_id)
    except (GiftClosed, GiftNotFound) as error:
        flash(problem_of(error).detail, "error")
    else:
        flash(_("Done. The seat is yours again, and the link you gave is dead."), "done")
    return go_to(links(booking).to("show"))
