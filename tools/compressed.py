"""Keep a brotli and a gzip copy beside each style, script and drawing in static/.

usage: python tools/compressed.py            fails when a copy is missing, stale or of no file
       python tools/compressed.py --write    makes the copies, and removes those of no file
"""

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli

ROOT = Path(__file__).parents[1]
FOLDER = "static"
KINDS = {".css", ".js", ".svg"}
"""What shrinks; fonts and pictures are compressed already."""


def compress_gzip(content: bytes) -> bytes:
    # The time would make each copy another.
    return gzip.compress(content, 9, mtime=0)


def compress_brotli(content: bytes) -> bytes:
    return bytes(brotli.compress(content, quality=11))


COMPRESS = {".br": compress_brotli, ".gz": compress_gzip}
DECOMPRESS = {".br": brotli.decompress, ".gz": gzip.decompress}
SUFFIXES = tuple(COMPRESS)


def main() -> None:
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__)
        return
    if sys.argv[1:] not in ([], ["--write"]):
        sys.exit(__doc__)
    if sys.argv[1:]:
        write(ROOT)
    if found := faults(ROOT):
        sys.exit("Run `make compressed`:\n" + "\n".join(found))
    print("compressed copies: ok")


def write(root: Path) -> None:
    """Make the copies that are missing or stale, and remove those of no file.

    A copy that holds its file is left, so that another version of an encoder changes nothing.
    """
    for file, copy in _wanted(root):
        if not _holds(copy, file.read_bytes()):
            copy.write_bytes(COMPRESS[copy.suffix](file.read_bytes()))
    for copy in _orphans(root):
        copy.unlink()


def faults(root: Path) -> list[str]:
    """Return a message for each copy that is missing, stale or of no file."""
    found = []
    for file, copy in _wanted(root):
        name = copy.relative_to(root)
        if not copy.is_file():
            found.append(f"{name} is missing")
        elif not _holds(copy, file.read_bytes()):
            found.append(f"{name} is not a copy of {file.name}")
    return found + [f"{copy.relative_to(root)} is of no file" for copy in _orphans(root)]


def _wanted(root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file with each of the copies it should have."""
    for file in sorted((root / FOLDER).rglob("*")):
        if file.suffix in KINDS and file.is_file():
            for suffix in SUFFIXES:
                yield file, file.with_name(file.name + suffix)


def _orphans(root: Path) -> list[Path]:
    there = {path for path in (root / FOLDER).rglob("*") if path.suffix in SUFFIXES}
    return sorted(there - {copy for _file, copy in _wanted(root)})


def _holds(copy: Path, content: bytes) -> bool:
    """Whether a copy is there and whole, and decompresses to the content."""
    try:
        return bool(DECOMPRESS[copy.suffix](copy.read_bytes()) == content)
    except (OSError, EOFError, zlib.error, brotli.error):
        return False


if __name__ == "__main__":
    main()
