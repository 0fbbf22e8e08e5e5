"""The letters that the demo's mail server has taken, read from its Maildir."""

import mailbox
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from app.errors import MailNotFound
from app.services.letters import File

MOST = 50


@dataclass(frozen=True)
class Received:
    key: str
    recipient: str
    subject: str
    at: datetime
    text: str
    html: str
    pictures: Mapping[str, bytes]
    files: Sequence[File]


def letters(folder: str) -> list[Received]:
    """The latest letters, the newest first."""
    box = _box(folder)
    # A Maildir's keys begin with the moment of delivery.
    keys = sorted(box.keys(), key=_order, reverse=True)[:MOST]
    return [_received(key, box.get_bytes(key)) for key in keys]


def letter(folder: str, key: str) -> Received:
    """Raises `MailNotFound`."""
    box = _box(folder)
    if key not in box:
        raise MailNotFound
    return _received(key, box.get_bytes(key))


def _box(folder: str) -> "mailbox.Maildir":
    return mailbox.Maildir(folder, create=True)


def _order(key: str) -> tuple[float, str]:
    seconds, _, rest = key.partition(".")
    micro = rest.partition("M")[2].partition("P")[0]
    return float(seconds) + int(micro or 0) / 1e6, rest


def _received(key: str, content: bytes) -> Received:
    message = message_from_bytes(content, policy=policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    pictures = {
        str(part["Content-ID"]).strip("<>"): part.get_content()
        for part in parts
        if part.get_content_maintype() == "image"
    }
    files = [
        File(part.get_filename() or "file", part.get_content_type(), _bytes_of(part))
        for part in message.iter_attachments()
    ]
    return Received(
        key,
        str(message["To"]),
        str(message["Subject"]),
        message["Date"].datetime,
        _body(message, "plain"),
        _body(message, "html"),
        pictures,
        files,
    )


def _bytes_of(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _body(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
