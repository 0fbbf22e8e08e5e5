"""Static files, answered from memory and compressed, without a Flask request.

Beside a style, a script or a drawing lie copies for brotli and gzip, made by `make compressed`.
What is not plain (a part of a file, another method, an unknown name) is passed on to Flask.
"""

import hashlib
import zlib
from collections.abc import Iterable
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flask import Flask, Response
from werkzeug.http import http_date, is_resource_modified, parse_accept_header
from werkzeug.utils import get_content_type

from app.edge.gthread_worker import waited_too_long
from app.edge.headers import STATIC
from app.edge.request_ids import ROUTE
from app.edge.security import trusted_hosts_check

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""Of a file's copies, by content encoding; the smaller one first."""
PIECE = 64 * 1024
"""Bytes sent at once: a client is given `SEND_TIMEOUT` for each piece."""
PASSED_ON = ("HTTP_RANGE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")
WHOLE, UNCHANGED = "200 OK", "304 NOT MODIFIED"


class Representation(NamedTuple):
    """A file in one encoding, with its headers; `lasting` are those of a 304 response."""

    body: list[bytes]
    headers: list[tuple[str, str]]
    lasting: list[tuple[str, str]]
    etag: str


class StaticFile(NamedTuple):
    """A file as it was read: as it is, and by content encoding."""

    version: tuple[int, int]
    plain: Representation
    encoded: dict[str, Representation]

    def accepted(self, accept_encoding: str) -> Representation:
        """Return the representation that an `Accept-Encoding` header asks for."""
        if self.encoded:
            for encoding in _ranked(accept_encoding):
                return self.encoded[encoding]
        return self.plain


class StaticFolder:
    """The files of a folder, each read when first asked for, and again when it has changed."""

    def __init__(self, root: Path) -> None:
        # Only these names are ever opened, so that no address leads out of the folder.
        self._paths = {
            path.relative_to(root).as_posix(): path
            for path in root.rglob("*")
            if path.is_file() and not is_copy(path.name)
        }
        self._read: dict[str, StaticFile] = {}

    def find(self, name: str) -> StaticFile | None:
        """Return the file of this name; None if there was none at the start, or is no longer."""
        path = self._paths.get(name)
        if path is None:
            return None
        try:
            facts = path.stat()
            version = facts.st_mtime_ns, facts.st_size
            found = self._read.get(name)
            if found is None or found.version != version:
                found = self._read[name] = _read(path, version, facts.st_mtime)
        except OSError:
            return None
        return found

    def response(self, name: str, environ: "WSGIEnvironment") -> Response | None:
        """Return the file as it is, or the part of it that is asked for."""
        found = self.find(name)
        if found is None:
            return None
        body, headers, *_rest = found.plain
        size = sum(map(len, body))
        response = Response(body, headers=headers)
        response.make_conditional(environ, accept_ranges=True, complete_length=size)
        return response


class StaticFiles:
    """WSGI middleware in front of Flask that answers plain requests for static files."""

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._inner = inner
        self._folder: StaticFolder = app.extensions["static_files"]
        self._route = next(rule.rule for rule in app.url_map.iter_rules("static"))
        self._is_ours = trusted_hosts_check(app.extensions["settings"])

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        is_plain = environ["PATH_INFO"].startswith(STATIC) and self._is_plain(environ)
        found = self._folder.find(environ["PATH_INFO"].removeprefix(STATIC)) if is_plain else None
        if found is None:
            return self._inner(environ, start_response)
        environ[ROUTE] = self._route
        chosen = found.accepted(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if not _is_new(environ, chosen):
            start_response(UNCHANGED, [*chosen.lasting])
            return []
        start_response(WHOLE, [*chosen.headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [*chosen.body]

    def _is_plain(self, environ: "WSGIEnvironment") -> bool:
        return (
            environ["REQUEST_METHOD"] in {"GET", "HEAD"}
            and "%00" not in environ["QUERY_STRING"]
            and not any(name in environ for name in PASSED_ON)
            and not waited_too_long()
            and self._is_ours(environ.get("HTTP_HOST", ""))
        )


def is_copy(name: str) -> bool:
    """Whether this is the name of a compressed copy, which has no address of its own."""
    return name.endswith(tuple(SUFFIXES.values()))


def _is_new(environ: "WSGIEnvironment", chosen: Representation) -> bool:
    if "HTTP_IF_NONE_MATCH" not in environ and "HTTP_IF_MODIFIED_SINCE" not in environ:
        return True
    modified = dict(chosen.lasting)["Last-Modified"]
    return is_resource_modified(environ, etag=chosen.etag, last_modified=modified)


@lru_cache(maxsize=500)
def _ranked(accept_encoding: str) -> list[str]:
    """Return the encodings that a client wants no less than none at all, best first."""
    given = parse_accept_header(accept_encoding)
    least = given.quality("identity")
    wanted = {name: given.quality(name) for name in SUFFIXES}
    return sorted(
        (name for name, quality in wanted.items() if quality > 0 and quality >= least),
        key=lambda name: -wanted[name],
    )


def _read(path: Path, version: tuple[int, int], modified: float) -> StaticFile:
    content = path.read_bytes()
    mimetype = guess_type(path.name)[0] or "application/octet-stream"
    kept = [("Last-Modified", http_date(modified))]
    copies = _copies(path, content)
    if copies:
        kept.append(("Vary", "Accept-Encoding"))
    headers = [("Content-Type", get_content_type(mimetype, "utf-8"))]
    # An ETag ending in -gzip would be shortened by Caddy, which takes it for its own.
    name = hashlib.sha256(content).hexdigest()[:20]
    plain = [*headers, ("Accept-Ranges", "bytes")]
    return StaticFile(
        version,
        _representation(content, name, plain, kept),
        {
            encoding: _representation(
                copy, name + SUFFIXES[encoding], [*headers, ("Content-Encoding", encoding)], kept
            )
            for encoding, copy in copies.items()
        },
    )


def _representation(
    body: bytes, etag: str, headers: list[tuple[str, str]], kept: list[tuple[str, str]]
) -> Representation:
    lasting = [*kept, ("ETag", f'"{etag}"')]
    pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)]
    return Representation(
        pieces, [*headers, *lasting, ("Content-Length", str(len(body)))], lasting, etag
    )


def _copies(path: Path, content: bytes) -> dict[str, bytes]:
    """Return the file's copies by encoding; none when they are missing or of an older content.

    A gzip copy ends with the checksum and size of what it holds. A brotli copy tells nothing, but
    both are made at the same time.
    """
    copies = {encoding: path.with_name(path.name + end) for encoding, end in SUFFIXES.items()}
    if not all(copy.is_file() for copy in copies.values()):
        return {}
    held = {encoding: copy.read_bytes() for encoding, copy in copies.items()}
    sums = (zlib.crc32(content), len(content))
    own = b"".join(number.to_bytes(4, "little") for number in sums)
    return held if held["gzip"].endswith(own) else {}
