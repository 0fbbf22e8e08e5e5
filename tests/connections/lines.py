"""Connections to a site of one process, byte by byte."""

from tests.support.site import Site


def slow_site(settings, home, kind):
    """One process with few threads, so that a request that keeps one is noticed."""
    return Site(settings, home, WEB_CONCURRENCY="1", WORKER_THREADS="8", WORKER_CLASS=kind)


def address_of(url):
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)
