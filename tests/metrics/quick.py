"""The site, whose processes write what they have noted ten times a second: tests wait for it."""

from app import metrics

INTERVAL = 0.1
WRITTEN = INTERVAL + 0.5
"""Seconds after which what was noted is counted, where a process beats in time."""


def app():
    assert metrics.INTERVAL
    metrics.INTERVAL = INTERVAL
    from wsgi import app

    return app
