"""Check the files that are other people's against their lists: each is there, unchanged, alone.

usage: python tools/vendored.py
"""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAPERS = "templates/papers/fonts"
"""Of what is printed, and so served as a part of each PDF."""
LISTS = ("static/vendor/README.md", "static/fonts/README.md", f"{PAPERS}/README.md")
FOLDERS = ("static/vendor", "static/fonts", PAPERS, "tests/vendor")
SHRINK, COPIES = (".css", ".js", ".svg"), (".br", ".gz")
"""What has compressed copies beside it, and which; `tools/compressed.py` checks what they hold."""
ROW = re.compile(
    r"^\| `(?P<file>[^`]+)`[^|]*\| (?P<licence>[^|]+) \| `(?P<package>[^`]+)` (?P<version>[\d.]+)"
    r"[^|]*\| `(?P<sha256>[0-9a-f]{64})` \|",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Vendored:
    """A file as recorded in its list; `package` is the npm package."""

    file: str
    licence: str
    package: str
    version: str
    sha256: str

    @property
    def is_served(self) -> bool:
        return self.file.startswith(("static/", PAPERS))


def main() -> None:
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__)
        return
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    if found := faults(ROOT):
        sys.exit("Vendored files:\n" + "\n".join(found))
    print("vendored files: ok")


def vendored(root: Path = ROOT) -> list[Vendored]:
    """Return the files in the lists, with their paths relative to `root`."""
    found = []
    for name in LISTS:
        for row in ROW.finditer((root / name).read_text()):
            path = ((root / name).parent / row["file"]).resolve()
            facts = {**row.groupdict(), "file": str(path.relative_to(root.resolve()))}
            found.append(Vendored(**facts))
    return found


def faults(root: Path) -> list[str]:
    """Return a message for each difference between the files and the lists."""
    listed = {one.file: one.sha256 for one in vendored(root)}
    there = {
        str(file.relative_to(root))
        for folder in FOLDERS
        for file in (root / folder).rglob("*")
        if file.is_file() and file.name != "README.md"
    }
    there -= {name + suffix for name in there if name.endswith(SHRINK) for suffix in COPIES}
    found = [f"{name} is in no list" for name in sorted(there - listed.keys())]
    for name, sha256 in sorted(listed.items()):
        file = root / name
        if not file.is_file():
            found.append(f"{name} is missing")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
            found.append(f"{name} is not the file that was listed")
    return found


if __name__ == "__main__":
    main()
