"""Follow every link between our Markdown files, and say which lead nowhere.

usage: python tools/check_links.py
"""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def main() -> None:
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    dead = [f"{file}: {link}" for file in documents() for link in dead_links(ROOT / file)]
    if dead:
        sys.exit("Links that lead nowhere:\n" + "\n".join(dead))
    print("links: ok")


def documents() -> list[str]:
    """Return the Markdown files in the work tree that Git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return listed.stdout.splitlines()


def dead_links(file: Path) -> list[str]:
    """Return the relative links of a file whose target does not exist."""
    found = []
    for link in LINK.findall(file.read_text()):
        parts = urlsplit(link)
        if parts.scheme or not parts.path:
            continue  # external, or an anchor on the same page
        if not (file.parent / unquote(parts.path)).exists():
            found.append(link)
    return found


if __name__ == "__main__":
    main()
