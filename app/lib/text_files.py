"""A text of the operator's that is kept in a file, and may be changed while the site runs."""

from functools import lru_cache
from pathlib import Path

MAX_BYTES = 200_000


def text_of(file: Path) -> str | None:
    """Return a UTF-8 file's text, read again once it has changed; None if it can't be read."""
    try:
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=8)
def _read(file: Path, _changed_at: int) -> str:
    with file.open(encoding="utf-8-sig") as opened:
        return opened.read(MAX_BYTES)
