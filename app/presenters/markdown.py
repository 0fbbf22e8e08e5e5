"""Organisers' Markdown as safe HTML, and as plain text."""

import html
import re
from collections.abc import Sequence
from functools import lru_cache

import nh3
from linkify_it import LinkifyIt
from linkify_it.main import Match
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr"}
TAGS |= {"h2", "h3", "h4", "h5", "h6"}
SCHEMES = {"http", "https", "mailto", "tel"}

_BLOCK_END = re.compile(r"</(p|h\d|ul|ol|blockquote|pre)>|<hr>")
_LINE_END = re.compile(r"<br>\n?")
_ITEM = re.compile(r"<li>\n?")
_EMPTY_LINES = re.compile(r"\n\s*\n")

DOMAINS = (".com", ".org", ".net", ".edu", ".gov", ".info")
"""Ends of an address written without `https://` or `www.`. Two letters are too often the word after
a full stop without a space: "at seven.In case of rain"."""


class _Links(LinkifyIt):  # type: ignore[misc] # it has no types
    """Finds addresses in text."""

    def match(self, text: str) -> list[Match] | None:
        """Return the addresses, or None. One without a scheme is taken to be on HTTPS."""
        found = [link for link in super().match(text) or [] if link.schema or _is_address(link)]
        for link in found:
            if not link.schema:
                link.url = link.url.replace("http://", "https://", 1)
        return found or None


def _is_address(link: Match) -> bool:
    host: str = link.text.lower().partition("/")[0]
    return host.startswith("www.") or host.endswith(DOMAINS)


_parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": True})
_parser.disable("image").enable("linkify")
_parser.linkify = _Links().add("ftp:", None).add("//", None)


@lru_cache(maxsize=1_000)
def rendered(text: str) -> Markup:
    """Return the text as safe HTML, its headings below the page's `h1`; no scripts or images.

    Line ends are kept, and addresses become links, as whoever types a description expects.
    The parser escapes raw HTML in the text, and the sanitiser would remove it again.
    """
    tokens = _parser.parse(text)
    _order_headings(tokens)
    unsafe = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(
        unsafe,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=SCHEMES,
        link_rel="nofollow ugc noopener",
    )
    return Markup(clean)  # noqa: S704 - sanitised by nh3 right above


def _order_headings(tokens: Sequence[Token]) -> None:
    """Renumber the headings in place: the first is `h2`, and no level is skipped."""
    above: list[str] = []
    for opening, _inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "heading_open":
            while above and above[-1] >= opening.tag:
                above.pop()
            above.append(opening.tag)
            opening.tag = closing.tag = f"h{min(len(above) + 1, 6)}"


def paragraphs(text: str) -> str:
    """Return the text without markup, in its paragraphs and lines."""
    spaced = _BLOCK_END.sub("\\g<0>\n", _LINE_END.sub("\n", str(rendered(text))))
    bare = html.unescape(nh3.clean(_ITEM.sub("<li>- ", spaced), tags=set()))
    return _EMPTY_LINES.sub("\n\n", bare).strip()


@lru_cache(maxsize=1_000)
def plain(text: str) -> str:
    """Return the text without markup, on one line."""
    return " ".join(html.unescape(nh3.clean(str(rendered(text)), tags=set())).split())
