"""Pages that are the same for all visitors but for a few pieces of their own.

Such a page is rendered once for each state of what it shows, and the name and the form's token of
the visitor are put into each answer (see `page_marks`).
"""

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

from flask import Response, current_app, g, request, session
from markupsafe import escape

from app.edge import forged_requests
from app.edge.page_marks import AnyMark, Mark, NumberedMark, Pieces
from app.edge.response_cache import CachedText, ResponseCache, cached
from app.edge.seat_counts import SharedCounts
from app.edge.session import browser_person, current_user, is_anonymous
from app.presenters.scripts import isolated
from app.services.catalogue import CatalogueSnapshot

Made = TypeVar("Made", Response, str)


def shared_page(
    snapshot: CatalogueSnapshot,
    make: Callable[[], Response],
    *variant: Hashable,
    pieces: Pieces | None = None,
) -> Response:
    """Return the page that `make` renders, with the visitor's pieces and the counts of seats.

    It must depend on the URL, the snapshot and `variant` only; `pieces` gives what it has of the
    visitor besides name and token. Raises what `make` raises.
    """
    if has_message():
        return make()
    own, counts = _own(pieces), SharedCounts(snapshot)

    def text(mark: AnyMark) -> str:
        return counts.text(mark) if isinstance(mark, NumberedMark) else own[mark]()

    def made() -> Response:
        g.shared_counts = counts
        try:
            return _shared(make)
        finally:
            del g.shared_counts

    return cached(snapshot, made, _who(), *variant, etag=counts.etag, texts=text)


def shared_text(make: Callable[[], str], *key: Hashable) -> CachedText:
    """Return a page or a part of one that `make` renders once a second at most for each `key`, with
    marks for what differs (see `with_pieces`).

    It must depend on the key, the endpoint and the time only. Ask `has_message` before sharing a
    whole page.
    """
    cache: ResponseCache = current_app.extensions["response_cache"]
    key = (request.endpoint, _who(), *key)
    return cache.text(key, int(time.monotonic()), lambda: _shared(make))


def with_pieces(text: CachedText, pieces: Pieces) -> str:
    """Return a shared text for this visitor, with these pieces besides name and token."""
    own = _own(pieces)
    return text.filled(lambda mark: own[mark]())


def has_message() -> bool:
    """Whether the next page has a message for this visitor alone."""
    return not is_anonymous() and "_flashes" in session


def _who() -> str:
    return "anonymous" if is_anonymous() else "user" if current_user() else "guest"


def _own(pieces: Pieces | None) -> Pieces:
    return {
        Mark.NAME: _name,
        Mark.PERSON: browser_person,
        Mark.TOKEN: forged_requests.form_token,
        **(pieces or {}),
    }


def _shared(make: Callable[[], Made]) -> Made:
    g.is_shared = True
    try:
        return make()
    finally:
        g.is_shared = False


def is_shared() -> bool:
    """Whether a page for many visitors is being rendered, with marks for their own pieces."""
    return bool(g.get("is_shared"))


def visitor_name() -> str:
    """Return the signed-in user's name, or its mark."""
    return Mark.NAME.value if is_shared() else _name()


def visitor_person() -> str:
    """Return what tells this visitor from the next one at the same browser, or its mark."""
    return Mark.PERSON.value if is_shared() else browser_person()


def form_token() -> str:
    """Return the token of the visitor's forms, or its mark."""
    return Mark.TOKEN.value if is_shared() else forged_requests.form_token()


def _name() -> str:
    user = current_user()
    return escape(isolated(user.display_name)) if user else ""
