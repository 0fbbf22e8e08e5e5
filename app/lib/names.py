"""Texts that people type: one spelling for what looks the same, and nothing invisible as a name."""

import re
import unicodedata

NOTHING_VISIBLE = "must hold something that can be seen"
_BLANK = "\u115f\u1160\U00016fe4\u2800\u3164\uffa0\U0001d159"
"""Letters and signs, by their category, that are drawn as nothing: Hangul fillers, an empty Braille
cell, a musical null."""
_INK = frozenset("LNPS")
"""Letters, numbers, punctuation, symbols. Marks need a letter before them."""
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_EMBEDDING = re.compile("[\u202a-\u202e]")
_EDGES = " \t\r\n\u00a0\u00ad\u200b\u2060\u3000\ufeff" + _BLANK
"""Removed from both ends, where nobody sees them. Joiners stay: one may end a word of Malayalam."""


def is_visible(text: str) -> bool:
    """Return whether anything of the text is drawn."""
    return any(unicodedata.category(sign)[0] in _INK and sign not in _BLANK for sign in text)


def tidy_line(text: str) -> str:
    """A name or title as it is kept: in NFC, without invisible ends and without signs that turn
    the direction of what follows it on a page; letters do that by themselves.

    A text of which nothing is visible stays as it is, to be refused.
    """
    return _tidied(text, _BIDI)


def tidy_text(text: str) -> str:
    """A text of several lines as it is kept: as a line, but marks of direction may stay."""
    return _tidied(text, _EMBEDDING)


def _tidied(text: str, turning: re.Pattern[str]) -> str:
    tidied = turning.sub("", unicodedata.normalize("NFC", text)).strip(_EDGES)
    return tidied if is_visible(tidied) else text.strip()
