"""Finds the end of an HTTP request in the bytes received so far."""

import re

from app.edge.size_limits import MAX_BODY, MAX_HEAD, MAX_REQUEST

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
MAX_CHUNK_LINE = 8192
"""Bytes of a chunk's size with its extensions; the parser refuses a longer line."""
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)


class Frame:
    """The bytes of a request received so far.

    It only decides whether gunicorn's parser would have to wait for more; the parser itself
    validates them later.
    """

    def __init__(self) -> None:
        self.received = bytearray()
        self._end: int | None = None
        """Where the headers end; None before they do."""
        self._length: int | None = None
        """Bytes of the body; None when it is chunked."""
        self._chunk = 0
        self.expects_continue = False
        """Whether the client waits for `100 Continue` before sending the body."""
        self.held = 0
        """Bytes of it in the worker's total of large bodies."""

    def add(self, data: bytes) -> None:
        self.received += data
        if self._end is None:
            self._find_head(max(0, len(self.received) - len(data) - 3))

    @property
    def has_head(self) -> bool:
        return self._end is not None

    @property
    def is_small(self) -> bool:
        """Whether its body is at most `MAX_BODY`, as far as is known."""
        if self._length is None:
            return len(self.received) - (self._end or 0) <= MAX_BODY
        return self._length <= MAX_BODY

    @property
    def is_too_large(self) -> bool:
        """Whether it exceeds `MAX_REQUEST`, and is refused without waiting for the rest."""
        return len(self.received) >= MAX_REQUEST or (self._length or 0) > MAX_REQUEST

    def is_whole(self) -> bool:
        """Whether gunicorn's parser and the application need no more bytes."""
        if self._end is None:
            return False
        if self.is_too_large:
            return True
        if self._length is not None:
            return len(self.received) >= self._end + self._length
        return self._chunks_are_whole()

    def _find_head(self, at: int) -> None:
        # An empty line before the request (RFC 9112, 2.2) is not the end of its headers.
        found = self.received.find(HEAD_END, max(at, 2 if self.received.startswith(b"\r\n") else 0))
        if found < 0:
            return
        self._end = self._chunk = found + len(HEAD_END)
        head = bytes(self.received[: self._end])
        length = LENGTH.search(head)
        if not CHUNKED.search(head):
            self._length = _length_of(length[1]) if length else 0
        self.expects_continue = EXPECTS.search(head) is not None

    def _chunks_are_whole(self) -> bool:
        """Continue after the last complete chunk, so that small chunks are scanned only once."""
        while (line := self.received.find(b"\r\n", self._chunk)) >= 0:
            try:
                size = int(bytes(self.received[self._chunk : line]).split(b";")[0], 16)
            except ValueError:
                return True  # not a chunk size; the parser refuses it
            if size <= 0:
                ended = size < 0 or self.received.find(HEAD_END, line) >= 0
                return ended or len(self.received) - line > MAX_HEAD
            if len(self.received) < line + 2 + size + 2:
                return False
            self._chunk = line + 2 + size + 2
        return len(self.received) - self._chunk > MAX_CHUNK_LINE


def _length_of(digits: bytes) -> int:
    """Read a length as gunicorn does, leading zeros included; a very long one is just too large."""
    significant = digits.lstrip(b"0") or b"0"
    return int(significant) if len(significant) < 19 else MAX_REQUEST + 1
