"""Response cache: whole responses, valid until the data they were made from changes.

What differs from visitor to visitor, or with each booking, is not in them: there a mark stands,
which is replaced in each answer (see `page_marks`).
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

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
    parts: list[Part]
    headers: list[tuple[str, str]]


class CachedText(NamedTuple):
    """A part of a page: text, and marks between."""

    parts: list[str | AnyMark]

    def filled(self, texts: Texts) -> str:
        return "".join([part if isinstance(part, str) else texts(part) for part in self.parts])

    def replaced(self, pieces: Mapping[AnyMark, str]) -> str:
        """The same with all pieces at hand, which takes a fourth of the time."""
        return "".join([part if part.__class__ is str else pieces[part] for part in self.parts])  # type: ignore[index]


class _Entry(NamedTuple):
    etag: Hashable
    made: Any
    size: int


class ResponseCache:
    """Cache of one process, without a lock: at worst two threads make the same response."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}
        self._size = 0

    def answer(
        self, key: Hashable, etag: Hashable, make: Callable[[], Response], texts: Texts
    ) -> Response:
        """Return the entry of `key` if its `etag` matches, else `make` it; keeps 200s only."""
        found: CachedResponse | None = self._found(key, etag)
        if found is None:
            response = make()
            if response.status_code != 200:
                return response
            headers = [header for header in response.headers if header[0] != "Content-Length"]
            body = response.get_data()
            found = CachedResponse(split(body), headers)
            self._keep(key, etag, found, len(body))
        return Response(_filled(found, texts), headers=found.headers)

    def text(self, key: Hashable, etag: Hashable, make: Callable[[], str]) -> CachedText:
        """Return a part of a page, as `answer` does a whole response."""
        found: CachedText | None = self._found(key, etag)
        if found is None:
            body = make().encode()
            found = CachedText([_text(part) for part in split(body)])
            self._keep(key, etag, found, len(body))
        return found

    def _found(self, key: Hashable, etag: Hashable) -> Any:
        entry = self._entries.get(key)
        return entry.made if entry is not None and entry.etag == etag else None

    def _keep(self, key: Hashable, etag: Hashable, made: Any, size: int) -> None:
        if former := self._entries.pop(key, None):
            self._size -= former.size
        if len(self._entries) >= MAX_ENTRIES or self._size + size > MAX_BYTES:
            self._entries, self._size = {}, 0
        self._entries[key] = _Entry(etag, made, size)
        self._size += size


def _filled(found: CachedResponse, texts: Texts) -> bytes:
    return b"".join(
        part if isinstance(part, bytes) else texts(part).encode() for part in found.parts
    )


def _text(part: Part) -> str | AnyMark:
    return part.decode() if isinstance(part, bytes) else part


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
