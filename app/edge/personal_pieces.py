"""Pages that are the same for all visitors but for a few pieces of their own.

Such a page is rendered once for each state of what it shows, and the name and the form's token of
the visitor are put into each answer (see `page_marks`).
"""

from collections.abc import Callable, Hashable

from flask import Response, g, session
from markupsafe import escape

from app.edge import forged_requests
from app.edge.page_marks import AnyMark, Mark, Pieces, SeatMark
from app.edge.response_cache import cached
from app.edge.seat_counts import SharedCounts
from app.edge.session import current_user, is_anonymous
from app.presenters.scripts import isolated
from app.services.catalogue import CatalogueSnapshot


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
    if not is_anonymous() and session.get("_flashes"):
        return make()  # with a message for this visitor
    who = "anonymous" if is_anonymous() else "user" if current_user() else "guest"
    own: Pieces = {Mark.NAME: _name, Mark.TOKEN: forged_requests.form_token, **(pieces or {})}
    counts = SharedCounts(snapshot)

    def text(mark: AnyMark) -> str:
        return counts.text(mark) if isinstance(mark, SeatMark) else own[mark]()

    def made() -> Response:
        g.is_shared, g.shared_counts = True, counts
        try:
            return make()
        finally:
            g.is_shared = False
            del g.shared_counts

    return cached(snapshot, made, who, *variant, etag=counts.etag, texts=text)


def is_shared() -> bool:
    """Whether a page for many visitors is being rendered, with marks for their own pieces."""
    return bool(g.get("is_shared"))


def visitor_name() -> str:
    """Return the signed-in user's name, or its mark."""
    return Mark.NAME.value if is_shared() else _name()


def form_token() -> str:
    """Return the token of the visitor's forms, or its mark."""
    return Mark.TOKEN.value if is_shared() else forged_requests.form_token()


def _name() -> str:
    user = current_user()
    return escape(isolated(user.display_name)) if user else ""
