"""A mail server's address as one URL: `smtp+starttls://name:password@mail.example.org:587`."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
"""Default ports: without encryption, with it after STARTTLS, with it from the first byte."""


class MailServer(NamedTuple):
    scheme: str
    host: str
    port: int
    user: str
    password: str


def server_of(url: str) -> MailServer:
    """Read a mail server's URL; special characters of name and password as in `p%40ss`.

    Raises `ValueError`, in whose message nothing of the URL stands.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("must be an address, as in smtp+starttls://mail.example.org:587") from None
    if parts.scheme not in PORTS:
        raise ValueError("must start with smtp://, smtp+starttls:// or smtps://")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be an address, as in smtp+starttls://mail.example.org:587")
    return MailServer(
        parts.scheme,
        parts.hostname,
        port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
