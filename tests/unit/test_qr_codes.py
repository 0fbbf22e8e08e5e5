"""Codes that a door's camera reads: also tilted, and with a part missing."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from app.presenters.qr_codes import PIXELS, QUIET, SHORT, picture

SEAT = "7Q2K9F4MXT3B-2"
VERSION_1, VERSION_2 = 21, 25
"""Modules across. From version 2 on, a code has an alignment pattern."""


def drawn(text):
    return Image.open(BytesIO(picture(text))).convert("L")


def least(text):
    """The smallest code, which has level M, in the size of ours."""
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    pixels = made.to_image(scale=PIXELS)
    return Image.frombytes("L", pixels.shape, memoryview(pixels).tobytes())


def modules(image):
    return image.width // PIXELS - 2 * QUIET


def read_without_a_tenth(image):
    """What is read when paint covers a tenth of the code, in its middle."""
    width = modules(image) * PIXELS
    start, side = QUIET * PIXELS + width * 0.4, width * 0.32
    ImageDraw.Draw(image).rectangle((start, start, start + side, start + side), fill=255)
    return [code.text for code in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("text", [SEAT, f"{SEAT}345", "Q" * SHORT])
def test_a_seats_code_has_an_alignment_pattern(text):
    assert modules(drawn(text)) == VERSION_2


def test_without_care_a_seats_code_would_have_none():
    assert modules(least(SEAT)) == VERSION_1


def test_a_longer_text_keeps_its_modules_large():
    longer = "Q" * (SHORT + 1)
    assert modules(drawn(longer)) == modules(least(longer)) == VERSION_2


def test_a_seats_code_is_read_when_a_tenth_of_it_is_covered():
    assert read_without_a_tenth(drawn(SEAT)) == [SEAT]


def test_the_least_code_is_not_read_when_a_tenth_of_it_is_covered():
    assert read_without_a_tenth(least(SEAT)) == []
