"""Long JSON answers, made for one reader: without spaces, and compressed."""

import gzip
import json
from typing import Any

from flask import Response, request

LEVEL = 5
"""Of gzip: level 9 takes 5 % more from a list of guests, in twice the time."""
LEAST = 1_000
"""Bytes; less fits into one packet anyhow."""


def compact_json(facts: dict[str, Any], **written: str) -> Response:
    """Return facts as JSON, compressed for a client that accepts gzip; with lists by name, whose
    items are JSON already, with commas between them.

    Not for answers that hold a token beside what somebody else may have written: their length would
    tell of it (BREACH).
    """
    plain = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    lists = "".join(f',"{name}":[{items}]' for name, items in written.items())
    body = f"{plain[:-1]}{lists}}}".encode()
    response = Response(body, mimetype="application/json")
    response.vary.add("Accept-Encoding")
    if len(body) >= LEAST and request.accept_encodings.quality("gzip"):
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response
