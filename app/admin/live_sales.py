"""The on-sale console: an event's live stats, pausing sales, and holding seats back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.admin import event_saving
from app.admin.forms import HoldForm, ReleaseForm
from app.admin.guard import staff_pages
from app.edge.current import desk
from app.edge.exports import csv_file
from app.edge.htmx import Answer, go_to
from app.errors import InvalidField, VersionConflict
from app.models import Event
from app.presenters.charts import bar_chart, step_chart
from app.services import events, live_sales, payment_figures, payment_lists, ticket_types
from app.services.live_sales import LiveSales
from app.services.reservations import seats_reserved

blueprint = staff_pages("admin_live_sales", __name__)

HEADER = (
    *("second", "bookings", "seats", "repeated", "sold_out", "refused", "told_to_come_back"),
    *("failed", "seats_left"),
)


@blueprint.get("/events/<id:event_id>/console")
def show(event_id: int) -> Answer:
    return _page(live_sales.watch(event_id, desk()))


@blueprint.get("/events/<id:event_id>/console/figures")
def figures(event_id: int) -> Answer:
    """The live figures, polled by the page each second."""
    found = live_sales.watch(event_id, desk())
    return render_template("fragments/live_sales_figures.html", swap=True, **_shown(found))


@blueprint.get("/events/<id:event_id>/console.csv")
def export(event_id: int) -> Answer:
    found = live_sales.watch(event_id, desk())
    return csv_file(f"on-sale-{found.event.slug}", HEADER, list(_rows(found)))


@blueprint.post("/events/<id:event_id>/pause")
def pause(event_id: int) -> Answer:
    return _pause(event_id, True, _("Sales are paused: nobody can book."))


@blueprint.post("/events/<id:event_id>/resumption")
def resume(event_id: int) -> Answer:
    return _pause(event_id, False, _("Sales go on."))


def _pause(event_id: int, paused: bool, told: str) -> Answer:
    return event_saving.save(
        event_id, {"sales_paused": paused}, told, alone="admin_live_sales.show"
    )


@blueprint.post("/events/<id:event_id>/held-seats")
def hold(event_id: int) -> Answer:
    return _hold(event_id, HoldForm())


@blueprint.post("/events/<id:event_id>/released-seats")
def release(event_id: int) -> Answer:
    return _hold(event_id, ReleaseForm())


def _hold(event_id: int, form: HoldForm) -> Answer:
    if not form.validate():
        return _refused_page(event_id, form, 422)
    try:
        event = events.hold_seats(event_id, form.held, desk(), seen=form.seen.data)
    except InvalidField as error:
        form.refuse("seats", _("The number held back %(message)s.", message=error.message))
        return _refused_page(event_id, form, 422)
    except VersionConflict:
        form.refuse("seats", _("Seats were held or released meanwhile. Look again, then choose."))
        return _refused_page(event_id, form, 409)
    held = event.seats_held
    flash(ngettext("%(num)d seat is held back now.", "%(num)d seats are held back now.", held))
    return _to_console(event)


def _to_console(event: Event) -> Response:
    return go_to(url_for("admin_live_sales.show", event_id=event.id))


def _refused_page(event_id: int, form: HoldForm, status: int) -> Response:
    found = live_sales.watch(event_id, desk())
    form.seen.data = found.event.seats_held
    return _page(found, form, status)


def _page(found: LiveSales, refused: HoldForm | None = None, status: int = 200) -> Response:
    forms = {
        kind: refused if type(refused) is kind else kind(formdata=None, seen=found.event.seats_held)
        for kind in (HoldForm, ReleaseForm)
    }
    page = render_template(
        "pages/admin/live_sales.html",
        hold=forms[HoldForm],
        release=forms[ReleaseForm],
        rows=list(_rows(found)),
        by_type=ticket_types.sales_by_type(found.event.id) if found.event.has_types else (),
        sent_from=payment_lists.sent_from(found.event.id),
        money=payment_figures.by_event([found.event.id]).get(found.event.id),
        **_shown(found),
    )
    return make_response(page, status)


def _shown(found: LiveSales) -> dict[str, Any]:
    times = [_clock(sample.at, found) for sample in found.samples]
    booked = [sample.booked for sample in found.samples]
    return {
        "console": found,
        "event": found.event,
        "reserved": seats_reserved([found.event.id]) if found.event.next_expiry_at else {},
        "rate_chart": bar_chart(list(zip(times, booked, strict=True))),
        "left_chart": step_chart(list(zip(times, found.seats_left, strict=True))),
    }


def _clock(second: int, found: LiveSales) -> str:
    return datetime.fromtimestamp(second, found.event.zone).strftime("%H:%M:%S")


def _rows(found: LiveSales) -> Iterator[tuple[Any, ...]]:
    """Rows for the seconds in which something happened."""
    for sample, left in zip(found.samples, found.seats_left, strict=True):
        counted = (sample.booked, sample.seats, sample.replayed, sample.sold_out, sample.refused)
        if any((*counted, sample.busy, sample.failed)):
            at = datetime.fromtimestamp(sample.at, UTC)
            yield at, *counted, sample.busy, sample.failed, left
