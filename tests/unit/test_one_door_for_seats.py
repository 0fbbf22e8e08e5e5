"""Seats are counted in one package: whoever else wrote them could forget the lock or the gate."""

import ast
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
COUNTED = {"seats_available", "seats_held", "seats_left", "version"}


def writers(source):
    """Lines in which an attribute, or a column of an event, of one of these names is written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if node.attr in COUNTED:
                yield node.lineno
        elif isinstance(node, ast.Call) and _makes_or_updates(node.func):
            yield from (node.lineno for word in node.keywords if word.arg in COUNTED)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = node.value.lower()
            if ("update events" in said or "update holds" in said) and any(
                name in said for name in COUNTED
            ):
                yield node.lineno


def _makes_or_updates(func):
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name in {"Event", "Hold", "values", "setattr"}


@pytest.mark.long
def test_nothing_outside_the_booking_package_writes_seats():
    outside = [path for path in APP.rglob("*.py") if APP / "booking" not in path.parents]
    assert len(outside) > 100
    found = {
        f"{path.relative_to(APP)}:{line}" for path in outside for line in writers(path.read_text())
    }
    assert found == set()


@pytest.mark.parametrize(
    "line",
    [
        "event.seats_available += 1",
        "event.version = 7",
        "event.capacity, event.seats_held = 5, 0",
        "Event(name='x', seats_available=5)",
        "update(Event).values(seats_held=3)",
        "hold.seats_left -= 1",
        "Hold(name='x', seats_left=5)",
        "sql('UPDATE events SET seats_available = 5')",
    ],
)
def test_a_line_that_writes_seats_is_found(line):
    assert list(writers(line)) == [1]
