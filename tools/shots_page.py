"""Put the pictures of `make shots` on one page, to be looked at side by side.

usage: python tools/shots_page.py FOLDER
"""

import sys
from pathlib import Path

KINDS = ("360-light", "360-dark", "1280-light", "1280-dark")
STYLE = (
    "body{font:16px sans-serif;margin:1rem;background:#777;color:#fff}"
    "section{display:flex;gap:1rem;align-items:flex-start;overflow-x:auto}"
    "img{max-height:60rem;background:#fff}h2{margin-top:2rem}"
)


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    found = folder.glob(f"*-{KINDS[0]}.png")
    names = sorted(path.name.removesuffix(f"-{KINDS[0]}.png") for path in found)
    body = "".join(f"<h2>{name}</h2><section>{pictures(folder, name)}</section>" for name in names)
    head = f"<!doctype html><meta charset=utf-8><title>Utsavam</title><style>{STYLE}</style>"
    (folder / "index.html").write_text(head + body)
    print(f"{len(names)} states, {len(list(folder.glob('*.png')))} pictures")


def pictures(folder: Path, name: str) -> str:
    files = [f"{name}-{kind}.png" for kind in KINDS if (folder / f"{name}-{kind}.png").exists()]
    return "".join(f'<img src="{file}" alt="{file}" loading="lazy">' for file in files)


if __name__ == "__main__":
    main()
