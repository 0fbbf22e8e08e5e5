"""A list in the order of names, split for several doors: `A – K`, `L – Z`."""

import unicodedata
from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

SLACK = 0.1
"""How far from even a cut may be, in lengths of a part, to fall between two first letters."""
_JOINS = 9
"""The combining class of signs that join the next letter to theirs, as in క్ష."""


class Part(NamedTuple):
    """A slice of the list, and the beginnings of its first and last names."""

    begins: int
    ends: int
    first: str
    last: str


def split(keys: Sequence[str], parts: int) -> list[Part]:
    """Split sorted keys into parts of about equal length, one name never between two of them.

    There are fewer parts where there are too few names.
    """
    edges = [0, *_cuts(keys, parts), len(keys)]
    told_by = [1, *(_letters(keys[cut - 1], keys[cut]) for cut in edges[1:-1]), 1]
    return [
        _part(keys, edges[i], edges[i + 1], told_by[i], told_by[i + 1])
        for i in range(len(edges) - 1)
        if edges[i] < edges[i + 1]
    ]


def _part(keys: Sequence[str], begins: int, ends: int, first: int, last: int) -> Part:
    """The part, its first and last names shortened to the letters that tell them from the next."""
    one, other = keys[begins], keys[ends - 1]
    if _letters(one, other) != 1:
        # From one letter to the same: from Kav to Kum, not from Kav to K.
        first = last = max(first, last)
    return Part(begins, ends, _beginning(one, first), _beginning(other, last))


def _cuts(keys: Sequence[str], parts: int) -> list[int]:
    length, found = len(keys) / parts, [0]
    for number in range(1, parts):
        cut = _best_cut(keys, round(number * length), ceil(length * SLACK), found[-1])
        if cut is not None:
            found.append(cut)
    return found[1:]


def _best_cut(keys: Sequence[str], even: int, slack: int, after: int) -> int | None:
    """Where the names part with the fewest letters; if they don't, the nearest place they do."""
    near = range(max(even - slack, after + 1), min(even + slack + 1, len(keys)))
    parted = [(n, abs(i - even), i) for i in near if (n := _letters(keys[i - 1], keys[i]))]
    if parted:
        return min(parted)[2]
    for far in sorted(range(after + 1, len(keys)), key=lambda i: abs(i - even)):
        if keys[far - 1] != keys[far]:
            return far
    return None


def _letters(one: str, other: str) -> int:
    """How many letters tell one key from the other; 0 for the same."""
    ours, theirs = _units(one), _units(other)
    if one == other:
        return 0
    for count, pair in enumerate(zip(ours, theirs, strict=False), 1):
        if pair[0] != pair[1]:
            return count
    return min(len(ours), len(theirs)) + 1


def _beginning(key: str, count: int) -> str:
    return unicodedata.normalize("NFC", "".join(_units(key)[:count])).strip().capitalize()


def _units(key: str) -> list[str]:
    """Letters as people see them: with their vowel signs, and those that are written as one."""
    units: list[str] = []
    for letter in key:
        joined = units and unicodedata.combining(units[-1][-1]) == _JOINS
        if units and (joined or unicodedata.category(letter)[0] == "M"):
            units[-1] += letter
        else:
            units.append(letter)
    return units
