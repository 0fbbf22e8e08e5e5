"""Typed texts and addresses: one spelling each, and nothing invisible as a name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidField
from app.lib.emails import one_spelling, spellings
from app.lib.names import is_visible, tidy_line, tidy_text
from app.models import ApiToken, Event, StaffKey, User

UNSEEN = {
    "zero width": "\u200b",
    "joiners": "\u200d\u200c",
    "hangul filler": "\u3164",
    "other fillers": "\u115f\u1160\uffa0",
    "blank braille": "\u2800",
    "lone bidi": "\u202e\u200f\u2066",
    "variation selector": "\ufe0f",
    "combining marks": "\u0301\u0c3e",
    "soft hyphen": "\u00ad",
    "grapheme joiner": "\u034f",
    "tags": "\U000e0041\U000e007f",
    "byte order mark": "\ufeff",
    "musical null": "\U0001d159",
    "private use": "\ue000",
    "all with spaces": " \u200b\u3000\u3164 \u2800",
}
SEEN = {
    "emoji family": "👨‍👩‍👧",
    "flag": "🏳️‍🌈",
    "hindi with joiner": "क्‍ष",
    "chillu of old": "അവന്‍",
    "persian": "می‌خواهم",
    "telugu": "ఉత్సవం",
    "urdu": "اردو",
    "thai": "เพลงที่",
    "stops": "…",
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_nothing_is_seen_of_it_and_it_is_no_name_of_anything(text):
    assert not is_visible(text)
    for model, field in [
        *((Event, name) for name in ("name", "venue", "address", "city", "category")),
        *((Event, "description"), (User, "name"), (StaffKey, "name"), (ApiToken, "name")),
    ]:
        with pytest.raises(InvalidField) as refusal:
            model(**{field: text})
        assert refusal.value.field == field


@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN)
def test_what_joins_letters_and_emoji_stays_as_it_is(text):
    assert is_visible(text)
    assert tidy_line(text) == text == tidy_text(text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Cafe\u0301", "Café"),
        ("\u202eJazz\u202c by \u2067the\u2069 Bay\u200f", "Jazz by the Bay"),
        ("\ufeffMeena\u200b", "Meena"),
        ("\u3164 Meena \u2800", "Meena"),
        ("  ", ""),
    ],
)
def test_a_name_is_kept_in_one_spelling(typed, kept):
    assert tidy_line(typed) == kept
    assert User(name=typed, email="a@example.com").name == kept


def test_a_description_keeps_its_lines_and_its_marks_but_no_override():
    assert tidy_text(" e\u0301\n\u202eC++\u200f\n") == "é\nC++\u200f"


@pytest.mark.long
@given(st.text())
def test_tidying_twice_is_tidying_once_and_gives_nfc(text):
    for tidy in (tidy_line, tidy_text):
        once = tidy(text)
        assert tidy(once) == once
        assert not is_visible(once) or unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Anna@BÜCHER.example", "anna@bücher.example"),
        ("anna@xn--bcher-kva.example", "anna@bücher.example"),
        ("ANNA@XN--BCHER-KVA.EXAMPLE", "anna@bücher.example"),
        ("anna@bu\u0308cher.example", "anna@bücher.example"),
        ("ANNE\u0301@example.com", "anné@example.com"),
        ("a@straße.example", "a@straße.example"),
        ("a@ｅｘａｍｐｌｅ。com", "a@example.com"),
        ("मीना@xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g", "मीना@उदाहरण.परीक्षा"),
        ("Nobody", "nobody"),
        ("a@xn--a", "a@xn--a"),
        ("a@" + "ü" * 5_000, "a@" + "ü" * 5_000),
        ("\ud800@\ud800", "\ud800@\ud800"),
    ],
)
def test_an_address_has_one_spelling(typed, kept):
    assert one_spelling(typed) == kept
    assert one_spelling(kept) == kept


@pytest.mark.parametrize("typed", ["Anna@Example.com ", "a@xn--a", "\ud800@\ud800", ""])
def test_an_address_that_had_one_spelling_ever_is_looked_up_by_it_alone(typed):
    assert spellings(typed) == [one_spelling(typed)]


@given(st.text())
def test_an_address_is_looked_up_as_typed_first_and_by_its_one_spelling(text):
    found = spellings(text)
    assert found[0] == text.strip().lower()
    assert one_spelling(text) in found


@given(st.text())
def test_spelling_an_address_twice_is_spelling_it_once(text):
    assert one_spelling(one_spelling(text)) == one_spelling(text)
