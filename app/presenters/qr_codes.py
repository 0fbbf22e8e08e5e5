"""QR codes (ISO/IEC 18004), as SVG for pages and as PNG for letters."""

from functools import lru_cache
from io import BytesIO
from itertools import groupby
from typing import Any

import zxingcpp
from markupsafe import Markup
from PIL import Image

QUIET = 4
"""Width in modules of the white margin around a code (ISO/IEC 18004, 9.1)."""
PIXELS = 8
"""Width of a module in a PNG picture."""
SHORT = 20
"""Letters of what fits into version 2 at level H, as a seat's code does. At level M it would be
version 1, which has no alignment pattern, so that a camera reads it badly at an angle (ADR 87)."""


@lru_cache(maxsize=2_000)
def drawing(text: str) -> Markup:
    """Return the code as an inline SVG, with its margin."""
    size, rows = _modules(text)
    whole = size + 2 * QUIET
    # One path of horizontal lines: each row begins at its left edge, half a module down.
    lines = "".join(
        f"M{QUIET} {QUIET + number + 0.5:g}{_runs(row)}" for number, row in enumerate(rows)
    )
    return Markup(  # noqa: S704 - numbers and our own letters
        f'<svg viewBox="0 0 {whole} {whole}" class="qr"><path fill="#fff" d="M0 0h{whole}v{whole}'
        f'h-{whole}z"/><path stroke="#000" d="{lines}"/></svg>'
    )


def picture(text: str) -> bytes:
    """Return the code as a PNG picture, with its margin."""
    size, rows = _modules(text)
    code = Image.new("L", (size + 2 * QUIET,) * 2, 255)
    code.paste(Image.frombytes("L", (size, size), b"".join(rows)), (QUIET, QUIET))
    file = BytesIO()
    scaled = code.resize((code.width * PIXELS,) * 2, Image.Resampling.NEAREST)
    scaled.convert("1").save(file, "PNG")
    return file.getvalue()


def _modules(text: str) -> tuple[int, list[bytes]]:
    """Return the width of the code in modules, and its rows: a byte each, 0 for a dark one."""
    level = "H" if len(text) <= SHORT else "M"
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    pixels: Any = code.to_image(scale=1, add_quiet_zones=False)
    height, width = pixels.shape
    flat = memoryview(pixels).tobytes()
    return width, [flat[row * width : (row + 1) * width] for row in range(height)]


def _runs(row: bytes) -> str:
    lengths = ((value, len(list(run))) for value, run in groupby(row))
    return "".join(f"m{length} 0" if value else f"h{length}" for value, length in lengths)
