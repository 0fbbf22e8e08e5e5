"""An organiser's text on the page: formatted, and never more than text."""

from html.parser import HTMLParser

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.presenters.markdown import SCHEMES, TAGS, plain, rendered


def test_what_people_write_is_formatted():
    text = "Bring **a shawl**.\n\n- warm\n- dry\n\n[More](https://example.org/more)"
    assert rendered(text) == (
        "<p>Bring <strong>a shawl</strong>.</p>\n<ul>\n<li>warm</li>\n<li>dry</li>\n</ul>\n"
        '<p><a href="https://example.org/more" rel="nofollow ugc noopener">More</a></p>\n'
    )


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# A\n# B", "22"),
        ("### A\n##### B\n### C", "232"),
        ("# A\n## B\n### C\n#### D\n##### E\n###### F", "234566"),
        ("## A\n# B\n### C", "223"),
    ],
)
def test_headings_stand_below_the_pages_own_and_pass_no_level_over(text, levels):
    html = rendered(text)
    assert "".join(html[i + 2] for i in range(len(html)) if html.startswith("<h", i)) == levels


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](data:text/html,x)",
        "![a picture](https://example.org/pixel.gif)",
        '<a href="https://example.org" onclick="x()">x</a>',
        "<style>body{display:none}</style>",
        "<iframe src=https://example.org></iframe>",
        '[x](https://example.org "a\\" onmouseover=x")',
    ],
)
def test_nothing_runs_loads_or_hides(text):
    harmless(rendered(text))


MARKS = r"""[]()!<>\"'`*_#:/aj """


@pytest.mark.long
@given(st.text(max_size=300) | st.text(MARKS + "\n", max_size=60))
def test_whatever_is_written_only_harmless_tags_come_out(text):
    harmless(rendered(text))


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def harmless(html):
    for tag, attributes in Tags(html).found:
        assert tag in TAGS
        assert attributes.keys() <= {"href", "title", "rel", "start", "lang"}
        if tag == "a" and "href" in attributes:
            scheme, colon, _rest = attributes["href"].partition(":")
            assert not colon or scheme.lower() in SCHEMES or "/" in scheme or "#" in scheme


@pytest.mark.parametrize(
    ("text", "href", "words"),
    [
        ("See https://a.example/x_y?b=1&c=2.", "https://a.example/x_y?b=1&c=2", None),
        ("at www.mela.in, or", "https://www.mela.in", "www.mela.in"),
        ("(tickets.com/fair)", "https://tickets.com/fair", "tickets.com/fair"),
        ("ask a.b@mela.in", "mailto:a.b@mela.in", "a.b@mela.in"),
        ("https://తెలుగు.భారత్/", "https://xn--1ocz5b4cb0a.xn--fpcrj9c3d/", "https://తెలుగు.భారత్/"),
    ],
)
def test_a_bare_address_becomes_a_link(text, href, words):
    tree = html5lib.parseFragment(rendered(text), namespaceHTMLElements=False)
    (link,) = tree.iter("a")
    assert (link.get("href"), link.text) == (href, words or href)
    assert link.get("rel") == "nofollow ugc noopener"


@pytest.mark.parametrize(
    "text", ["at seven.In case", "7.pm", "`https://a.example`", "ftp://a.example", "//a.example"]
)
def test_what_is_no_address_or_is_code_becomes_no_link(text):
    assert "<a " not in rendered(text)


def test_single_line_ends_are_kept():
    assert rendered("Bring:\nwater\na hat").split() == [
        "<p>Bring:<br>",
        "water<br>",
        "a",
        "hat</p>",
    ]


def test_its_words_alone_are_one_line():
    assert plain("## Hi\n\nYou & **me**\n\n- <b>x</b>") == "Hi You & me <b>x</b>"
