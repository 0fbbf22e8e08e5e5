"""How large a request may be. Imports nothing: gunicorn's master reads it too."""

MAX_BODY = 64 * 1024
"""Bytes of a request; only an upload and an event's form are larger."""
MAX_EVENT_FORM = 256 * 1024
"""20,000 letters of a description, each of them up to nine signs long in a form."""
