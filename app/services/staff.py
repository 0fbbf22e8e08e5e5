"""Staff authentication: by the operator's admin key or a personal staff key."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.db import db, transaction
from app.errors import InvalidField, StaffKeyNotFound
from app.models import Role, StaffKey
from app.models.columns import now
from app.services import audit, sign_ins
from app.services.accounts import constraint_of
from app.services.last_used import record_use
from app.services.secrets import digest, matching_key, new_secret

log = logging.getLogger(__name__)

PREFIX = "utsavam_staff_"
"""Lets secret scanners recognise a leaked key."""
OPERATOR = "ADMIN_KEY"


@dataclass(frozen=True)
class Staff:
    """The holder of a valid key: the key's name, role and digest."""

    name: str
    role: Role
    key_digest: str

    def may(self, needed: Role) -> bool:
        return self.role.covers(needed)


def by_key(key: str, admin_keys: Iterable[str]) -> Staff | None:
    """The key's holder; None if the key is unknown or revoked."""
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


def create_key(name: str, role: Role) -> tuple[StaffKey, str]:
    """Create a key; returns its record and its secret, of which only a digest is stored.

    Raises `InvalidField` when another valid key has the same name.
    """
    secret = PREFIX + new_secret()
    key = StaffKey(name=name, role=role.value, key_digest=digest(secret), last_four=secret[-4:])
    try:
        with transaction() as session:
            session.add(key)
            session.flush()
            audit.record("key.created", key, after={"name": key.name, "role": key.role})
    except IntegrityError as error:
        if constraint_of(error) == "uq_staff_keys_name_in_force":
            raise InvalidField("name", "is another key's already") from None
        raise
    return key, secret


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
    query = select(StaffKey).where(StaffKey.key_digest == key_digest, StaffKey.revoked_at.is_(None))
    key = db.session.scalars(query).one_or_none()
    if key is None:
        return None
    record_use(key)
    return Staff(key.name, Role(key.role), key.key_digest)
