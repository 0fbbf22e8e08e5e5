"""The poster art keeps the rules of a sikku kolam and the limits of the page."""

import os
import re
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from app.lib.kolam import (
    INKS,
    Point,
    Step,
    Strand,
    crossings,
    ink_name,
    lattice,
    mark,
    poster,
    strands,
)

SVG = "{http://www.w3.org/2000/svg}"
IDS = range(1, 73)
DIAMOND, OCTAGON, SQUARE = 0, 2, 99
Kolam = tuple[frozenset[Point], frozenset[Point], list[Strand]]


CASES = list(product((DIAMOND, OCTAGON, SQUARE), (7, 8), (1, 2)))


@pytest.fixture(params=CASES)
def kolam(request: pytest.FixtureRequest) -> Kolam:
    reach, across, seed = request.param
    dots = lattice(reach, across)
    opened = crossings(dots, Random(seed))
    return dots, opened, strands(dots, opened)


def half_strokes(here: Step, there: Step) -> list[tuple[Point, int, int]]:
    """The half-stroke that leaves a corner and the one that reaches the next corner."""
    entered = here.side if there.dot == here.dot else (here.side + 2) % 4
    return [(here.dot, here.corner, here.side), (there.dot, there.corner, entered)]


def pairs(strand: Strand) -> list[tuple[Step, Step]]:
    return list(zip(strand, [*strand[1:], strand[0]], strict=True))


def test_each_corner_half_stroke_is_drawn_exactly_once(kolam: Kolam) -> None:
    dots, _, lines = kolam
    drawn = Counter(s for line in lines for pair in pairs(line) for s in half_strokes(*pair))
    expected = {(d, c, side) for d in dots for c in range(4) for side in (c, (c + 1) % 4)}
    assert set(drawn) == expected
    assert set(drawn.values()) == {1}


def test_tracing_a_strand_returns_to_its_first_step(kolam: Kolam) -> None:
    dots, opened, lines = kolam
    assert sum(len(line) for line in lines) == 4 * len(dots)
    for line in lines:
        assert line[0] == follow_by_hand(line[-1], opened)


def follow_by_hand(step: Step, opened: frozenset[Point]) -> Step:
    """The tracing rule once more, by geometry: keep the heading, or turn round the dot."""
    towards = ((1, 0), (0, 1), (-1, 0), (0, -1))[step.side]
    (x, y), clockwise = step.dot, step.side != step.corner
    if (x + towards[0], y + towards[1]) in opened:
        x, y, clockwise = x + 2 * towards[0], y + 2 * towards[1], not clockwise
        corner = (step.corner + 2) % 4
    else:
        corner = (step.corner + (1 if clockwise else 3)) % 4
    return Step((x, y), corner, (corner + 1) % 4 if clockwise else corner)


def test_every_dot_is_encircled_on_all_four_corners(kolam: Kolam) -> None:
    dots, _, lines = kolam
    passed = Counter(step.dot for line in lines for step in line)
    assert passed == dict.fromkeys(dots, 4)


def test_lines_cross_only_between_two_dots(kolam: Kolam) -> None:
    dots, opened, _ = kolam
    for x, y in opened:
        ends = {(x - 1, y), (x + 1, y)} if (x - 1, y) in dots else {(x, y - 1), (x, y + 1)}
        assert ends <= dots


def test_the_pattern_is_alike_under_four_rotations_and_a_mirror(kolam: Kolam) -> None:
    _, opened, _ = kolam
    assert {(-y, x) for x, y in opened} == opened
    assert {(-x, y) for x, y in opened} == opened


def test_the_sign_is_one_unbroken_line_round_five_dots() -> None:
    root = ElementTree.fromstring(mark())
    assert len(root.findall(f".//{SVG}circle")) == 5
    (path,) = root.findall(f".//{SVG}path")
    assert path.attrib["d"].count("M") == path.attrib["d"].count("z") == 1


@pytest.mark.parametrize("event_id", IDS)
def test_a_poster_is_small_valid_and_without_inline_style(event_id: int) -> None:
    svg = poster(event_id)
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.attrib["viewBox"] == "0 0 800 500"
    assert 2_000 <= len(svg.encode()) <= 8_000
    assert "style" not in svg
    assert "<script" not in svg


@pytest.mark.parametrize("event_id", IDS)
def test_every_drawn_line_ends_where_it_began(event_id: int) -> None:
    root = ElementTree.fromstring(poster(event_id))
    (path,) = root.findall(f"./{SVG}g/{SVG}path")
    for line in path.attrib["d"].split("z")[:-1]:
        shifts = re.findall(r"(?:l|a17 17 0 [01] [01] )(-?\d+) (-?\d+)", line)
        assert len(shifts) == len(re.findall("[al]", line))
        assert sum(int(dx) for dx, _ in shifts) == 0
        assert sum(int(dy) for _, dy in shifts) == 0


def test_the_same_id_gives_the_same_poster_in_another_process() -> None:
    source = Path(__file__).parents[2] / "app" / "lib" / "kolam.py"
    code = f"import runpy; print(runpy.run_path({str(source)!r})['poster'](12), end='')"
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout == poster(12)


@pytest.mark.long
def test_posters_of_different_events_differ() -> None:
    assert len({poster(event_id) for event_id in IDS}) == len(IDS)


def test_eight_events_in_a_row_have_eight_inks() -> None:
    for first in IDS:
        assert {ink_name(i) for i in range(first, first + 8)} == set(INKS)
    assert [ink_name(i) for i in (1, 2, 3)] == ["manjal", "jamun", "mayil"]


@pytest.mark.long
def test_a_poster_is_printed_on_its_ink() -> None:
    assert all(f'fill="{INKS[ink_name(event_id)]}"' in poster(event_id) for event_id in IDS)


def test_a_poster_can_be_asked_for_in_another_size() -> None:
    root = ElementTree.fromstring(poster(3, width=1200, height=630))
    assert root.attrib["viewBox"] == "0 0 1200 630"


def test_the_sign_takes_the_size_asked_for() -> None:
    root = ElementTree.fromstring(mark(32))
    assert (root.attrib["width"], root.attrib["height"]) == ("32", "32")
    assert "style" not in mark()
