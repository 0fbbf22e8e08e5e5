"""Column types shared by several models."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from sqlalchemy import BigInteger, DateTime, Identity, func
from sqlalchemy.orm import mapped_column

from app.errors import InvalidField
from app.lib.names import NOTHING_VISIBLE, is_visible, tidy_line

Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


def kept_text(field: str, text: str | None, tidy: Callable[[str], str] = tidy_line) -> str | None:
    """A typed text as it is stored; for a model's `validates`, so that none gets past it.

    Raises `InvalidField` for a text of which nothing can be seen.
    """
    if not text:
        return text
    tidied = tidy(text)
    if tidied and not is_visible(tidied):
        raise InvalidField(field, NOTHING_VISIBLE)
    return tidied


def now() -> datetime:
    return datetime.now(UTC)
