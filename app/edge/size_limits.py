"""Size limits of requests, in bytes. Imports nothing, as gunicorn's master reads it too."""

MAX_BODY = 64 * 1024
"""Of a body; only uploads and the event form may be larger."""
MAX_EVENT_FORM = 256 * 1024
"""Of the event form: a description of 20,000 characters, each up to nine bytes in a form."""
MAX_REQUEST = 6 * 1024 * 1024
"""Of a whole request. The largest, a picture of 5 MiB with form and headers, is well below."""
MAX_HEAD = 64 * 1024
"""Of the headers, while their end has not arrived."""
