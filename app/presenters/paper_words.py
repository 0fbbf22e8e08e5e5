"""Texts on paper, each in its own direction."""

import unicodedata
from typing import Any

Words = dict[str, Any]
"""A text, and whether its first letter is of a script that is written from the right."""


def words(text: str) -> Words:
    strong = (unicodedata.bidirectional(letter) for letter in text)
    first = next((kind for kind in strong if kind in {"L", "R", "AL"}), "L")
    return {"text": text, "rtl": first != "L"}


def labelled(label: str, value: str, more: str | None = None) -> dict[str, Any]:
    """A fact: its label, its value, and what is said below."""
    return {"label": str(label), **words(str(value)), "more": words(str(more or ""))}
