"""Keyset pagination: a cursor names the last row seen, so that rows added or removed meanwhile
never shift the next page."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.errors import InvalidField

T_co = TypeVar("T_co", covariant=True)
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[T_co]):
    items: Sequence[T_co]
    next_cursor: str | None = None


def encode_cursor(*parts: object) -> str:
    text = "|".join(str(part) for part in parts)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """The parts of a cursor; raises `InvalidField("after")` for a malformed one."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("|")
    except (UnicodeError, binascii.Error, ValueError) as error:
        raise unknown_cursor() from error
    if len(found) != parts:
        raise unknown_cursor()
    return found


def decode_id_cursor(cursor: str) -> int:
    """The id in a one-part cursor; raises `InvalidField("after")` for a malformed one."""
    (text,) = decode_cursor(cursor, 1)
    return decode_id(text)


def decode_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise unknown_cursor()
    return int(text)


def unknown_cursor() -> InvalidField:
    return InvalidField("after", "is not a cursor of this listing")


def cut(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], bool]:
    """The page, and whether another follows; the query must fetch one row more than the limit."""
    return rows[:limit], len(rows) > limit
