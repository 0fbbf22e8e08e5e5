"""The kinds of worker that a site may have."""

import pytest

WORKER_KINDS = ["gevent", pytest.param("gthread", marks=pytest.mark.whole)]
"""For tests that flood or break a site: each run does so to what sites have by default,
`make faults` to both."""
