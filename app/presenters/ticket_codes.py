"""The codes of a ticket, one a seat, as doors scan them."""

from collections.abc import Sequence
from dataclasses import dataclass

import segno
from markupsafe import Markup

from app.models import Booking

PER_PAGE = 10
"""Codes that stand on one printed page."""
QUIET = 4
"""Modules of white around a code: ISO/IEC 18004."""


@dataclass(frozen=True)
class SeatCode:
    number: int
    text: str
    drawing: Markup


@dataclass(frozen=True)
class SeatCodes:
    """Some of a booking's codes, and where the others begin."""

    codes: Sequence[SeatCode]
    previous: int | None
    next: int | None


def seat_codes(booking: Booking, first: int = 1) -> SeatCodes:
    """From the first seat named on, as many as fit a page."""
    first = min(max(first, 1), booking.seats)
    end = min(first + PER_PAGE, booking.seats + 1)
    return SeatCodes(
        [_code(booking, number) for number in range(first, end)],
        max(first - PER_PAGE, 1) if first > 1 else None,
        end if end <= booking.seats else None,
    )


def _code(booking: Booking, number: int) -> SeatCode:
    # The reference is 58 random bits, so nobody guesses a code; the door looks it up.
    text = f"{booking.reference}-{number}"
    drawing = segno.make_qr(text, error="m").svg_inline(
        border=QUIET, scale=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=""
    )
    return SeatCode(number, f"{booking.spoken_reference}-{number}", Markup(drawing))  # noqa: S704
