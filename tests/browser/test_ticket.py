"""The ticket on paper."""

import re

import pytest


@pytest.mark.parametrize("seats", [1, 10, 25])
def test_a_ticket_prints_on_one_page_its_codes_in_full(
    visit, sign_in, alice, make_event, make_booking, seats
):
    event = make_event(name="A Very Long Name of an Evening, and of the Hall", capacity=50)
    booking = make_booking(event, user=alice, seats=seats)
    with visit() as page:
        sign_in(page)
        page.goto(f"/bookings/{booking.id}")
        page.emulate_media(media="print")
        widths = [box.bounding_box()["width"] for box in page.locator(".qr-box").all()]
        assert len(widths) == min(seats, 10)
        assert min(widths) >= 150  # CSS pixels: four centimetres
        paper = page.pdf(format="A4", print_background=False)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
