"""Codes as a scanner reads them, from pages and from pictures."""

import io
import re

import resvg_py
import zxingcpp
from PIL import Image

DRAWING = re.compile(r'<svg (viewBox="[^"]+" class="qr">.*?</svg>)', re.DOTALL)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" '


def codes_in(picture):
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def codes_on(page):
    """What is read in each drawing of a page (HTML), in order."""
    pictures = [
        Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=SVG + drawing, width=264))))
        for drawing in DRAWING.findall(page)
    ]
    return [text for picture in pictures for text in codes_in(picture.convert("L"))]
