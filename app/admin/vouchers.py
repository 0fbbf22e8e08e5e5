"""Vouchers of an event: list and search, make one or many, change, withdraw, export."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.admin.guard import staff_pages
from app.admin.voucher_forms import VoucherChangeForm, VoucherForm
from app.edge.current import desk
from app.edge.exports import csv_file
from app.edge.forms import sentence
from app.edge.htmx import Answer, go_to
from app.errors import IdempotencyKeyReused, InvalidField, VersionConflict
from app.lib.money import to_amount
from app.models import Event, PriceEffect, Voucher
from app.models.columns import now
from app.models.staff_scope import shown_email
from app.presenters.urls import event_url
from app.services import audit, events, holds, ticket_types, voucher_making, vouchers

blueprint = staff_pages("admin_vouchers", __name__)

HEADER = (
    *("Code", "Link", "Used", "Uses", "Effect", "Value", "Ticket type", "Hold", "Email"),
    *("Good until", "Note", "Withdrawn", "Made"),
)
MAX_SEARCH = 100


@blueprint.get("/events/<id:event_id>/vouchers")
def index(event_id: int) -> Answer:
    return _page(event_id, None)


@blueprint.post("/events/<id:event_id>/vouchers")
def create(event_id: int) -> Answer:
    form = _form(event_id)
    if not form.validate():
        return _page(event_id, form, 422)
    try:
        _make(event_id, form)
    except InvalidField as error:
        _refuse(form, error)
        return _page(event_id, form, 422)
    except IdempotencyKeyReused:
        form.refuse("count", _("These were made already. Send it again to make others."))
        form.idempotency_key.data = secrets.token_urlsafe(24)
        return _page(event_id, form, 422)
    return go_to(url_for("admin_vouchers.index", event_id=event_id))


@blueprint.get("/events/<id:event_id>/vouchers/<id:voucher_id>")
def edit(event_id: int, voucher_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    voucher = vouchers.get_voucher(event_id, voucher_id)
    return _change_page(event, voucher, VoucherChangeForm.of(event, voucher))


@blueprint.post("/events/<id:event_id>/vouchers/<id:voucher_id>")
def update(event_id: int, voucher_id: int) -> Answer:
    event = events.get_event(event_id, drafts=True)
    voucher = vouchers.get_voucher(event_id, voucher_id)
    form = VoucherChangeForm(event)
    if not form.validate():
        return _change_page(event, voucher, form, 422)
    seen, facts = form.changes()
    try:
        voucher = vouchers.change_voucher(event_id, voucher_id, facts, desk(), seen=seen)
    except InvalidField as error:
        form.refuse(error.field, sentence(error.message))
        return _change_page(event, vouchers.get_voucher(event_id, voucher_id), form, 422)
    except VersionConflict:
        voucher = vouchers.get_voucher(event_id, voucher_id)
        _tell_conflict(form, event, voucher, seen)
        return _change_page(event, voucher, form, 409)
    flash(_("“%(code)s” is saved.", code=voucher.code), "done")
    return go_to(url_for("admin_vouchers.index", event_id=event_id))


@blueprint.post("/events/<id:event_id>/vouchers/<id:voucher_id>/withdrawal")
def withdraw(event_id: int, voucher_id: int) -> Answer:
    voucher = vouchers.withdraw_voucher(event_id, voucher_id, desk())
    flash(_("“%(code)s” is withdrawn.", code=voucher.code), "done")
    return go_to(url_for("admin_vouchers.index", event_id=event_id, q=_search() or None))


@blueprint.get("/events/<id:event_id>/vouchers.csv")
def export(event_id: int) -> Answer:
    event, search = events.get_event(event_id, drafts=True), _search()
    audit.note_export("CSV", vouchers.count_vouchers(event_id, search), event)
    return csv_file(f"vouchers-{event.slug}", HEADER, _rows(event_id, search))


def _make(event_id: int, form: VoucherForm) -> None:
    facts, count = form.facts(), form.count.data
    key = form.idempotency_key.data
    if count == 1:
        facts["code"] = form.code.data or None
        made = voucher_making.add_voucher(event_id, facts, desk(), key=key)
        flash(_("“%(code)s” is made.", code=made.vouchers[0].code), "done")
    else:
        voucher_making.add_vouchers(event_id, count, facts, desk(), key=key)
        flash(ngettext("%(num)d code is made.", "%(num)d codes are made.", count), "done")


def _refuse(form: VoucherForm, error: InvalidField) -> None:
    if error.message == "is another voucher's":
        form.refuse("code", _("The event has this code already, or one that reads like it."))
    else:
        form.refuse(error.field, sentence(error.message))


def _tell_conflict(
    form: VoucherChangeForm, event: Event, voucher: Voucher, seen: Mapping[str, Any]
) -> None:
    """Say at each field that both have changed what it is by now; sent once more, it counts."""
    current = VoucherChangeForm.of(event, voucher)
    effects = {choice.value: choice.label for choice in current.price_effect.choices}
    for name in [name for name, was in seen.items() if getattr(voucher, name) != was]:
        field = "value" if name == "price_value" else name
        now_is = current[field].data if name == "price_effect" else current[field]._value()
        value = effects.get(now_is) if name == "price_effect" else now_is
        told = _("Somebody else changed it meanwhile, to: %(value)s.", value=value or "–")
        form.refuse(field, f"{told} {_('Save again if yours is right.')}")
    form.show(voucher, seen)


def _form(event_id: int, **facts: Any) -> VoucherForm:
    held = holds.list_holds(event_id)
    return VoucherForm(held, ticket_types.list_issued(held.event), **facts)


def _new_form(event_id: int) -> VoucherForm:
    """With a key of its own, so that sending it twice makes its codes once."""
    return _form(event_id, formdata=None, idempotency_key=secrets.token_urlsafe(24))


def _search() -> str:
    return request.args.get("q", "").strip()[:MAX_SEARCH]


def _page(event_id: int, form: VoucherForm | None, status: int = 200) -> Response:
    event, search = events.get_event(event_id, drafts=True), _search()
    page = render_template(
        "pages/admin/vouchers.html",
        event=event,
        page=vouchers.list_vouchers(event_id, search=search, after=request.args.get("after")),
        found=vouchers.count_vouchers(event_id, search),
        search=search,
        types={kind.id: kind.name for kind in ticket_types.list_types(event_id)},
        holds={hold.id: hold.name for hold in holds.list_holds(event_id).holds},
        voucher_form=form or _new_form(event_id),
        at=now(),
        shown_email=shown_email,
    )
    return make_response(page, status)


def _change_page(
    event: Event, voucher: Voucher, form: VoucherChangeForm, status: int = 200
) -> Response:
    page = render_template(
        "pages/admin/voucher.html", event=event, voucher=voucher, voucher_form=form
    )
    return make_response(page, status)


def _rows(event_id: int, search: str) -> Iterator[tuple[object, ...]]:
    event = events.get_event(event_id, drafts=True)
    types = {kind.id: kind.name for kind in ticket_types.list_types(event_id)}
    names = {hold.id: hold.name for hold in holds.list_holds(event_id).holds}
    for one in vouchers.iterate_vouchers(event_id, search):
        yield (
            one.code,
            event_url(event, code=one.code, _external=True),
            one.used,
            one.max_uses,
            one.price_effect,
            _value(one, event.currency),
            types.get(one.ticket_type_id or 0),
            names.get(one.hold_id or 0),
            shown_email(one.email) if one.email else None,
            one.valid_until,
            one.note,
            "yes" if one.withdrawn else "",
            one.created_at,
        )


def _value(voucher: Voucher, currency: str) -> object:
    if voucher.price_value is None or voucher.price_effect == PriceEffect.PERCENT_OFF:
        return voucher.price_value
    return to_amount(voucher.price_value, currency)
