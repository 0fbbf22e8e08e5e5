"""An organiser's text: formatted, and never more than text, whatever it is."""

import html5lib
from hypothesis import given
from hypothesis import strategies as st

from app.presenters.markdown import SCHEMES, TAGS, plain, rendered
from tests.fuzz.search import drawn, quick
from tests.fuzz.texts import SPECIAL
from tests.fuzz.texts import plain as any_text

BITS = [
    *("<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "&", "&#106;", "&colon;"),
    *("&#x3a;", "&lt;", "\\", "`", "```", "~~~", "*", "**", "_", "#", "## ", "> ", "- ", "1. "),
    *("    ", "\t", "\n", "\n\n", "[", "]", "](", "[a]: ", "![", "<a href=", "'", '"', ")", "("),
    *("javascript:", "JaVaScRiPt:", "java\tscript:", "data:text/html,", "vbscript:", "//e", "\x00"),
    *("https://e.example/", "mailto:a@e", "<script>", "<svg onload=x>", "<img src=x onerror=y>"),
    *("<style>", "<math>", "<template>", "<noscript>", "<plaintext>", "<textarea>", "onclick=x"),
    *("hx-get=/x", "style=x", "id=x", "{{7*7}}", "\ufffe", "\u202e", "word", *SPECIAL),
]
written = st.lists(st.sampled_from(BITS) | any_text, max_size=25).map("".join)


def elements(html):
    """As a browser builds them: the WHATWG's parser, not ours."""
    tree = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    return [element for element in tree.iter() if element is not tree]


@quick
@given(written)
def test_a_browser_finds_nothing_that_runs_loads_or_hides(text):
    for element in elements(rendered(text)):
        assert element.tag in TAGS
        assert element.attrib.keys() <= {"href", "rel", "start"}
        href = "".join(c for c in element.get("href", "") if c > " ").lower()
        scheme, colon, _rest = href.partition(":")
        assert not colon or scheme in SCHEMES or set(scheme) & set("/?#"), href
        assert element.tag != "a" or "noopener" in element.get("rel")


@quick
@given(written)
def test_headings_begin_below_the_pages_own_and_pass_no_level_over(text):
    level = 1
    for element in elements(rendered(text)):
        if element.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            assert 2 <= int(element.tag[1]) <= level + 1
            level = int(element.tag[1])


@quick
@given(written)
def test_the_words_alone_are_one_line_and_the_same_as_those_that_are_shown(text):
    words = plain(text)
    assert words == " ".join(words.split())
    shown = html5lib.parseFragment(rendered(text), treebuilder="etree")
    assert "".join(words.split()) == "".join("".join(shown.itertext()).split())


@quick
@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=1, max_size=20))
def test_words_come_out_as_they_went_in(words):
    assert plain(" ".join(words)) == " ".join(words)


@drawn
@given(st.lists(st.sampled_from(BITS), min_size=1, max_size=3).map("".join))
def test_no_text_of_full_length_takes_the_machine(text):
    full = (text * 20_000)[:20_000]
    # Its time is held by the limit on the whole run; its size is held here.
    assert len(rendered(full)) < 100 * len(full)
