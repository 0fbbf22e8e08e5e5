"""Which script a text is in, as pages say it: `lang` where the letters tell, and a direction."""

import unicodedata
from functools import lru_cache

from markupsafe import Markup

LANGUAGES = {
    **{"TELUGU": "te", "TAMIL": "ta", "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu"},
    **{"GURMUKHI": "pa", "ORIYA": "or", "SINHALA": "si", "THAI": "th", "LAO": "lo", "KHMER": "km"},
    **{"MYANMAR": "my", "TIBETAN": "bo", "GEORGIAN": "ka", "ARMENIAN": "hy", "GREEK": "el"},
    **{"HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "MEETEI": "mni", "HEBREW": "he"},
    # Scripts of several languages: a screen reader must not read Marathi as if it were Hindi, and
    # need not read it as if it were English.
    **{"DEVANAGARI": "und-Deva", "BENGALI": "und-Beng", "ARABIC": "und-Arab"},
    **{"CYRILLIC": "und-Cyrl", "CJK": "und-Hani", "OL": "sat", "ETHIOPIC": "und-Ethi"},
}
"""By the first word of the names that Unicode gives to a script's letters."""
URDU = frozenset("ٹڈڑےں")
"""Letters of Urdu that neither Arabic nor Persian has."""
TURNING = {"R", "AL", "AN"}
"""Classes of letters (UAX 9) that would change the direction of what stands around them."""


@lru_cache(maxsize=2_000)
def language_of(text: str) -> str | None:
    """The language that most letters of the text belong to; None for Latin, and for no letters."""
    counts: dict[str | None, int] = {}
    for letter in text[:200]:
        if letter.isalpha():
            tag = LANGUAGES.get(unicodedata.name(letter, "").split(" ")[0])
            counts[tag] = counts.get(tag, 0) + 1
    if "ja" in counts and "und-Hani" in counts:
        counts["ja"] += counts.pop("und-Hani")
    tag = max(counts, key=lambda tag: counts[tag], default=None)
    return "ur" if tag == "und-Arab" and not URDU.isdisjoint(text) else tag


def own_script(text: str) -> Markup:
    """Attributes for the element that holds only this text: `dir="auto" lang="te"`."""
    language = language_of(text)
    lang = Markup(' lang="{}"').format(language) if language else ""
    return Markup('dir="auto"') + lang


def isolated(text: str) -> str:
    """The text within a sentence, whose direction it does not change."""
    if language := language_of(text):
        return Markup('<bdi lang="{}">{}</bdi>').format(language, text)
    if any(unicodedata.bidirectional(letter) in TURNING for letter in text):
        return Markup("<bdi>{}</bdi>").format(text)
    return text
