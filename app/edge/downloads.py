"""The name under which a browser keeps what it is sent."""

from typing import Literal
from urllib.parse import quote


def disposition(kind: Literal["attachment", "inline"], name: str) -> str:
    """`Content-Disposition` (RFC 6266): the name, and one in ASCII for old programs."""
    if name.isascii():
        return f'{kind}; filename="{name}"'
    stem, _, ending = name.rpartition(".")
    plain = "-".join(part for part in stem.split("-") if part.isascii()) or "utsavam"
    return f"{kind}; filename=\"{plain}.{ending}\"; filename*=UTF-8''{quote(name)}"
