"""Response cache: whole responses, valid until the data they were made from changes."""

from collections.abc import Callable, Hashable
from typing import NamedTuple

from flask import Response, current_app, request

from app.services.catalogue import CatalogueSnapshot

MAX_ENTRIES = 500
MAX_KEY_LENGTH = 500


class CachedResponse(NamedTuple):
    etag: Hashable
    body: bytes
    headers: list[tuple[str, str]]


class ResponseCache:
    """Cache of one process, without a lock: at worst two threads make the same response."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, CachedResponse] = {}

    def answer(self, key: Hashable, etag: Hashable, make: Callable[[], Response]) -> Response:
        """Return the entry of `key` if its `etag` matches, else `make` it; keeps 200s only."""
        entry = self._entries.get(key)
        if entry is None or entry.etag != etag:
            response = make()
            if response.status_code != 200:
                return response
            entry = CachedResponse(etag, response.get_data(), list(response.headers))
            if len(self._entries) >= MAX_ENTRIES:
                self._entries = {}
            self._entries[key] = entry
        return Response(entry.body, headers=entry.headers)


def cached(
    snapshot: CatalogueSnapshot, make: Callable[[], Response], *variant: Hashable
) -> Response:
    """Return the cached response for this URL, calling `make` when the snapshot is another.

    The response must depend on the URL, the snapshot and `variant` only, not on the visitor. The
    key holds everything that its links are built from.
    """
    query = request.environ["QUERY_STRING"]
    if len(query) > MAX_KEY_LENGTH:
        return make()
    cache: ResponseCache = current_app.extensions["response_cache"]
    address = (request.scheme, request.host, request.root_path, request.path, query)
    return cache.answer((*address, *variant), snapshot.etag, make)
