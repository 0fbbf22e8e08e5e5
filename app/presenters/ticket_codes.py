"""QR codes of a ticket, one per seat, to be scanned at the door."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.models import Booking
from app.models.references import spoken
from app.presenters.code_signatures import scanned_code
from app.presenters.qr_codes import drawing, picture

PER_PAGE = 100
"""Codes per page of the site."""


@dataclass(frozen=True)
class SeatCode:
    number: int
    text: str
    drawing: Markup


@dataclass(frozen=True)
class CodePicture:
    """A code as a PNG picture that is part of a letter."""

    number: int
    text: str
    cid: str
    picture: bytes


@dataclass(frozen=True)
class SeatCodes:
    """A page of a booking's codes, with the first seat of the previous and of the next page."""

    codes: Sequence[SeatCode]
    previous: int | None
    next: int | None


def seat_codes(booking: Booking, first: int = 1) -> SeatCodes:
    """Return a page of codes starting with seat `first`."""
    first = min(max(first, 1), booking.seats)
    end = min(first + PER_PAGE, booking.seats + 1)
    return SeatCodes(
        [_code(booking, number) for number in range(first, end)],
        max(first - PER_PAGE, 1) if first > 1 else None,
        end if end <= booking.seats else None,
    )


def all_codes(booking: Booking) -> Iterator[SeatCode]:
    """Yield the codes of all seats, each drawn when it is asked for."""
    return (_code(booking, number) for number in range(1, booking.seats + 1))


def code_pictures(booking: Booking, most: int) -> list[CodePicture]:
    """Return the codes of the first seats, `most` at most, as pictures."""
    return [
        CodePicture(
            number,
            f"{booking.spoken_reference}-{number}",
            f"seat-{number}@{booking.reference.lower()}",
            picture(scanned_text(booking, number)),
        )
        for number in range(1, min(booking.seats, most) + 1)
    ]


def scanned_text(booking: Booking, number: int) -> str:
    """Return what a scanner reads in the code of a seat."""
    return scanned_code(booking.event_id, booking.reference, number)


def code_texts(reference: str, seats: int) -> list[str]:
    """Return the texts of a booking's codes, as a scanner types them."""
    return [f"{reference}-{number}" for number in range(1, seats + 1)]


def code_span(reference: str, seats: int) -> str:
    """Return the codes in short, as people read them: the first and the last."""
    first = f"{spoken(reference)}-1"
    return first if seats == 1 else f"{first} … -{seats}"


def _code(booking: Booking, number: int) -> SeatCode:
    text = scanned_text(booking, number)
    return SeatCode(number, f"{booking.spoken_reference}-{number}", drawing(text))
