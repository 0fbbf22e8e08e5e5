"""Pages say which script a text is in where its letters tell."""

import pytest

from app.presenters.scripts import isolated, language_of, own_script


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("జాజ్ నైట్ Live", "te"),
        ("தமிழ் இசை", "ta"),
        ("ಸಂಗೀತ", "kn"),
        ("ഓണം", "ml"),
        ("ગરબા", "gu"),
        ("ਭੰਗੜਾ", "pa"),
        ("ଓଡ଼ିଶୀ", "or"),
        ("เพลงไทย", "th"),
        ("東京の夜", "ja"),
        ("दिवाली", "und-Deva"),
        ("উৎসব", "und-Beng"),
        ("مهرجان", "und-Arab"),
        ("بڑا میلہ", "ur"),
        ("Наурыз", "und-Cyrl"),
        ("Jazz by the Bay", None),
        ("Diwali दि", None),
        ("2026 🎉", None),
        ("", None),
    ],
)
def test_the_language_is_told_only_where_the_letters_tell(text, language):
    assert language_of(text) == language


def test_a_text_is_marked_as_an_element_and_within_a_sentence():
    assert own_script("Jazz") == 'dir="auto"'
    assert own_script("ഓണം") == 'dir="auto" lang="ml"'
    assert isolated("ഓണം <b>") == '<bdi lang="ml">ഓണം &lt;b&gt;</bdi>'
    assert isolated("Jazz and ש") == "<bdi>Jazz and ש</bdi>"
    assert isolated("Jazz <b>") == "Jazz <b>", "left to the template to escape"
