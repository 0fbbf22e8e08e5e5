"""Uploaded pictures, made into what is shown: read with care, turned upright, cut and encoded anew.

Whatever else was in the file (place and camera, a script, a second format) is left behind.
"""

import io
from typing import NamedTuple

from PIL import Image, ImageOps

from app.aside import in_thread

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
MEDIA_TYPES = {f"image/{name.lower()}" for name in FORMATS}
Image.MAX_IMAGE_PIXELS = None  # ours is counted below, and is smaller
CARD, WIDE = (800, 500), (1200, 630)


class NoPicture(ValueError):
    """The file is none that we can show; the text says why."""


class Renditions(NamedTuple):
    card: bytes
    wide: bytes


def renditions(file: bytes) -> Renditions:
    """Raises `NoPicture`. Works in a thread of its own: bookings go on meanwhile."""
    return in_thread(_renditions, file)


def _renditions(file: bytes) -> Renditions:
    if len(file) > MAX_BYTES:
        raise NoPicture("must have at most 5 MB")
    try:
        with Image.open(io.BytesIO(file), formats=FORMATS) as found:
            # Only its head has been read by now.
            if found.width * found.height > MAX_PIXELS:
                raise NoPicture("must have at most 50 million pixels")
            picture = ImageOps.exif_transpose(found).convert("RGBA")
    except NoPicture:
        raise
    # Pillow raises many kinds for broken files; all mean the same here.
    except Exception as error:
        raise NoPicture("must be a JPEG, PNG or WebP picture") from error
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A"))
    return Renditions(
        _encoded(ImageOps.fit(flat, CARD), "WEBP", quality=80),
        _encoded(ImageOps.fit(flat, WIDE), "JPEG", quality=82, progressive=True),
    )


def _encoded(picture: Image.Image, kind: str, **how: object) -> bytes:
    made = io.BytesIO()
    picture.save(made, kind, **how)
    return made.getvalue()
