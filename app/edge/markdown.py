"""An organiser's text: Markdown, as safe HTML and as plain words."""

import html
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr"}
TAGS |= {"h2", "h3", "h4", "h5", "h6"}
SCHEMES = {"http", "https", "mailto", "tel"}

_parser = MarkdownIt("commonmark", {"html": False}).disable("image")


@lru_cache(maxsize=1_000)
def rendered(text: str) -> Markup:
    """As HTML; its headings stand below the page's own. Whatever could run or load is left out.

    The parser writes no HTML of the text's own; the sanitiser would drop it once more.
    """
    tokens = _parser.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    made = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(
        made,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=SCHEMES,
        link_rel="nofollow ugc noopener",
    )
    return Markup(clean)  # noqa: S704 - sanitised by nh3 right above


@lru_cache(maxsize=1_000)
def plain(text: str) -> str:
    """Its words alone, on one line."""
    return " ".join(html.unescape(nh3.clean(str(rendered(text)), tags=set())).split())
