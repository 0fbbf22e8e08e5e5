"""Charts as plain SVG, drawn on the server; each is shown beside a table of its data."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220
LEFT, BOTTOM, TOP = 56, 24, 10
BASE, PLOT_HEIGHT = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
STEPS = (1, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 4, 6, 8, 10, 12)


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str
    """Its day and its value."""


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """The axes, with bars or a path."""

    lines: Sequence[Tick]
    """Horizontal grid lines, with their values."""
    marks: Sequence[Tick]
    """Labels below the x axis."""
    bars: Sequence[Bar] = ()
    path: str = ""
    """The `d` attribute of an SVG path."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def bar_chart(figures: Sequence[tuple[str, int]]) -> Chart:
    """Return a chart with one bar per value; without any it has the axes only."""
    top = _round_top(max((value for _, value in figures), default=0))
    step = (WIDTH - LEFT) / max(len(figures), 1)
    bars = [
        Bar(
            round(LEFT + n * step + step * 0.1, 1),
            _y(value, top),
            round(step * 0.8, 1),
            round(PLOT_HEIGHT * value / top, 1),
            f"{name}: {value:,}",
        )
        for n, (name, value) in enumerate(figures)
    ]
    return Chart(_lines(top), _marks([name for name, _ in figures]), bars)


def step_chart(figures: Sequence[tuple[str, int | None]]) -> Chart:
    """Return a chart of a step line, which has gaps where a value is None."""
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
    return round(BASE - PLOT_HEIGHT * value / top, 1)


def _lines(top: float) -> list[Tick]:
    return [Tick(round(BASE - PLOT_HEIGHT * n / 4, 1), f"{top * n / 4:,g}") for n in range(5)]


def _marks(names: Sequence[str]) -> list[Tick]:
    step = (WIDTH - LEFT) / max(len(names), 1)
    every = max(1, -(-len(names) // 6))
    return [
        Tick(round(LEFT + n * step + step / 2, 1), names[n]) for n in range(0, len(names), every)
    ]


def _round_top(highest: int) -> float:
    """Return a round axis maximum whose quarters are whole numbers, as seats are."""
    if highest <= 8:
        return 4 if highest <= 4 else 8
    size: int = 10 ** (len(str(highest)) - 1)
    tops = (round(step * size) for step in STEPS)
    return float(next(top for top in tops if top >= highest and top % 4 == 0))
