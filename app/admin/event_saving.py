"""Saving an event's form together with what its buttons do: publish, pause, a picture."""

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.admin.event_form import EventForm
from app.admin.money_fields import fix_if_booked, keep_price
from app.edge.current import desk
from app.edge.forms import sentence
from app.edge.htmx import Answer, go_to
from app.errors import (
    Busy,
    CapacityBelowSold,
    CurrencyFixed,
    InvalidField,
    VersionConflict,
)
from app.lib.names import tidy_text
from app.models import Event, EventStatus
from app.presenters.problems import problem_of
from app.services import audit, event_images, event_news, events, outbox, payment_lists

MAX_WORDS = 2_000
"""Of the organiser to those who have booked; the field lets nobody type more."""


class Collision(Exception):
    """Two organisers have changed the same fields of an event concurrently."""

    def __init__(self, fields: list[str]) -> None:
        self.fields = fields


def create(status: str) -> Event | Response:
    """Create the event that the form describes, or return the form's page with its errors."""
    form = EventForm()
    if valid_with_picture(form, is_sent=True):
        try:
            return events.create_event({**form.facts(), **_picture(form), "status": status}, desk())
        except InvalidField as error:
            refuse(form, error)
    return form_page(form, None, 422)


def save(
    event_id: int,
    change: Mapping[str, Any] | None = None,
    told: str = "",
    *,
    alone: str = "admin_events.edit",
    needs_file: bool = False,
) -> Answer:
    """Make the change and save what was typed with it, in one transaction; stay at the event.

    A button outside the event's form sends nothing typed, and leads back to the page `alone`.
    """
    event = events.get_event(event_id, drafts=True)
    form = EventForm(currency=event.currency) if is_form_sent() else EventForm.of(event)
    keep_price(form, event)
    if not valid_with_picture(form, is_sent=is_form_sent(), needs_file=needs_file):
        return form_page(form, event, 422)
    if is_form_sent() and _words_would_be_lost(form, event):
        return form_page(form, event, 422, words_lost=True)
    try:
        merged = _save_or_merge(form, event, {**_picture(form), **(change or {})})
    except InvalidField as error:
        if error.field != "status":
            refuse(form, error)
        else:
            flash(_("Seats are sold already: its guests must be able to find it."), "error")
            if not is_form_sent():
                return go_to(url_for(alone, event_id=event_id))
    except (CapacityBelowSold, CurrencyFixed) as error:
        refuse(form, error)
    except Collision as error:
        return _conflict(form, event_id, error.fields)
    else:
        flash(told or _("“%(name)s” is saved.", name=form.name.data), "done")
        if merged:
            flash(_("Somebody else had saved other fields meanwhile: their changes stay."), "done")
        there = "admin_events.edit" if is_form_sent() else alone
        return go_to(url_for(there, event_id=event_id))
    return form_page(form, events.get_event(event_id, drafts=True), 422)


FIELDS = {
    "price_minor": "price",
    "fee_minor": "fee",
    "fee_basis_points": "fee_percent",
    # A rule that two editors made together.
    "refund_rule": "refund_percent",
}
"""The form's fields of facts with another name."""


def is_form_sent() -> bool:
    return "name" in request.form


def valid_with_picture(form: EventForm, *, is_sent: bool, needs_file: bool = False) -> bool:
    """Validate the form if it is sent, and keep the picture that was chosen even if something else
    is wrong."""
    is_valid = form.validate() if is_sent else True
    file, kept = request.files.get("image"), form.picture.data
    try:
        if file:
            form.picture.data = event_images.keep_image(file.read())
        elif kept and not event_images.is_kept(kept):
            raise InvalidField("image", "is not here any more; choose it again")
        elif needs_file and not kept:
            form.refuse("image", _("Choose a file first."))
    except InvalidField as error:
        form.picture.data = ""
        form.refuse("image", _("The file %(message)s.", message=error.message))
    except Busy:
        form.refuse("image", _("Many pictures are being worked on. Choose it again in a moment."))
    return is_valid and not form.image.errors


def refuse(form: EventForm, error: InvalidField | CapacityBelowSold | CurrencyFixed) -> None:
    """Show a refusal at the field that it is about."""
    if isinstance(error, InvalidField):
        form.refuse(FIELDS.get(error.field, error.field), sentence(error.message))
    else:
        name = "capacity" if isinstance(error, CapacityBelowSold) else "currency"
        form.refuse(name, problem_of(error).detail)


def form_page(form: EventForm, event: Event | None, status: int = 200, **more: Any) -> Response:
    if event:
        fix_if_booked(form, event)
        more |= news_facts(event)
        if event.status == EventStatus.CANCELLED:
            more["sent_from"] = payment_lists.sent_from(event.id)
    page = render_template("pages/admin/event_form.html", form=form, event=event, **more)
    return make_response(page, status)


def news_facts(event: Event) -> dict[str, Any]:
    """What a page says beside the organiser's words: how many people get them, if any do."""
    return {"told": event_news.count_told(event), "sends_mail": outbox.is_configured()}


def words() -> str:
    """The organiser's words to those who have booked, as they were typed."""
    return tidy_text(request.form.get("words", "").replace("\r\n", "\n"))[:MAX_WORDS]


def _words_would_be_lost(form: EventForm, event: Event) -> bool:
    """Whether words were typed, but no letter is sent that could carry them."""
    told = event_news.count_told(event) and outbox.is_configured()
    return bool(words() and told and not event_news.is_told(event, form.facts(event)))


def _picture(form: EventForm) -> dict[str, str]:
    return {"image_digest": form.picture.data} if form.picture.data else {}


def _save_or_merge(form: EventForm, event: Event, change: Mapping[str, Any]) -> bool:
    """Save the form; returns whether it was merged with another organiser's concurrent edit.

    Raises `Collision` when both changed the same fields, and what `update_event` raises.
    """
    if not is_form_sent():
        event_images.update_event(event.id, change, desk(), words=words())
        return False
    try:
        facts = {**form.facts(event), **change}
        event_images.update_event(event.id, facts, desk(), seen=form.seen_at(), words=words())
        return False
    except VersionConflict:
        current = events.get_event(event.id, drafts=True)
        both = form.merge(EventForm.of(current))
    if both:
        raise Collision(both)
    try:
        facts = {**form.facts(current), **change}
        event_images.update_event(event.id, facts, desk(), seen=form.seen_at(), words=words())
    except VersionConflict:
        raise Collision([]) from None
    return True


def _conflict(form: EventForm, event_id: int, fields: list[str]) -> Response:
    """Show both versions of the conflicting fields; the form keeps its input."""
    current = events.get_event(event_id, drafts=True)
    return form_page(
        form,
        current,
        409,
        conflict=fields,
        current=EventForm.of(current),
        latest=audit.latest("event.updated", current),
    )
