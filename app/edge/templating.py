"""Template filters and globals: dates, prices, URLs of static files."""

import hashlib
from collections.abc import Hashable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, has_request_context, request, url_for

from app.edge.current import settings
from app.edge.page_parts import page_part
from app.edge.personal_pieces import form_token, visitor_name, visitor_person
from app.edge.seat_counts import seats_sold, shown_status
from app.edge.session import current_admin, current_user
from app.lib.money import digits_of
from app.lib.taxes import is_indian
from app.models import Permission
from app.models.references import spoken
from app.models.staff_scope import shown_email
from app.presenters import payment_times, prices
from app.presenters.audit_actions import action_label
from app.presenters.booking_states import gift_label, state_label, state_tone
from app.presenters.door_answers import conflict_word, door_word
from app.presenters.event_times import happening, moment, when, zone_name
from app.presenters.guests import guest_email, guest_name
from app.presenters.markdown import paragraphs, plain, rendered
from app.presenters.receipt_papers import month_name, receipt_kind
from app.presenters.refund_words import (
    periods_in_words,
    provider_label,
    reason_label,
    told_of_refund,
    told_to_buyer,
    what_comes_back,
)
from app.presenters.schema_org import event_facts, map_url
from app.presenters.scripts import isolated, own_script
from app.presenters.statement_words import match_label
from app.presenters.urls import event_url, poster_url, preview_url
from app.services import wallets


def init_app(app: Flask) -> None:
    app.extensions["addresses"], app.extensions["page_parts"] = {}, {}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        price=prices.price,
        price_or_free=prices.price_or_free,
        price_of=prices.price_of,
        price_with_fee=prices.price_with_fee,
        price_of_booking=prices.price_of_booking,
        fee_words=prices.fee_words,
        fee_of_event=prices.fee_of_event,
        fee_terms=prices.fee_terms,
        currency_digits=digits_of,
        currency_mark=prices.price_mark,
        when=when,
        moment=moment,
        zone_name=zone_name,
        happening=happening,
        iso=iso,
        rendered=rendered,
        plain=plain,
        plain_paragraphs=paragraphs,
        own_script=own_script,
        isolated=isolated,
        action_label=action_label,
        door_word=door_word,
        conflict_word=conflict_word,
        guest_name=guest_name,
        guest_email=guest_email,
        state_label=state_label,
        gift_label=gift_label,
        provider_label=provider_label,
        reason_label=reason_label,
        match_label=match_label,
        receipt_kind=receipt_kind,
        month_name=month_name,
        shown_email=shown_email,
        state_tone=state_tone,
        spoken=spoken,
    )
    app.jinja_env.globals.update(
        asset=asset,
        url_for=address_of,
        visitor_name=visitor_name,
        visitor_person=visitor_person,
        page_part=page_part,
        form_token=form_token,
        current_user=current_user,
        current_admin=current_admin,
        may_change=may_change,
        site_settings=settings,
        site_page=site_page,
        may_create=may_create,
        sees_all_events=sees_all_events,
        site_zone=lambda: settings().zone,
        seat_status=shown_status,
        seats_sold=seats_sold,
        event_url=event_url,
        poster_url=poster_url,
        preview_url=preview_url,
        event_facts=event_facts,
        how_to_pay=prices.how_to_pay,
        how_to_pay_together=prices.how_to_pay_together,
        how_to_pay_booking=prices.how_to_pay_booking,
        how_to_pay_first=prices.how_to_pay_first,
        pay_until=payment_times.pay_until,
        moment_of=payment_times.moment_of,
        what_waits=payment_times.what_waits,
        map_url=map_url,
        site_taxes_by_state=lambda: is_indian(settings().tax_name, settings().tax_number),
        told_to_buyer=told_to_buyer,
        told_of_refund=told_of_refund,
        what_comes_back=what_comes_back,
        periods_in_words=periods_in_words,
        wallets_of=lambda seats: wallets.offered(seats, settings()),
    )


def site_page(name: str) -> str | None:
    """Return the address of the operator's `terms` or `privacy`; None if there is none."""
    source: str = getattr(settings(), f"{name}_page")
    if not source:
        return None
    return source if source.startswith("https://") else url_for(f"site_pages.{name}")


def may_change() -> bool:
    """Whether the signed-in staff member may change things, not only view them."""
    found = current_admin()
    return found is not None and found.may(Permission.MANAGE)


def sees_all_events() -> bool:
    """Whether the signed-in staff member's key is not limited to some events."""
    found = current_admin()
    return found is not None and found.scope.events is None


def may_create() -> bool:
    """Whether the signed-in staff member may make events."""
    return may_change() and sees_all_events()


def asset(path: str) -> str:
    """Return a static file's URL with its version, so that browsers may cache it for ever."""
    return address_of("static", filename=path, v=_version(current_app.static_folder or "", path))


def address_of(endpoint: str, **values: Any) -> str:
    """Return what Flask's `url_for` returns; those of fixed pages and files are built once."""
    if (values and (endpoint != "static" or "_external" in values)) or not has_request_context():
        return url_for(endpoint, **values)
    known: dict[Hashable, str] = current_app.extensions["addresses"]
    key = (request.root_path, endpoint, *sorted(values.items()))
    if key not in known:
        known[key] = url_for(endpoint, **values)
    return known[key]


@lru_cache(maxsize=256)
def _version(folder: str, path: str) -> str:
    return hashlib.sha256((Path(folder) / path).read_bytes()).hexdigest()[:10]


def iso(at: datetime) -> str:
    """Format a time for machines, in seconds; HTML allows at most three decimals of a second."""
    return at.isoformat(timespec="seconds")
