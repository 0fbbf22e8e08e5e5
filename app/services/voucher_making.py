"""Making an event's vouchers, one with a code of the organiser's or many with random ones."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.booking.connections import retry_if_ended
from app.booking.desk import BookingDesk
from app.errors import IdempotencyKeyReused, InvalidField
from app.models import Event, Voucher
from app.models.staff_scope import require_event
from app.models.voucher import MAX_AT_ONCE, code_key, new_code
from app.services.secrets import digest
from app.services.vouchers import check_rules, known_facts, note


class Made(NamedTuple):
    vouchers: Sequence[Voucher]
    replayed: bool = False
    """An earlier request with the same key has made them."""


@retry_if_ended
def add_voucher(
    event_id: int, facts: Mapping[str, Any], desk: BookingDesk, *, key: str | None = None
) -> Made:
    """Make a voucher; without a `code` among the facts, it gets one.

    Repeating a request with the same idempotency `key` for the same event makes nothing, and
    answers with what it has made. Raises `EventNotFound`, `IdempotencyKeyReused`, and
    `InvalidField` for a broken rule and a code that is another's.
    """
    known, code = known_facts(facts), facts.get("code") or new_code()
    if (spelt := code_key(code)) is None:
        raise InvalidField("code", "must be 4 to 30 letters from A to Z, and digits")
    by_request = _by_request(key, {**known, "code": facts.get("code")})
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event, session = changes.event(event_id), changes.session
        if earlier := _earlier(session, event_id, by_request):
            return Made(earlier, replayed=True)
        if _taken(session, event_id, [spelt]):
            raise InvalidField("code", "is another voucher's")
        made = _add(session, event, [code.upper()], known | by_request)
        note("voucher.added", event, after={"voucher": made[0].code, **known})
    return Made(made)


@retry_if_ended
def add_vouchers(
    event_id: int,
    count: int,
    facts: Mapping[str, Any],
    desk: BookingDesk,
    *,
    key: str | None = None,
) -> Made:
    """Make up to `MAX_AT_ONCE` vouchers that differ by their codes alone, or none.

    Repeated as `add_voucher`. Raises `EventNotFound`, `IdempotencyKeyReused`, and `InvalidField`
    for a broken rule.
    """
    known = known_facts(facts)
    if not 1 <= count <= MAX_AT_ONCE:
        raise InvalidField("count", f"must be from 1 to {MAX_AT_ONCE}")
    by_request = _by_request(key, {**known, "count": count})
    require_event(event_id)
    with desk.changing(event_id) as changes:
        event, session = changes.event(event_id), changes.session
        if earlier := _earlier(session, event_id, by_request):
            return Made(earlier, replayed=True)
        made = _add(session, event, _new_codes(session, event_id, count), known | by_request)
        note("voucher.added", event, after={"vouchers": count, **known})
    return Made(made)


def _add(
    session: Session, event: Event, codes: Sequence[str], facts: Mapping[str, Any]
) -> Sequence[Voucher]:
    made = [
        Voucher(event_id=event.id, code=code, code_key=code_key(code), **facts) for code in codes
    ]
    check_rules(session, event, made[0])
    event.has_vouchers = True
    session.add_all(made)
    session.flush()  # assigns the ids, by which they are answered
    return made


def _by_request(key: str | None, asked: Mapping[str, Any]) -> dict[str, str]:
    """By what the vouchers that a request has made are found again."""
    if key is None:
        return {}
    spelt = json.dumps(asked, sort_keys=True, default=str)
    return {"idempotency_key": digest(key), "fingerprint": digest(spelt)}


def _earlier(session: Session, event_id: int, by_request: Mapping[str, str]) -> Sequence[Voucher]:
    """What the same request has made before; none without a key. Raises `IdempotencyKeyReused`.

    The event's row lock lets one of two requests with the same key come second.
    """
    if not by_request:
        return ()
    query = select(Voucher).where(
        Voucher.event_id == event_id, Voucher.idempotency_key == by_request["idempotency_key"]
    )
    found = session.scalars(query.order_by(Voucher.id)).all()
    if any(one.fingerprint != by_request["fingerprint"] for one in found):
        raise IdempotencyKeyReused
    return found


def _new_codes(session: Session, event_id: int, count: int) -> list[str]:
    codes: set[str] = set()
    while len(codes) < count:
        some = {new_code() for _ in range(count - len(codes))} - codes
        keys = [code_key(code) or "" for code in some]
        taken = _taken(session, event_id, keys)
        codes |= {code for code in some if code_key(code) not in taken}
    return sorted(codes)


def _taken(session: Session, event_id: int, keys: Sequence[str]) -> set[str]:
    query = select(Voucher.code_key).where(Voucher.event_id == event_id, Voucher.code_key.in_(keys))
    return set(session.scalars(query))
