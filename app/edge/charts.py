"""Charts as plain SVG, drawn on the server: each stands beside the table of its figures."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220
LEFT, BOTTOM, TOP = 44, 24, 10
STEPS = (1, 2, 2.5, 5, 10)


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
class BarChart:
    width: int
    height: int
    left: int
    base: int
    bars: Sequence[Bar]
    lines: Sequence[Tick]
    """Across, with their figures."""
    marks: Sequence[Tick]
    """Below, with their days."""


def bar_chart(figures: Sequence[tuple[str, int]]) -> BarChart:
    """One bar a figure. With nothing in it the axes are there all the same."""
    top = _round_top(max((value for _, value in figures), default=0))
    base, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    step = (WIDTH - LEFT) / max(len(figures), 1)
    bars = [
        Bar(
            round(LEFT + n * step + step * 0.1, 1),
            round(base - room * value / top, 1),
            round(step * 0.8, 1),
            round(room * value / top, 1),
            f"{name}: {value:,}",
        )
        for n, (name, value) in enumerate(figures)
    ]
    lines = [Tick(round(base - room * n / 4, 1), f"{top * n / 4:g}") for n in range(5)]
    every = max(1, -(-len(figures) // 6))
    marks = [
        Tick(round(LEFT + n * step + step / 2, 1), figures[n][0])
        for n in range(0, len(figures), every)
    ]
    return BarChart(WIDTH, HEIGHT, LEFT, base, bars, lines, marks)


def _round_top(most: int) -> float:
    """The axis ends at a round figure, and its quarters are whole ones where they can be."""
    if most <= 4:
        return 4
    size = float(f"1e{len(str(most)) - 1}")
    return next(step * size for step in STEPS if step * size >= most)
