"""Poster art: a sikku kolam drawn from an event's id.

A sikku kolam is the line drawing made with rice flour at a South Indian threshold. Its
traditional rules are kept: dots are laid on a regular lattice, every dot is encircled, no line
has a loose end, every bend is smooth, and lines cross only midway between neighbouring dots.

Lengths are in u, half the distance between neighbouring dots. A dot's cell has four sides, each
open (two lines cross to the neighbour) or closed (the line turns back), and four corners, each
passed by exactly one line. A kolam is therefore its dots and the midpoints of its open sides.
"""

from collections.abc import Set
from dataclasses import dataclass
from itertools import groupby
from random import Random
from typing import NamedTuple

Point = tuple[int, int]


@dataclass(frozen=True)
class Ink:
    """One printing of the poster: flat ground, line and dot colours (line >= 5.62:1)."""

    ground: str
    line: str = "#FFF6E5"
    dot: str = "#F4AE1A"


_PRINTINGS = {
    "kumkum": Ink("#A61C28"),
    "mayil": Ink("#0B5D66"),
    "neelam": Ink("#2B2D77", dot="#FF9A6B"),
    "manjal": Ink("#F4AE1A", line="#3A1420", dot="#A61C28"),
    "sindoor": Ink("#A8431B", dot="#FFD36B"),
    "vazhai": Ink("#2C6A38", dot="#F7C948"),
    "jamun": Ink("#5B2156", dot="#FF9A6B"),
    "kal": Ink("#2A2622"),
}

INKS: dict[str, str] = {name: ink.ground for name, ink in _PRINTINGS.items()}
"""Ink name -> background colour, in the order in which `ink_name` numbers them."""


class Step(NamedTuple):
    """A strand at one corner of a dot's cell, about to run along the given side of the cell.

    Side k points along `_SIDES[k]`; corner k lies between side k and side k + 1.
    """

    dot: Point
    corner: int
    side: int

    @property
    def turn(self) -> int:
        """Sense in which the strand runs round the dot: 1 is clockwise on screen, else -1."""
        return -1 if self.side == self.corner else 1


Strand = list[Step]

_SIDES: tuple[Point, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))
_CORNERS: tuple[Point, ...] = ((1, 1), (-1, 1), (-1, -1), (1, -1))

_OPEN_SHARE = 0.64
_CANDIDATES = 10

# With a corner (12, 12) from its dot the arc's radius is 12 * sqrt(2) = 16.97: as good as 17,
# so every number in a path is a short whole one.
_CORNER = 12
_U = 2 * _CORNER
_ARC = 17
_LINE_WIDTH = 4.2
_DOT_RADIUS = 4.4


# How far a lattice's corners reach beyond a diamond's edge, in u.
_DIAMOND, _OCTAGON, _SQUARE = 0, 2, 99

# Lattices, with the numbers of dots across that look good in them.
_LATTICES = ((_DIAMOND, (9, 9, 8)), (_OCTAGON, (7, 7, 8)), (_SQUARE, (6, 7, 8)))

# Centre as fractions of the poster's width and height, and diameter as a fraction of its height.
_COMPOSITIONS = ((0.5, 0.5, 0.83), (0.8, 0.8, 1.44), (0.22, 0.5, 1.11))


def lattice(reach: int, across: int) -> frozenset[Point]:
    """Return the dots, 2u apart, of a diamond, octagon or square centred on (0, 0).

    It is `across` dots wide; `reach` is how far its corners reach beyond a diamond's edge.
    """
    edge = across - 1
    limit = edge + edge % 2 + reach
    span = range(-edge, edge + 1, 2)
    return frozenset((x, y) for x in span for y in span if abs(x) + abs(y) <= limit)


def _beyond(dot: Point, side: int, distance: int) -> Point:
    return dot[0] + distance * _SIDES[side][0], dot[1] + distance * _SIDES[side][1]


def _mirror_class(middle: Point) -> Point:
    """Return a key that is equal for all images of a midpoint under the rotations and mirror."""
    x, y = sorted(map(abs, middle))
    return x, y


def _middles(dots: Set[Point]) -> frozenset[Point]:
    return frozenset(
        _beyond(dot, side, 1) for dot in dots for side in range(4) if _beyond(dot, side, 2) in dots
    )


def crossings(dots: Set[Point], rng: Random) -> frozenset[Point]:
    """Draw which sides between neighbours are open, as midpoints.

    The pattern is symmetric under four rotations and a mirror, like threshold kolams.
    """
    middles = _middles(dots)
    classes = sorted({_mirror_class(middle) for middle in middles})
    drawn = {name for name in classes if rng.random() < _OPEN_SHARE}
    return frozenset(middle for middle in middles if _mirror_class(middle) in drawn)


def _follow(step: Step, opened: Set[Point]) -> Step:
    """Return the next corner of a strand.

    Crossing an open side leads to the opposite corner of the next cell, running the other way
    round its dot. That reversal lets one line encircle neighbouring dots.
    """
    if _beyond(step.dot, step.side, 1) in opened:
        corner, turn = (step.corner + 2) % 4, -step.turn
        dot = _beyond(step.dot, step.side, 2)
    else:
        corner, turn, dot = (step.corner + step.turn) % 4, step.turn, step.dot
    return Step(dot, corner, corner if turn < 0 else (corner + 1) % 4)


def strands(dots: Set[Point], opened: Set[Point]) -> list[Strand]:
    """Trace all closed lines of the kolam; the traditional ideal is a single strand."""
    untouched = {(dot, corner) for dot in dots for corner in range(4)}
    found: list[Strand] = []
    for dot, corner in sorted(untouched):
        if (dot, corner) not in untouched:
            continue
        strand, step = [], Step(dot, corner, (corner + 1) % 4)
        while (step.dot, step.corner) in untouched:
            untouched.remove((step.dot, step.corner))
            strand.append(step)
            step = _follow(step, opened)
        found.append(strand)
    return found


def _place(step: Step) -> Point:
    (x, y), (right, down) = step.dot, _CORNERS[step.corner]
    return x * _U + right * _CORNER, y * _U + down * _CORNER


def _moves(strand: Strand) -> list[tuple[Point, int, Point]]:
    """Return a strand's moves as (centre, turn, shift); turn 0 is straight.

    A straight move has its shift as its centre, so that equal neighbours merge into one stroke.
    """
    moves: list[tuple[Point, int, Point]] = []
    for here, there in zip(strand, [*strand[1:], strand[0]], strict=True):
        (x, y), (to_x, to_y) = _place(here), _place(there)
        shift = to_x - x, to_y - y
        crosses = here.dot != there.dot
        moves.append((shift, 0, shift) if crosses else (here.dot, here.turn, shift))
    return moves


def _stroke(turn: int, shifts: list[Point]) -> str:
    dx, dy = sum(x for x, _ in shifts), sum(y for _, y in shifts)
    if not turn:
        return f"l{dx} {dy}"
    return f"a{_ARC} {_ARC} 0 {int(len(shifts) > 2)} {int(turn > 0)} {dx} {dy}"


def _path(strand: Strand) -> str:
    """Return a strand as closed SVG path data."""
    x, y = _place(strand[0])
    data = f"M{x} {y}"
    for (_, turn), run in groupby(_moves(strand), key=lambda move: move[:2]):
        shifts = [shift for _, _, shift in run]
        # SVG cannot draw a full turn as one arc, so an arc covers at most three quarters.
        length = 3 if turn else len(shifts)
        for first in range(0, len(shifts), length):
            data += _stroke(turn, shifts[first : first + length])
    return data + "z"


def _drawing(dots: Set[Point], lines: list[Strand], ink: Ink, width: float = _LINE_WIDTH) -> str:
    data = "".join(_path(strand) for strand in lines)
    spots = "".join(
        f'<circle cx="{x * _U}" cy="{y * _U}" r="{_DOT_RADIUS:g}"/>' for x, y in sorted(dots)
    )
    return (
        f'<path fill="none" stroke="{ink.line}" stroke-width="{width:g}" '
        f'stroke-linejoin="round" d="{data}"/><g fill="{ink.dot}">{spots}</g>'
    )


def ink_name(event_id: int) -> str:
    """Return the event's ink. 3 and 8 are coprime, so eight events in a row all differ."""
    return list(_PRINTINGS)[event_id * 3 % len(_PRINTINGS)]


def ink_of(event_id: int) -> Ink:
    """Return the colours of the event's poster."""
    return _PRINTINGS[ink_name(event_id)]


def poster(event_id: int, width: int = 800, height: int = 500) -> str:
    """Return the event's poster as an SVG document; the same id always gives the same text."""
    rng = Random(event_id)  # noqa: S311  # art has to repeat, not to be secret
    # A Graeco-Latin square: on a grid three cards wide, three cards in a row or column share
    # neither composition nor lattice, and with the inks no pairing returns within 72 events.
    row, column = divmod(event_id % 9, 3)
    across_share, down_share, diameter = _COMPOSITIONS[(row + column) % 3]
    reach, sizes = _LATTICES[(2 * row + column) % 3]
    across = sizes[int(rng.random() * len(sizes))]
    dots = lattice(reach, across)
    candidates = (strands(dots, crossings(dots, rng)) for _ in range(_CANDIDATES))
    lines = min(candidates, key=len)

    ink = ink_of(event_id)
    scale = diameter * height / across / (2 * _U)
    inset = 0.03 * height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><path fill="{ink.ground}" d="M0 0h{width}v{height}H0z"/>'
        f'<rect x="{inset:g}" y="{inset:g}" width="{width - 2 * inset:g}" '
        f'height="{height - 2 * inset:g}" fill="none" stroke="{ink.dot}" stroke-opacity=".5" '
        f'stroke-width="{height / 200:g}"/>'
        f'<g transform="translate({across_share * width:g} {down_share * height:g}) '
        f'scale({scale:.4f})">{_drawing(dots, lines, ink)}</g></svg>\n'
    )


def mark(size: int = 64) -> str:
    """Return the app's logo as SVG: a five-dot kolam of one line on a kumkum label.

    The label has its own background, so the logo needs no light and dark variants. Its line is
    thicker than a poster's, to stay legible at 32 px.
    """
    dots = lattice(_DIAMOND, 3)
    drawing = _drawing(dots, strands(dots, _middles(dots)), _PRINTINGS["kumkum"], width=9)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="-80 -80 160 160"><rect x="-80" y="-80" width="160" height="160" rx="24" '
        f'fill="{INKS["kumkum"]}"/>{drawing}</svg>\n'
    )
