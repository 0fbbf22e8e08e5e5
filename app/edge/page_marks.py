"""Marks in pages for many visitors: where a visitor's own piece or a count of seats is put in.

Marks are random: no text of an organiser can hold one.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from typing import NamedTuple

_SALT = secrets.token_hex(12)


class Mark(Enum):
    """Stands in a page for a piece of the visitor's own."""

    # Enum's own is slow, and pieces are looked up by their marks.
    __hash__ = object.__hash__

    NAME = f"{_SALT}.name"
    PERSON = f"{_SALT}.person"
    TOKEN = f"{_SALT}.token"
    KEY = f"{_SALT}.key"
    TICKET_URL = f"{_SALT}.ticket"
    BOOKING_ID = f"{_SALT}.booking"
    REFERENCE = f"{_SALT}.reference"
    SECRET = f"{_SALT}.secret"
    ADDRESS = f"{_SALT}.address"
    HOLDER = f"{_SALT}.holder"
    ROWS = f"{_SALT}.rows"
    CURSOR = f"{_SALT}.cursor"
    """Where a list goes on."""


class Kind(StrEnum):
    """What a numbered mark stands for."""

    LEFT = "left"
    """Seats left of the event with this id."""
    LEFT_PLAIN = "number"
    """The same without separators, for addresses and attributes."""
    SOLD = "sold"
    CODE = "code"
    """The code of the ticket's seat with this number."""
    CODE_DRAWING = "drawing"
    COUNT = "count"
    """How many bookings the tab with this number lists."""


class NumberedMark(NamedTuple):
    """Stands in a page for a piece that it has several of."""

    number: int
    kind: Kind

    @property
    def value(self) -> str:
        return f"{_SALT}.{self.number}.{self.kind}"


AnyMark = Mark | NumberedMark
Part = bytes | AnyMark
Pieces = Mapping[AnyMark, Callable[[], str]]
"""What replaces marks: HTML, or text that needs no escaping."""
_MARKS = {mark.value.encode(): mark for mark in Mark}
_KINDS = "|".join(Kind)
_ANY_MARK = re.compile(rf"({_SALT}\.(?:[0-9]+\.(?:{_KINDS})|[a-z]+))".encode())


def split(body: bytes) -> list[Part]:
    """Return the page's pieces in order: what is fixed, and the marks between."""
    return [_part(text) for text in _ANY_MARK.split(body)]


def _part(text: bytes) -> Part:
    if not text.startswith(_SALT.encode()):
        return text
    if text in _MARKS:
        return _MARKS[text]
    _salt, number, kind = text.decode().split(".")
    return NumberedMark(int(number), Kind(kind))
