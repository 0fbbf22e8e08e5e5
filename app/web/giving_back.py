"""Giving seats back, by the form on a ticket's page: of an account, or by its secret address."""

from collections.abc import Callable

from flask import flash
from flask_babel import gettext as _
from flask_babel import ngettext

from app.edge.current import desk
from app.edge.forms import CancellationForm
from app.edge.htmx import Answer, go_to
from app.errors import CancellationClosed, EventCancelled, InvalidField, RefundChanged, SeatsAreIn
from app.models import Booking
from app.presenters.problems import problem_of
from app.services import bookings
from app.web.ticket_links import TicketLinks


def give_back(
    find: Callable[[], Booking],
    links: Callable[[Booking], TicketLinks],
    ask_again: Callable[[Booking, str, int], Answer],
    *,
    by_user: int | None = None,
) -> Booking | Answer:
    """Give back the seats that the form says; returns the booking, or what tells why not.

    `find` returns the booking as it is now. `ask_again` shows the form anew, with a sentence and a
    status. `by_user` limits it to that user's bookings.
    """
    booking, form = find(), CancellationForm()
    if not form.validate():
        return ask_again(booking, next(iter(form.errors.values()))[0], 422)
    try:
        seen = form.seen_refund(booking)
        return bookings.cancel(
            desk(), booking.id, by_user=by_user, keep=form.keep, seen_refund=seen
        )
    except RefundChanged as error:
        return ask_again(find(), problem_of(error).detail, 409)
    except (CancellationClosed, EventCancelled, SeatsAreIn) as error:
        flash(problem_of(error).detail, "error")
        return go_to(links(booking).to("show"))
    except InvalidField:
        message = _("Some of these seats were given back meanwhile. Please choose again.")
        return ask_again(find(), message, 422)


def told_of(booking: Booking) -> str:
    """Return what is said after seats were given back."""
    done: str = _("Done. You have given back all seats of this booking.")
    if booking.takes_seats:
        done = ngettext(
            "Done. You keep %(num)d seat.", "Done. You keep %(num)d seats.", booking.seats
        )
    return done
