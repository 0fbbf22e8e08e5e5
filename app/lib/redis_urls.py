"""How an address of Redis is written; read without loading its client, as the settings are."""

from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

SENTINEL_SCHEMES = ("redis+sentinel://", "rediss+sentinel://")
"""The second one speaks TLS, to the Sentinels as well."""
SCHEMES = ("redis://", "rediss://", "unix://", *SENTINEL_SCHEMES)
SENTINEL_PORT = 26379
_SENTINEL_LOGIN = {"sentinel_username": "username", "sentinel_password": "password"}


class SentinelUrl(NamedTuple):
    """`redis+sentinel://user:password@host:port,host:port/service/database`, in its parts.

    User and password are the servers'. The Sentinels' own stand in the query, as
    `sentinel_username` and `sentinel_password`.
    """

    sentinels: list[tuple[str, int]]
    service: str
    """Under which the Sentinels know the servers."""
    options: dict[str, Any]
    """Of connections to the servers."""
    sentinel_options: dict[str, Any]

    @classmethod
    def parse(cls, url: str) -> "SentinelUrl":
        """Raises `ValueError`, in words for the operator."""
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2]
        service, _, database = parts.path.lstrip("/").partition("/")
        if not service:
            raise ValueError("must name the service behind its Sentinels, as in /mymaster")
        if not (database or "0").isdecimal():
            raise ValueError("must name the database by its number, as in /mymaster/0")
        query = parse_qs(parts.query, strict_parsing=bool(parts.query))
        if unknown := sorted(query.keys() - _SENTINEL_LOGIN.keys()):
            raise ValueError(f"knows no {unknown[0]} behind Sentinels")
        tls = {"ssl": True} if parts.scheme.startswith("rediss") else {}
        login = {"username": parts.username, "password": parts.password}
        options = {name: unquote(value) for name, value in login.items() if value}
        named = {_SENTINEL_LOGIN[name]: values[0] for name, values in query.items()}
        return cls(
            [_address(host) for host in hosts.split(",")],
            unquote(service),
            {**tls, **options, "db": int(database or 0)},
            {**tls, **named},
        )


def _address(host: str) -> tuple[str, int]:
    """Return host and port; an IPv6 address stands in brackets."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname, parts.port or SENTINEL_PORT
    except ValueError:
        name, port = None, 0
    if not name:
        raise ValueError("must name its Sentinels, as in redis+sentinel://one:26379,two/mymaster")
    return name, port
