"""When a secret was used last, as its owner is shown it."""

import logging
from datetime import timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import DBAPIError

from app.db import transaction
from app.errors import OutcomeUnknown
from app.models import ApiToken, StaffKey
from app.models.columns import now

log = logging.getLogger(__name__)

RECORDED_EVERY = timedelta(minutes=1)
"""More often would make every request a writer."""


def record_use(secret: ApiToken | StaffKey) -> None:
    """Record that it is being used, unless that was recorded within `RECORDED_EVERY`."""
    stale = now() - RECORDED_EVERY
    if secret.last_used_at is not None and secret.last_used_at > stale:
        return
    table = type(secret)
    statement = (
        update(table)
        .where(table.id == secret.id)
        # Several processes may come here at once; one of them writes.
        .where(or_(table.last_used_at.is_(None), table.last_used_at <= stale))
        .values(last_used_at=now())
        .execution_options(synchronize_session=False)
    )
    try:
        with transaction() as session:
            session.execute(statement)
    except (DBAPIError, OutcomeUnknown) as error:
        # A read-only server still answers readers, and what was asked is done or refused by itself.
        log.warning("The use of a secret was not recorded: %s", type(error).__name__)
