"""Answers that are kept as they were sent, for as long as what they were made of is the same."""

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
    """One per process. Plain dictionaries: two threads at worst make the same answer twice."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, CachedResponse] = {}

    def answer(self, key: Hashable, etag: Hashable, make: Callable[[], Response]) -> Response:
        kept = self._kept.get(key)
        if kept is None or kept.etag != etag:
            made = make()
            if made.status_code != 200:
                return made
            kept = CachedResponse(etag, made.get_data(), list(made.headers))
            if len(self._kept) >= MAX_ENTRIES:
                self._kept = {}
            self._kept[key] = kept
        return Response(kept.body, headers=kept.headers)


def cached(
    snapshot: CatalogueSnapshot, make: Callable[[], Response], *variant: Hashable
) -> Response:
    """The answer to this address, made anew only when the reading is another.

    It must depend on nothing but the address, the reading and `variant`: not on who asks. The key
    is all that its links are made of.
    """
    query = request.environ["QUERY_STRING"]
    if len(query) > MAX_KEY_LENGTH:
        return make()
    cache: ResponseCache = current_app.extensions["response_cache"]
    address = (request.scheme, request.host, request.root_path, request.path, query)
    return cache.answer((*address, *variant), snapshot.etag, make)
