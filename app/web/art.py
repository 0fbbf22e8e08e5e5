"""Poster art, drawn from an event's id: it never changes."""

from functools import lru_cache

from flask import Blueprint, Response

from app import kolam

blueprint = Blueprint("art", __name__)
_poster = lru_cache(maxsize=512)(kolam.poster)


@blueprint.get("/art/<id:event_id>.svg")
def poster(event_id: int) -> Response:
    response = Response(_poster(event_id), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
