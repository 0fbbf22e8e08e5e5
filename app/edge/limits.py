"""Which answers count against a limit."""

from werkzeug.wrappers import Response


def failed_here(response: Response) -> bool:
    """A refused sign-in counts; a good one does not, so that a busy house locks nobody out."""
    return response.status_code in {401, 422}
