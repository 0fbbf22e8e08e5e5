"""Marks in pages for many visitors: where a visitor's own piece or a count of seats is put in.

Marks are random: no text of an organiser can hold one.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

_SALT = secrets.token_hex(12)


class Mark(Enum):
    """Stands in a page for a piece of the visitor's own."""

    NAME = f"{_SALT}.name"
    TOKEN = f"{_SALT}.token"
    KEY = f"{_SALT}.key"
    TICKET_URL = f"{_SALT}.ticket"


class Count(StrEnum):
    """How many of an event's seats, and how the number is written."""

    LEFT = "left"
    LEFT_PLAIN = "number"
    """Without separators, for addresses and attributes."""
    SOLD = "sold"


@dataclass(frozen=True, slots=True)
class SeatMark:
    """Stands in a page for a count of an event's seats."""

    event_id: int
    count: Count

    @property
    def value(self) -> str:
        return f"{_SALT}.{self.event_id}.{self.count}"


AnyMark = Mark | SeatMark
Part = bytes | AnyMark
Pieces = Mapping[Mark, Callable[[], str]]
_MARKS = {mark.value.encode(): mark for mark in Mark}
_COUNTS = "|".join(Count)
_ANY_MARK = re.compile(rf"({_SALT}\.(?:[0-9]+\.(?:{_COUNTS})|[a-z]+))".encode())


def split(body: bytes) -> list[Part]:
    """Return the page's pieces in order: what is fixed, and the marks between."""
    return [_part(text) for text in _ANY_MARK.split(body)]


def _part(text: bytes) -> Part:
    if not text.startswith(_SALT.encode()):
        return text
    if text in _MARKS:
        return _MARKS[text]
    _salt, event_id, count = text.decode().split(".")
    return SeatMark(int(event_id), Count(count))
