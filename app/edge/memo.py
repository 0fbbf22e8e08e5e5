"""Answers that are kept as they were sent, for as long as what they were made of is the same."""

from collections.abc import Callable, Hashable
from typing import NamedTuple

from flask import Response, current_app, request

from app.services.catalogue import Reading

KEPT_MOST = 500
LONGEST_KEY = 500


class Kept(NamedTuple):
    stamp: Hashable
    body: bytes
    headers: list[tuple[str, str]]


class Memo:
    """One per process. Plain dictionaries: two threads at worst make the same answer twice."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Kept] = {}

    def answer(self, key: Hashable, stamp: Hashable, make: Callable[[], Response]) -> Response:
        kept = self._kept.get(key)
        if kept is None or kept.stamp != stamp:
            made = make()
            if made.status_code != 200:
                return made
            kept = Kept(stamp, made.get_data(), list(made.headers))
            if len(self._kept) >= KEPT_MOST:
                self._kept = {}
            self._kept[key] = kept
        return Response(kept.body, headers=kept.headers)


def remembered(reading: Reading, make: Callable[[], Response], *variant: Hashable) -> Response:
    """The answer to this address, made anew only when the reading is another.

    It must depend on nothing but the address, the reading and `variant`: not on who asks. The key
    is all that its links are made of.
    """
    query = request.environ["QUERY_STRING"]
    if len(query) > LONGEST_KEY:
        return make()
    memo: Memo = current_app.extensions["memo"]
    address = (request.scheme, request.host, request.root_path, request.path, query)
    return memo.answer((*address, *variant), reading.stamp, make)
