"""What httpx needs for HTTPS is made once in a process."""

from functools import cache

from httpx._transports import default


def share():
    """httpx reads the certificates of the whole world for each client, and for each request that is
    sent without one: 20 ms of work, also where nothing is encrypted."""
    default.create_ssl_context = cache(default.create_ssl_context)
