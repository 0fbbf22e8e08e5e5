"""How large a request may be. Imports nothing: gunicorn's master reads it too."""

MAX_BODY = 64 * 1024
"""Bytes of a request; only an upload and an event's form are larger."""
MAX_EVENT_FORM = 256 * 1024
"""20,000 letters of a description, each of them up to nine signs long in a form."""
MAX_REQUEST = 6 * 1024 * 1024
"""Of which no request of ours comes near: a picture of 5 MiB, its form and its headers."""
MAX_HEAD = 64 * 1024
"""Of the headers, before there is an end of them."""
