"""Letters as they are compared when people search, and names as parts of addresses."""

import re
import unicodedata
from urllib.parse import quote

_KEPT = "oldidhtσ"
_SENT = "øłđıðħŧς" + "'\u02bb\u02bc\u2018\u2019\u201b\u00b4`\u200c\u200d"
"""Letters that Unicode does not take apart, each with its plain one of `_KEPT`; then what is left
out: every kind of apostrophe, and joiners."""
_PLAIN = str.maketrans(_SENT[: len(_KEPT)], _KEPT, _SENT[len(_KEPT) :])
_ACCENTS = r"\u0300-\u036f"
"""Of Latin, Greek and Cyrillic. Vowel signs of other scripts stay: without them a word is another
word."""
MAX_SLUG, MAX_SENT_SLUG = 80, 180
"""Characters of a slug, and of the same as it travels: a Telugu letter takes nine."""


def fold(text: str) -> str:
    """The text without case, accents and apostrophes: `O’Brién` becomes `obrien`."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_PLAIN))
    return re.sub(f"[{_ACCENTS}]", "", plain).lower()


def slug_of(name: str) -> str:
    """The name as a part of an address, in its own script: `Ōnam Sadya` becomes `onam-sadya`."""
    letters = unicodedata.normalize("NFC", fold(name).replace("ß", "ss"))
    words = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in letters).split()
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word
        if _is_long(longer):
            break
        slug = longer
    return slug or _cut(words[0] if words else "")


def _cut(word: str) -> str:
    while _is_long(word):
        word = word[:-1]
    return word


def _is_long(slug: str) -> bool:
    return len(slug) > MAX_SLUG or len(quote(slug)) > MAX_SENT_SLUG


def folded_sql(text: str) -> str:
    """The SQL expression of `fold`, for indexes: all its functions are immutable."""
    sent, kept = _SENT.replace("'", "''"), _KEPT
    plain = f"normalize(translate(lower({text}), '{sent}', '{kept}'), NFKD)"
    return f"lower(regexp_replace({plain}, '[{_ACCENTS}]', '', 'g'))"
