"""Charts as plain SVG, drawn on the server: each stands beside the table of its figures."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220
LEFT, BOTTOM, TOP = 56, 24, 10
BASE, ROOM = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
STEPS = (1, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 4, 6, 8, 10, 12)


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str
    """What the bar says: its day and its figure."""


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """The axes, and bars or a path between them."""

    lines: Sequence[Tick]
    """Across, with their figures."""
    marks: Sequence[Tick]
    """Below, with their times."""
    bars: Sequence[Bar] = ()
    path: str = ""
    """As the `d` of an SVG path."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def bar_chart(figures: Sequence[tuple[str, int]]) -> Chart:
    """One bar a figure. With nothing in it the axes are there all the same."""
    top = _round_top(max((value for _, value in figures), default=0))
    step = (WIDTH - LEFT) / max(len(figures), 1)
    bars = [
        Bar(
            round(LEFT + n * step + step * 0.1, 1),
            _y(value, top),
            round(step * 0.8, 1),
            round(ROOM * value / top, 1),
            f"{name}: {value:,}",
        )
        for n, (name, value) in enumerate(figures)
    ]
    return Chart(_lines(top), _marks([name for name, _ in figures]), bars)


def step_chart(figures: Sequence[tuple[str, int | None]]) -> Chart:
    """A line that keeps its height until the next figure; where nothing is known, none."""
    top = _round_top(max((value or 0 for _, value in figures), default=0))
    step = (WIDTH - LEFT) / max(len(figures), 1)
    path, drawing = [], False
    for n, (_name, value) in enumerate(figures):
        if value is not None:
            x, y = round(LEFT + n * step, 1), _y(value, top)
            path.append(f"V{y}" if drawing else f"M{x} {y}")
            path.append(f"H{round(x + step, 1)}")
        drawing = value is not None
    return Chart(_lines(top), _marks([name for name, _ in figures]), path="".join(path))


def _y(value: int, top: float) -> float:
    return round(BASE - ROOM * value / top, 1)


def _lines(top: float) -> list[Tick]:
    return [Tick(round(BASE - ROOM * n / 4, 1), f"{top * n / 4:,g}") for n in range(5)]


def _marks(names: Sequence[str]) -> list[Tick]:
    step = (WIDTH - LEFT) / max(len(names), 1)
    every = max(1, -(-len(names) // 6))
    return [
        Tick(round(LEFT + n * step + step / 2, 1), names[n]) for n in range(0, len(names), every)
    ]


def _round_top(most: int) -> float:
    """The axis ends at a round figure whose quarters are whole: no seat is sold by halves."""
    if most <= 8:
        return 4 if most <= 4 else 8
    size: int = 10 ** (len(str(most)) - 1)
    tops = (round(step * size) for step in STEPS)
    return float(next(top for top in tops if top >= most and top % 4 == 0))
