"""Response cache: whole responses, valid until the data they were made from changes.

What differs from visitor to visitor, or with each booking, is not in them: there a mark stands,
which is replaced in each answer (see `page_marks`).
"""

from collections.abc import Callable, Hashable
from functools import partial
from typing import NamedTuple

from flask import Response, current_app, request

from app.edge.page_marks import AnyMark, Part, split
from app.services.catalogue import CatalogueSnapshot

MAX_ENTRIES = 2_000
MAX_BYTES = 32 * 1024 * 1024
"""Bytes of all bodies in the cache of a process."""
MAX_KEY_LENGTH = 500

Texts = Callable[[AnyMark], str]
"""Gives what replaces a mark."""


class CachedResponse(NamedTuple):
    etag: Hashable
    parts: list[Part]
    headers: list[tuple[str, str]]
    size: int


class ResponseCache:
    """Cache of one process, without a lock: at worst two threads make the same response."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, CachedResponse] = {}
        self._size = 0

    def answer(
        self, key: Hashable, etag: Hashable, make: Callable[[], Response], texts: Texts
    ) -> Response:
        """Return the entry of `key` if its `etag` matches, else `make` it; keeps 200s only."""
        entry = self._entries.get(key)
        if entry is None or entry.etag != etag:
            response = make()
            if response.status_code != 200:
                return response
            headers = [header for header in response.headers if header[0] != "Content-Length"]
            entry = self._kept(key, etag, response.get_data(), headers)
        return Response(_filled(entry, texts), headers=entry.headers)

    def text(
        self, key: Hashable, etag: Hashable, make: Callable[[], str]
    ) -> Callable[[Texts], str]:
        """Return a part of a page, as `answer` does a whole response; it is called with each of
        the texts that replace its marks."""
        entry = self._entries.get(key)
        if entry is None or entry.etag != etag:
            entry = self._kept(key, etag, make().encode(), [])
        return partial(_filled_text, [_text(part) for part in entry.parts])

    def _kept(
        self, key: Hashable, etag: Hashable, body: bytes, headers: list[tuple[str, str]]
    ) -> CachedResponse:
        entry = CachedResponse(etag, split(body), headers, len(body))
        if former := self._entries.pop(key, None):
            self._size -= former.size
        if len(self._entries) >= MAX_ENTRIES or self._size + entry.size > MAX_BYTES:
            self._entries, self._size = {}, 0
        self._entries[key] = entry
        self._size += entry.size
        return entry


def _filled(entry: CachedResponse, texts: Texts) -> bytes:
    return b"".join(
        part if isinstance(part, bytes) else texts(part).encode() for part in entry.parts
    )


def _text(part: Part) -> str | AnyMark:
    return part.decode() if isinstance(part, bytes) else part


def _filled_text(parts: list[str | AnyMark], texts: Texts) -> str:
    return "".join([part if isinstance(part, str) else texts(part) for part in parts])


def no_texts(mark: AnyMark) -> str:
    """For responses without marks."""
    raise KeyError(mark)


def cached(
    snapshot: CatalogueSnapshot,
    make: Callable[[], Response],
    *variant: Hashable,
    etag: Hashable = None,
    texts: Texts = no_texts,
) -> Response:
    """Return the cached response for this URL, calling `make` when the snapshot is another.

    The response must depend on the URL, the snapshot (or on what `etag` tells of it) and `variant`
    only, not on the visitor, except for the `texts` that replace its marks. The key holds
    everything that its links are built from.
    """
    cache: ResponseCache = current_app.extensions["response_cache"]
    query = request.environ["QUERY_STRING"]
    if len(query) > MAX_KEY_LENGTH:
        return cache.answer(None, object(), make, texts)
    address = (request.scheme, request.host, request.root_path, request.path, query)
    return cache.answer((*address, *variant), etag or snapshot.etag, make, texts)
