"""Response cache: whole responses, valid until the data they were made from changes.

What differs from visitor to visitor is not in them: there a mark stands, which is replaced with the
visitor's own piece in each answer. Marks are random: no text of an organiser can hold one.
"""

import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from typing import NamedTuple

from flask import Response, current_app, request

from app.services.catalogue import CatalogueSnapshot

MAX_ENTRIES = 500
MAX_BYTES = 32 * 1024 * 1024
"""Bytes of all bodies in the cache of a process."""
MAX_KEY_LENGTH = 500


class Mark(Enum):
    """Stands in a cached page for a piece of the visitor's own."""

    NAME = f"@{secrets.token_hex(12)}@"
    TOKEN = f"@{secrets.token_hex(12)}@"
    KEY = f"@{secrets.token_hex(12)}@"
    TICKET_URL = f"@{secrets.token_hex(12)}@"


Pieces = Mapping[Mark, Callable[[], str]]
_MARKS = {mark.value.encode(): mark for mark in Mark}
_ANY_MARK = re.compile(b"(" + b"|".join(_MARKS) + b")")


class CachedResponse(NamedTuple):
    etag: Hashable
    parts: list[bytes | Mark]
    headers: list[tuple[str, str]]
    size: int


class ResponseCache:
    """Cache of one process, without a lock: at worst two threads make the same response."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, CachedResponse] = {}
        self._size = 0

    def answer(
        self, key: Hashable, etag: Hashable, make: Callable[[], Response], pieces: Pieces
    ) -> Response:
        """Return the entry of `key` if its `etag` matches, else `make` it; keeps 200s only."""
        entry = self._entries.get(key)
        if entry is None or entry.etag != etag:
            response = make()
            if response.status_code != 200:
                return response
            entry = _entry(etag, response)
            self._keep(key, entry)
        return Response(_filled(entry, pieces), headers=entry.headers)

    def _keep(self, key: Hashable, entry: CachedResponse) -> None:
        if former := self._entries.pop(key, None):
            self._size -= former.size
        if len(self._entries) >= MAX_ENTRIES or self._size + entry.size > MAX_BYTES:
            self._entries, self._size = {}, 0
        self._entries[key] = entry
        self._size += entry.size


def _entry(etag: Hashable, response: Response) -> CachedResponse:
    body = response.get_data()
    parts = [_MARKS.get(part, part) for part in _ANY_MARK.split(body)]
    headers = [header for header in response.headers if header[0] != "Content-Length"]
    return CachedResponse(etag, parts, headers, len(body))


def _filled(entry: CachedResponse, pieces: Pieces) -> bytes:
    if len(entry.parts) == 1:
        return entry.parts[0]  # type: ignore[return-value]
    return b"".join(
        pieces[part]().encode() if isinstance(part, Mark) else part for part in entry.parts
    )


def cached(
    snapshot: CatalogueSnapshot,
    make: Callable[[], Response],
    *variant: Hashable,
    pieces: Pieces | None = None,
) -> Response:
    """Return the cached response for this URL, calling `make` when the snapshot is another.

    The response must depend on the URL, the snapshot and `variant` only, not on the visitor, except
    for the `pieces` that replace its marks. The key holds everything that its links are built from.
    """
    cache: ResponseCache = current_app.extensions["response_cache"]
    query = request.environ["QUERY_STRING"]
    if len(query) > MAX_KEY_LENGTH:
        return cache.answer(None, object(), make, pieces or {})
    address = (request.scheme, request.host, request.root_path, request.path, query)
    return cache.answer((*address, *variant), snapshot.etag, make, pieces or {})
