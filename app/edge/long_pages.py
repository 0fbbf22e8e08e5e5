"""Pages of any length, sent while they are rendered: other requests of the process run between."""

from collections.abc import Iterator
from itertools import islice

from flask import Response, stream_template, stream_with_context

from app.edge.exports import paced

PIECES = 500
"""Pieces of a template's text in a chunk: some milliseconds of work."""


def long_page(template: str, status: int = 200, /, **context: object) -> Response:
    """Return the rendered template; the context must need no database any more."""
    chunks = _chunks(stream_template(template, **context))
    return Response(stream_with_context(paced(chunks)), status)


def _chunks(pieces: Iterator[str]) -> Iterator[str]:
    while chunk := "".join(islice(pieces, PIECES)):
        yield chunk
