"""Poster art, generated from an event's id, so that it never changes."""

from functools import lru_cache

import resvg_py
from flask import Blueprint, Response

from app.edge.current import catalogue
from app.edge.headers import for_ever
from app.lib import kolam
from app.lib.threadpool import run_in_thread

blueprint = Blueprint("art", __name__)
_poster = lru_cache(maxsize=512)(kolam.poster)


@blueprint.get("/art/<id:event_id>.svg")
def poster(event_id: int) -> Response:
    return for_ever(_poster(event_id), "image/svg+xml")


@blueprint.get("/art/<id:event_id>.png")
def preview(event_id: int) -> Response:
    """The preview image for links to the event, 1200 by 630, where SVG is not supported.

    Rendering takes 70 ms: it is done for existing events only, and in a thread.
    """
    catalogue().event(event_id)
    return for_ever(_preview(event_id), "image/png")


@lru_cache(maxsize=64)
def _preview(event_id: int) -> bytes:
    drawing = kolam.poster(event_id, 1200, 630)
    return run_in_thread(lambda: bytes(resvg_py.svg_to_bytes(svg_string=drawing)))
