"""Staff authentication: by the operator's admin key or a personal staff key."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.errors import InvalidField, StaffKeyNotFound
from app.models import Event, Permission, Role, StaffKey
from app.models.columns import now
from app.models.staff_scope import UNLIMITED, StaffScope
from app.services import audit, sign_ins
from app.services.accounts import constraint_of
from app.services.last_used import record_use
from app.services.secrets import digest, matching_key, new_secret

log = logging.getLogger(__name__)

PREFIX = "utsavam_staff_"
"""Lets secret scanners recognise a leaked key."""
OPERATOR = "ADMIN_KEY"
MAX_CHOICES = 200


@dataclass(frozen=True)
class Staff:
    """The holder of a valid key: the key's name, role, digest, and what it is limited to."""

    name: str
    role: Role
    key_digest: str
    scope: StaffScope = UNLIMITED
    expires_at: datetime | None = None

    def may(self, permission: Permission) -> bool:
        return self.role.may(permission)


def by_key(key: str, admin_keys: Iterable[str]) -> Staff | None:
    """The key's holder; None if the key is unknown, revoked or expired."""
    if matched := matching_key(key, admin_keys):
        return _operator_with(matched)
    return _by_digest(digest(key)) if key.startswith(PREFIX) else None


def log_in(key: str, admin_keys: Iterable[str]) -> str | None:
    """Sign in with a key; returns the token for the browser's cookie.

    Returns None for a wrong key, which is recorded in the audit log.
    """
    if found := by_key(key, admin_keys):
        log.info("An organiser logged in")
        return sign_ins.begin_for_staff(found.key_digest)
    log.warning("A wrong admin key was refused")
    audit.act_as(audit.STRANGER)
    with transaction():
        audit.record("login.refused")
    return None


def by_sign_in(token: str, admin_keys: Iterable[str]) -> Staff | None:
    """The holder of the sign-in's key; None if it has expired or the key was revoked."""
    key_digest = sign_ins.staff_key_of(token)
    if key_digest is None:
        return None
    if key_digest in {digest(key) for key in admin_keys}:
        return _operator(key_digest)
    return _by_digest(key_digest)


def list_keys() -> Sequence[StaffKey]:
    """The staff keys that are not revoked, by name."""
    query = select(StaffKey).where(StaffKey.revoked_at.is_(None)).order_by(StaffKey.name)
    return db.session.scalars(query).all()


def events_to_choose() -> Sequence[Event]:
    """Events that a key may be limited to, those that start last first."""
    query = select(Event).where(Event.deleted_at.is_(None)).order_by(Event.start_at.desc())
    return db.session.scalars(query.limit(MAX_CHOICES)).all()


def names_of_events(limits: Iterable[Sequence[int] | None]) -> dict[int, str]:
    """The names of all events in these limits of keys."""
    ids = {event_id for limit in limits for event_id in limit or ()}
    rows = db.session.execute(select(Event.id, Event.name).where(Event.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def create_key(
    name: str,
    role: Role,
    *,
    sees_emails: bool = False,
    event_ids: Sequence[int] | None = None,
    expires_at: datetime | None = None,
) -> tuple[StaffKey, str]:
    """Create a key; returns its record and its secret, of which only a digest is stored.

    Raises `InvalidField` when another valid key has the same name, and for limits that limit
    nothing.
    """
    limits = {"sees_emails": sees_emails, "event_ids": event_ids, "expires_at": expires_at}
    _check_limits(role, event_ids, expires_at)
    secret = PREFIX + new_secret()
    key = StaffKey(
        name=name,
        role=role.value,
        key_digest=digest(secret),
        last_four=secret[-4:],
        **limits,
    )
    try:
        with transaction() as session:
            _revoke_expired(session, key.name)
            session.add(key)
            session.flush()
            given = {name: value for name, value in limits.items() if value}
            facts = {"name": key.name, "role": key.role, **given}
            audit.record("key.created", key, after=facts)
    except IntegrityError as error:
        if constraint_of(error) == "uq_staff_keys_name_in_force":
            raise InvalidField("name", "is another key's already") from None
        raise
    return key, secret


def _revoke_expired(session: Session, name: str) -> None:
    """Let a key that has expired leave its name to another."""
    expired = (StaffKey.revoked_at.is_(None), StaffKey.expires_at <= now())
    same = func.lower(StaffKey.name) == func.lower(name)
    for key in session.scalars(select(StaffKey).where(same, *expired).with_for_update()):
        key.revoked_at = now()
        facts = {"name": key.name, "role": key.role, "expires_at": key.expires_at}
        audit.record("key.revoked", key, before=facts)
    session.flush()


def _check_limits(role: Role, event_ids: Sequence[int] | None, expires_at: datetime | None) -> None:
    if event_ids is not None and role == Role.OWNER:
        raise InvalidField("event_ids", "can't limit an owner, who makes keys without limits")
    if event_ids is not None:
        found = select(func.count(Event.id)).where(Event.id.in_(event_ids))
        if not event_ids or db.session.scalar(found) != len(set(event_ids)):
            raise InvalidField("event_ids", "must be events that there are")
    if role == Role.DOOR and event_ids is None:
        raise InvalidField("event_ids", "must name the events whose door it opens")
    if role == Role.DOOR and expires_at is None:
        raise InvalidField("expires_at", "is required for a key of the door")
    if expires_at is not None and expires_at <= now():
        raise InvalidField("expires_at", "must be in the future")


def revoke_key(key_id: int) -> StaffKey:
    """Revoke the key and end all sign-ins that were started with it.

    Raises `StaffKeyNotFound`.
    """
    with transaction() as session:
        key = session.get(StaffKey, key_id, with_for_update=True, populate_existing=True)
        if key is None:
            raise StaffKeyNotFound(key_id)
        if key.revoked_at is None:
            key.revoked_at = now()
            audit.record("key.revoked", key, before={"name": key.name, "role": key.role})
    sign_ins.end_all_of_key(key.key_digest)
    return key


def revoke_own_key(holder: Staff) -> StaffKey | None:
    """Revoke the key that somebody is logged in with; None for the operator's, set elsewhere."""
    query = select(StaffKey.id).where(
        StaffKey.key_digest == holder.key_digest, StaffKey.revoked_at.is_(None)
    )
    key_id = db.session.scalar(query)
    return revoke_key(key_id) if key_id else None


@lru_cache(maxsize=8)
def _operator_with(admin_key: str) -> Staff:
    return _operator(digest(admin_key))


def _operator(key_digest: str) -> Staff:
    return Staff(OPERATOR, Role.OWNER, key_digest)


def _by_digest(key_digest: str) -> Staff | None:
    query = select(StaffKey).where(
        StaffKey.key_digest == key_digest,
        StaffKey.revoked_at.is_(None),
        or_(StaffKey.expires_at.is_(None), StaffKey.expires_at > now()),
    )
    key = db.session.scalars(query).one_or_none()
    if key is None:
        return None
    record_use(key)
    return Staff(key.name, Role(key.role), key.key_digest, key.scope, key.expires_at)
