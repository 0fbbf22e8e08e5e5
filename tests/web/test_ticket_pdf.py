"""A ticket as a PDF: what it says, in every script; its codes are read from paper."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from pypdfium2 import raw

from app.lib import papers
from app.lib.fair_queue import QueueFull, WaitedTooLong
from app.presenters.ticket_addresses import ticket_secret
from app.services import bookings
from tests.support.codes import codes_in, codes_on

START = datetime(2031, 5, 4, 13, 30, tzinfo=UTC)
PAPER = 150 / 72
"""Scale of a page as a cheap scanner sees it: 150 dots an inch."""


@pytest.fixture
def event(make_event):
    return make_event(
        name="Kuchipudi by night",
        start_at=START,
        venue="Town Hall",
        address="1 Long Road",
        city="Kochi",
        price_minor=15_000,
        capacity=9_000,
    )


@pytest.fixture
def asked(signed_in, alice, make_booking, event):
    """The answer to who asks for the PDF of a booking with these seats."""

    def ask(seats=1, event=event, **facts):
        booking = make_booking(event, user=alice, seats=seats, **facts)
        return booking, signed_in.get(f"/bookings/{booking.id}/ticket.pdf")

    return ask


def opened(answer):
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return pypdfium2.PdfDocument(answer.data)


def said(document):
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    return re.sub(r"\s+", " ", text)


def read(document):
    """What a scanner reads on each page."""
    pages = [page.render(scale=PAPER).to_pil() for page in document]
    return [set(codes_in(page)) for page in pages]


def memory():
    """Megabytes of this process."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


@pytest.fixture
def shown(signed_in):
    """The codes that the ticket's page shows."""

    def shown(booking):
        codes = codes_on(signed_in.get(f"/bookings/{booking.id}").text)
        assert len(set(codes)) == booking.seats
        return set(codes)

    return shown


def test_it_tells_the_fee_in_what_was_paid(asked):
    _booking, answer = asked(seats=2, price_minor=15_000, fee_minor=550)
    assert "₹300, with a fee of ₹11" in said(opened(answer))


def test_it_says_what_the_tickets_page_says(asked):
    booking, answer = asked(seats=2, price_minor=15_000)
    text = said(opened(answer))
    for words in (
        "Kuchipudi by night",
        "Sun 4 May 2031, 19:00 IST",
        "Town Hall",
        "1 Long Road",
        "Alice",
        "₹300",
        "Pay ₹300 at the door.",
        booking.spoken_reference,
        f"{booking.spoken_reference}-2",
        "Seat 2 of 2",
    ):
        assert words in text
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="kuchipudi-by-night-2031-05-04.pdf"'
    )
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["లక్ష్మి", "లక్ష్మి స్త్రీ", "शक्ति भ्रूणहत्ट्ठ", "محمّد يحيى"])
def test_letters_that_stand_below_others_touch_no_other_line(asked, name):
    _booking, answer = asked(seats=2, price_minor=15_000, guest_name=name)
    page = opened(answer)[0]
    words = page.get_textpage()
    letters = [raw.FPDFText_GetUnicode(words, i) for i in range(words.count_chars())]
    left, _bottom, _right, top = words.get_charbox(letters.index(ord("₹")))
    picture = page.render(scale=4).to_pil().convert("L")
    column = picture.crop((int(left * 4), 0, int(left * 4) + 400, picture.height))
    inked = [column.crop((0, y, 400, y + 1)).getextrema()[0] < 200 for y in range(column.height)]
    first = int((page.get_height() - top) * 4)
    assert inked[first : first + 8].count(True) > 4
    assert not any(inked[first - 14 : first - 2]), "three points of nothing above the price"


@pytest.mark.parametrize(("seats", "pages"), [(1, 1), (12, 1), (13, 2), (100, 6)])
def test_its_codes_are_read_from_paper_as_from_the_page(asked, shown, seats, pages):
    booking, answer = asked(seats=seats)
    found = read(opened(answer))
    assert set().union(*found) == shown(booking)
    assert len(found) == pages


def test_it_is_tagged_and_names_its_title_and_language(asked):
    _booking, answer = asked()
    document = opened(answer)
    assert document.get_metadata_value("Title") == "Ticket: Kuchipudi by night"
    assert document.is_tagged()
    assert re.search(rb"/Lang\s*\(en-IN\)", answer.data)
    assert b"pdfuaid:part" in answer.data
    assert b"Code of seat 1 of 1" in answer.data


@pytest.mark.parametrize(
    "name",
    ["ఉత్సవం", "आशा भोसले की शाम", "مهرجان الربيع", "ערב שירים", "Вечер Ελλάδα", "Kṛṣṇa Việt Nam"],
)
def test_every_script_of_the_house_is_drawn_with_its_own_fonts(asked, make_event, name):
    _booking, answer = asked(event=make_event(name=name, start_at=START))
    # The standard forbids a letter that no font has.
    assert b"pdfuaid:part" in answer.data
    assert opened(answer).get_metadata_value("Title") == f"Ticket: {name}"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")


def test_a_letter_that_no_font_has_hides_no_code(asked, shown, make_event):
    event = make_event(name="Party \U0001fae8 \U00012000 \ufeff!")
    booking, answer = asked(event=event)
    assert b"pdfuaid:part" not in answer.data
    assert read(opened(answer)) == [shown(booking)]


def test_what_people_type_is_text_and_no_markup(asked, make_event):
    name = '#panic("no") $x$ *b* @here <there> \\ #read("x")'
    _booking, answer = asked(event=make_event(name=name))
    assert name in said(opened(answer))


def test_a_word_that_is_too_long_is_broken_within_its_column(asked, shown, make_event):
    booking, answer = asked(event=make_event(name="m" * 100, venue="w" * 100))
    document = opened(answer)
    letters = document[0].get_textpage()
    boxes = [letters.get_charbox(at) for at in range(letters.count_chars())]
    of_words = [box for at, box in enumerate(boxes) if letters.get_text_range(at, 1) in "mw"]
    column = 118 * 72 / 25.4
    assert len(of_words) >= 200
    assert all(right <= column for _left, _bottom, right, _top in of_words)
    assert read(document) == [shown(booking)]


@pytest.mark.parametrize("of", ["booking", "event"])
def test_a_cancelled_booking_has_no_ticket_to_keep(
    app, desk, signed_in, alice, make_event, make_booking, of
):
    status = "cancelled" if of == "event" else "published"
    booking = make_booking(make_event(status=status), user=alice)
    if of == "booking":
        with app.app_context():
            bookings.cancel(desk, booking.id)
    answer = signed_in.get(f"/bookings/{booking.id}/ticket.pdf")
    assert answer.status_code == 409
    assert "there is no ticket to keep" in answer.text
    assert "ticket.pdf" not in signed_in.get(f"/bookings/{booking.id}").text


def test_a_guest_has_it_by_the_secret_address(app, desk, new_visitor, event):
    with app.app_context():
        facts = {"email": "asha@example.com", "name": "Asha of the library"}
        booking = bookings.book_as_guest(desk, event_id=event.id, seats=1, **facts).booking
        secret = ticket_secret(bookings.get_booking(booking.id))
    visitor = new_visitor()
    page = visitor.get(f"/tickets/{secret}").text
    (address,) = re.findall(r'href="([^"]+\.pdf)"', page)
    assert "Asha of the library" in said(opened(visitor.get(address)))
    assert visitor.get(f"/tickets/{secret[:-1]}/ticket.pdf").status_code == 404


@pytest.mark.parametrize(("fault", "status"), [(QueueFull, 429), (WaitedTooLong, 503)])
def test_who_asks_for_too_many_at_once_is_asked_to_come_again(asked, monkeypatch, fault, status):
    def refuse(*_):
        raise fault

    monkeypatch.setattr(papers._queue, "run", refuse)
    _booking, answer = asked()
    assert answer.status_code == status
    assert answer.headers["Retry-After"]


def test_a_thousand_seats_are_one_file(asked):
    booking, answer = asked(seats=1_000)
    document = opened(answer)
    assert len(document) == 51
    assert f"{booking.spoken_reference}-1000" in document[50].get_textpage().get_text_bounded()
    assert len(answer.data) < 2_000_000


@pytest.mark.long
def test_what_typst_remembers_of_large_files_is_given_back(asked):
    asked(seats=1_000)
    before = memory()
    for _ in range(2):
        asked(seats=1_000)
    # Each would keep 40 MB else.
    assert memory() - before < 50
