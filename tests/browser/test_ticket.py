"""The ticket on paper, and in the hand."""

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.support.seat_codes import seat_in


@pytest.mark.parametrize(("seats", "pages"), [(1, 1), (10, 1), (23, 2)])
def test_all_codes_of_a_ticket_print_each_in_full(
    visit, sign_in, alice, make_event, make_booking, seats, pages
):
    event = make_event(name="A Very Long Name of an Evening, and of the Hall", capacity=50)
    booking = make_booking(event, user=alice, seats=seats)
    with visit() as page:
        sign_in(page)
        page.goto(f"/bookings/{booking.id}")
        page.emulate_media(media="print")
        widths = [box.bounding_box()["width"] for box in page.locator(".qr-box").all()]
        assert len(widths) == seats
        assert min(widths) >= 150  # CSS pixels: four centimetres
        seen = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L")
        read = {found.text for found in zxingcpp.read_barcodes(seen)}
        codes = {f"{booking.reference}-{number}" for number in range(1, seats + 1)}
        assert {seat_in(text) for text in read} == codes
        paper = page.pdf(format="A4", print_background=False)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == pages


def test_on_a_phone_the_code_comes_first_one_seat_a_view(
    visit, sign_in, alice, make_event, make_booking
):
    booking = make_booking(make_event(capacity=50), user=alice, seats=3)
    with visit(width=360, height=800) as page:
        sign_in(page)
        page.goto(f"/bookings/{booking.id}")
        codes = page.locator(".qr-box")
        expect(codes.nth(0)).to_be_in_viewport(ratio=1)
        expect(codes.nth(1)).not_to_be_in_viewport()
        page.get_by_role("button", name="Next seat").click()
        expect(codes.nth(1)).to_be_in_viewport(ratio=1)
        expect(codes.nth(0)).not_to_be_in_viewport()
        expect(page.get_by_role("status").first).to_have_text("Seat 2 of 3")
        page.get_by_role("list", name="One code for each seat").press("ArrowRight")
        expect(codes.nth(2)).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("button", name="Next seat")).to_have_attribute(
            "aria-disabled", "true"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == 360
