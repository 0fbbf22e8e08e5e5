"""The growth table as a picture: one group of bars for each thing that grows."""

from html import escape
from itertools import groupby

WIDTH, HEIGHT, BAR, GAP, BASE = 760, 300, 40, 10, 240
INK, ACCENT, QUIET = "#241b17", "#b3261e", "#6f635b"


def picture(rows):
    """An SVG whose bars are bookings a second; the text under each says of what, and its p99."""
    most = max(row["rate"] for row in rows)
    groups = [(name, list(found)) for name, found in groupby(rows, key=lambda row: row["of"])]
    parts, x = [], 20
    for name, found in groups:
        parts.append(text(x, HEIGHT - 8, name, QUIET, 13))
        for row in found:
            parts += bar(x, row, most)
            x += BAR + GAP
        x += 3 * GAP
    title = "Bookings a second for one event, by workers, clients and bookings in the table"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(WIDTH, x)} {HEIGHT}" '
        f'role="img" font-family="sans-serif"><title>{escape(title)}</title>'
        f'<rect width="100%" height="100%" fill="#fffaf2"/>{"".join(parts)}</svg>\n'
    )


def bar(x, row, most):
    height = round(190 * row["rate"] / most)
    return [
        f'<rect x="{x}" y="{BASE - height}" width="{BAR}" height="{height}" fill="{ACCENT}"/>',
        text(x, BASE - height - 5, f"{row['rate']:,}", INK, 12),
        text(x, BASE + 16, short(row["figure"]), INK, 12),
        text(x, BASE + 32, f"{row['p99']} ms", QUIET, 11),
    ]


def text(x, y, words, colour, size):
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}">{escape(str(words))}</text>'


def short(number):
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number // size}{letter}"
    return str(number)
