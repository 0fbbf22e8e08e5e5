"""How an address of PostgreSQL is written: for libpq, and for SQLAlchemy."""

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import URL, make_url

DRIVER = "postgresql+psycopg"
PRIMARY = {"target_session_attrs": "primary"}
"""Of several servers, the one that takes writes."""


class _Parts(NamedTuple):
    login: str
    """With its `@`; empty if there is none."""
    hosts: str
    rest: str
    """Database and query."""

    @classmethod
    def of(cls, url: str) -> "_Parts":
        address, slash, rest = url.partition("://")[2].partition("/")
        login, at, hosts = address.rpartition("@")
        return cls(login + at, hosts, slash + rest)


def libpq_url(url: str) -> str:
    """Return the address as PostgreSQL's own library and programs read it.

    Of several hosts, the one is meant that takes writes, unless the address says otherwise.
    """
    login, hosts, rest = _Parts.of(url)
    path, _, query = rest.partition("?")
    words = dict(parse_qsl(query))
    if "," in hosts + words.get("host", ""):
        rest = f"{path}?{urlencode({**PRIMARY, **words})}"
    return f"postgresql://{login}{hosts}{rest}"


def engine_url(url: str) -> URL:
    """Return the address as SQLAlchemy reads it, which has another way to name several hosts."""
    login, hosts, rest = _Parts.of(url)
    if "," in hosts:
        names, ports = zip(*map(_host_and_port, hosts.split(",")), strict=True)
        made = make_url(f"{DRIVER}://{login}{rest}")
        made = made.update_query_dict({"host": ",".join(names), "port": ",".join(ports)})
    else:
        made = make_url(f"{DRIVER}://{login}{hosts}{rest}")
    named = made.query.get("host", "")
    return made.set(query={**PRIMARY, **made.query}) if "," in named else made


def in_order(hosts: str, ports: str, first: tuple[str, str] | None) -> tuple[str, str]:
    """Return libpq's lists of hosts and ports with one of the pairs first, if it is among them."""
    pairs = list(zip(hosts.split(","), ports.split(","), strict=True))
    if first in pairs:
        pairs.sort(key=lambda pair: pair != first)
    return ",".join(host for host, _ in pairs), ",".join(port for _, port in pairs)


def _host_and_port(host: str) -> tuple[str, str]:
    """An IPv6 address stands in brackets, as it has colons of its own."""
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, "5432"
    return name.strip("[]"), port
