"""Poster art, drawn from an event's id: it never changes."""

from functools import lru_cache

import resvg_py
from flask import Blueprint, Response

from app import kolam
from app.edge.answer_headers import for_ever

blueprint = Blueprint("art", __name__)
_poster = lru_cache(maxsize=512)(kolam.poster)


@blueprint.get("/art/<id:event_id>.svg")
def poster(event_id: int) -> Response:
    return for_ever(_poster(event_id), "image/svg+xml")


@blueprint.get("/art/<id:event_id>.png")
def preview(event_id: int) -> Response:
    """For those who show a link to the event, and read no SVG: 1200 by 630 is their format."""
    return for_ever(_preview(event_id), "image/png")


@lru_cache(maxsize=64)
def _preview(event_id: int) -> bytes:
    return bytes(resvg_py.svg_to_bytes(svg_string=kolam.poster(event_id, 1200, 630)))
