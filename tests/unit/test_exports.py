"""Files for spreadsheets: a cell is shown, whatever it looks like."""

import pytest

from app.edge.exports import escape_formula


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@a", "'@a"),
        ("\n=1", "'\n'=1"),
        ("＝1+1", "'＝1+1"),
        # Where the sign between cells is a semicolon, this would be the next one.
        ("a;=1+1", "a;'=1+1"),
        ('a;"=1+1"', 'a;\'"=1+1"'),
        ("a\t-1", "a\t'-1"),
        ("a; b - c = d", "a; b - c = d"),
        ("", ""),
    ],
)
def test_line_09_what_a_spreadsheet_would_run_is_marked_as_text(cell, written):
    assert escape_formula(cell) == written
