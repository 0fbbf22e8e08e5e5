"""Where a sign-in may send people on: to an address on this site, and nowhere else."""

import pytest

from app.edge.session import safe_next

AWAY = [
    "//e",
    "///e",
    "/\\e",
    "\\\\e",
    "\\/e",
    "/\t/e",
    "/\n/e",
    "/\r/e",
    "\t//e",
    " //e",
    "/\x00/e",
    "/ /e",
    "/\x7f/e",
    "https:e",
    "https://e",
    "https:/e",
    "javascript:alert(1)",
    "data:text/html,x",
    "e.example",
    "?next=/",
    "#",
    ".",
    "../x",
    "",
    None,
]


@pytest.mark.parametrize("target", AWAY, ids=repr)
def test_line_08_an_address_that_may_lead_away_is_not_followed(target):
    assert safe_next(target, "/home") == "/home"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/events/7/indie-concert?seats=2",
        "/bookings#7",
        "/%09/e",
        "/a//b",
        "/https://e",
        "/x:y",
    ],
)
def test_line_08_an_address_on_this_site_is_followed(target):
    assert safe_next(target, "/home") == target
