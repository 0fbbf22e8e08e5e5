"""Markup that many pages have is written once."""

from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "templates"


def test_a_list_that_is_empty_is_drawn_by_one_macro():
    drawn = {path.name for path in TEMPLATES.rglob("*.html") if '"empty"' in path.read_text()}
    assert drawn - {"empty.html"} == set()
