"""Authentication of API callers, by headers only."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import cast

from flask import g, request

from app.config import Settings
from app.edge import rate_limits
from app.edge.access import Who
from app.edge.current import settings
from app.errors import InvalidField, NotAllowed, RoleTooLow, UserNotFound
from app.models import Permission
from app.models.staff_scope import act_within
from app.services import api_tokens, audit, staff
from app.services.staff import Staff


@dataclass(frozen=True)
class Caller:
    """Who calls: organisers and callers of the open API act for any user, a token for its own."""

    anybody: bool = False
    organiser: bool = False
    staff: Staff | None = None
    user_id: int | None = None

    @property
    def is_nobody(self) -> bool:
        return not self.anybody and self.staff is None and self.user_id is None

    @property
    def limited_to(self) -> int | None:
        """The only user whose data the caller may access; None for no such limit."""
        return None if self.anybody else self.user_id

    def acting_for(self, user_id: int | None) -> int:
        """The user that the caller acts for, by default a token's own.

        Raises `InvalidField` if `user_id` is required, `NotAllowed` if the caller acts for nobody,
        and `UserNotFound` for a user other than the token's.
        """
        if self.anybody:
            if user_id is None:
                raise InvalidField("user_id", "is required")
            return user_id
        if self.user_id is None:
            raise NotAllowed
        if user_id not in (None, self.user_id):
            raise UserNotFound(user_id)
        return self.user_id


def caller() -> Caller:
    """The caller of this request.

    Raises `NotAllowed` for a wrong key or token, even where none is needed, and `TooManyRequests`
    for an address that has sent too many wrong ones.
    """
    if "caller" not in g:
        g.caller = _recognise()
        if g.caller.staff:
            audit.act_as(g.caller.staff.name)
    return cast("Caller", g.caller)


def _recognise() -> Caller:
    headers = request.headers
    try:
        return recognise(
            settings(),
            headers.get("X-Admin-Key"),
            headers.get("Authorization"),
            request.remote_addr,
        )
    except NotAllowed:
        rate_limits.wrong_key(request.remote_addr)
        raise


def recognise(
    rules: Settings, key: str | None, authorization: str | None, address: str | None
) -> Caller:
    """The caller who sends these headers from this address.

    Raises `NotAllowed` for a wrong key or token.
    """
    if key is not None:
        return _staff(staff.by_key(key, rules.admin_key))
    if authorization is not None:
        return Caller(user_id=_user_of(authorization))
    if rules.api_access == "open" and _is_local(address):
        return Caller(anybody=True)
    return Caller()


def _staff(found: Staff | None) -> Caller:
    """The caller for a member of staff: only organisers and owners may act for users."""
    if found is None:
        raise NotAllowed
    return Caller(anybody=found.may(Permission.MANAGE), organiser=True, staff=found)


def admit(who: Who) -> None:
    """Check access before any of the input is parsed.

    Raises `NotAllowed`, and `RoleTooLow` for staff without the permission.
    """
    found = caller()
    if found.staff:
        act_within(found.staff.scope)
    if who == Who.CALLER and not (found.anybody or found.user_id is not None):
        raise RoleTooLow(found.staff.role) if found.staff else NotAllowed
    if who == Who.CALLER:
        return
    if found.staff is None:
        raise NotAllowed
    if not found.staff.may(Permission(who)):
        raise RoleTooLow(found.staff.role)


def _user_of(authorization: str) -> int:
    scheme, _, token = authorization.partition(" ")
    user_id = api_tokens.user_id_of(token.strip()) if scheme.lower() == "bearer" else None
    if user_id is None:
        raise NotAllowed
    return user_id


def _is_local(address: str | None) -> bool:
    """Second check of the open API, which the settings allow on a loopback address only."""
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False
