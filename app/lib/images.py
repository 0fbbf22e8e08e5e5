"""Uploaded pictures, made into what is shown: read with care, turned upright, cut and encoded anew.

Whatever else was in the file (place and camera, a script, a second format) is left behind.
"""

import io
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from app.lib.threadpool import SerialExecutor

MAX_BYTES = 5_000_000
MAX_PIXELS = 12_000_000
"""Pixels that are decoded: four bytes each in Pillow, whatever the file's own depth."""
MAX_JPEG_PIXELS = 60_000_000
"""Those of a JPEG that is made smaller while it is decoded, as phones of 48 megapixels send."""
MAX_WEBP_PIXELS = 6_000_000
"""libwebp's decoder of animations holds two frames, and Pillow copies one: 20 bytes a pixel."""
MAX_SCANS = 64
"""Parts of a progressive JPEG: each goes over the whole picture; encoders make about ten."""
TOO_LARGE = "must have at most 12 million pixels (a WebP 6 million, a baseline JPEG 60 million)"
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""Of a JPEG, but for those that stand within a scan's data (ITU T.81, B.1.1.3 and F.1.2.3)."""
FORMATS = ("JPEG", "PNG", "WEBP")
JPEGS = {"JPEG", "MPO"}
"""Pillow's name for one that holds more pictures after the first, as some phones make them."""
MEDIA_TYPES = {f"image/{name.lower()}" for name in FORMATS}
Image.MAX_IMAGE_PIXELS = None  # ours are counted below, and are fewer
PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK  # a megabyte of notes, not 64
LYING = {5, 6, 7, 8}
"""Exif's orientations in which a side of the picture is its upper end."""
CARD, WIDE = (800, 500), (1200, 630)
BAND = 4_000_000
"""Bytes of a picture that are flattened at once."""

_turns = SerialExecutor(timeout=8, max_queue=8)
"""A picture takes up to 150 MB, and half a second of a core; who waits holds the file alone."""


class NoPicture(ValueError):
    """The file is none that we can show; the text says why."""


class Renditions(NamedTuple):
    card: bytes
    wide: bytes


def renditions(file: bytes) -> Renditions:
    """One at a time in each process, in a thread of its own: bookings go on meanwhile.

    Raises `NoPicture`, and `NotStarted` when others' pictures take too long before this one.
    """
    return _turns.run(_renditions, file)


def _renditions(file: bytes) -> Renditions:
    if len(file) > MAX_BYTES:
        raise NoPicture("must have at most 5 MB")
    try:
        flat = _upright(file)
        return Renditions(
            _encoded(ImageOps.fit(flat, CARD), "WEBP", quality=80),
            _encoded(ImageOps.fit(flat, WIDE), "JPEG", quality=82, progressive=True),
        )
    except NoPicture:
        raise
    # Pillow raises many kinds for broken files; all mean the same here.
    except Exception as error:
        raise NoPicture("must be a JPEG, PNG or WebP picture") from error


def _upright(file: bytes) -> Image.Image:
    """The first frame on white, not much larger than what is made of it."""
    with Image.open(io.BytesIO(file), formats=FORMATS) as found:
        # Only its head has been read by now.
        _refuse_large(found, file)
        if found.format in JPEGS:
            found.draft(None, (_side(found.size),) * 2)
        if found.width * found.height > MAX_PIXELS:
            raise NoPicture(TOO_LARGE)
        found.load()
        turn = found.getexif().get(ExifTags.Base.Orientation, 1)
        flat = _flat(found, lies=turn in LYING)
        flat.getexif()[ExifTags.Base.Orientation] = turn
    return ImageOps.exif_transpose(flat)


def _refuse_large(found: Image.Image, file: bytes) -> None:
    most = MAX_WEBP_PIXELS if found.format == "WEBP" else MAX_PIXELS
    if found.format in JPEGS:
        scans = list(islice(_scans(file), MAX_SCANS + 1))
        if len(scans) > MAX_SCANS:
            raise NoPicture(f"must have at most {MAX_SCANS} scans")
        # Else libjpeg keeps all coefficients until the last scan is read: up to eight bytes a
        # pixel, however much smaller the picture is to be decoded.
        if "progressive" not in found.info and scans[:1] == [len(found.getbands())]:
            most = MAX_JPEG_PIXELS
    if found.width * found.height > most:
        raise NoPicture(TOO_LARGE)


def _scans(file: bytes) -> Iterator[int]:
    """How many colours each scan of a JPEG holds, to the end of the first picture in the file."""
    at = 2
    while found := MARKER.search(file, at):
        if found[0] == b"\xff\xd9":
            return
        # The length of what follows a marker counts itself; a scan's data comes after that.
        at = found.end() + int.from_bytes(file[found.end() : found.end() + 2])
        if found[0] == b"\xff\xda":
            yield file[found.end() + 2]


def _side(size: tuple[int, int]) -> int:
    """How long the sides of a JPEG must stay: enough for either way up, or, in a long panorama, for
    the shorter side of what is made."""
    enough = max(WIDE)
    times = max(n for n in (1, 2, 4, 8) if n == 1 or n * enough <= min(size))
    return enough if size[0] * size[1] <= MAX_PIXELS * times**2 else min(WIDE)


def _flat(found: Image.Image, *, lies: bool) -> Image.Image:
    """The middle, no larger than what is made of it asks for; `lies`: on one of its sides.

    Band by band: what can be seen through takes as much again as the picture.
    """
    width, height = _middle(found.size[::-1] if lies else found.size)
    smaller = max(1, min(width // WIDE[0], height // WIDE[1]))
    if lies:
        width, height = height, width
    left, top = (found.width - width) // 2, (found.height - height) // 2
    flat = Image.new("RGB", (-(-width // smaller), -(-height // smaller)), "white")
    rows = max(1, BAND // (4 * width * smaller)) * smaller
    for y in range(0, height, rows):
        band = found.crop((left, top + y, left + width, top + min(y + rows, height)))
        flat.paste(_on_white(band).reduce(smaller), (0, y // smaller))
    return flat


def _middle(size: tuple[int, int]) -> tuple[int, int]:
    """What `ImageOps.fit` leaves of an upright picture for one of the two."""
    width, height = size
    most, least = WIDE[0] / WIDE[1], CARD[0] / CARD[1]
    return min(width, math.ceil(height * most)), min(height, math.ceil(width / least))


def _on_white(band: Image.Image) -> Image.Image:
    if band.mode.startswith("I"):  # sixteen bits, which Pillow would cut off at eight
        band = band.point(lambda value: value * (1 / 256)).convert("L")
    band = band.convert("RGBA")
    white = Image.new("RGB", band.size, "white")
    white.paste(band, mask=band.getchannel("A"))
    return white


def _encoded(picture: Image.Image, kind: str, **how: object) -> bytes:
    made = io.BytesIO()
    picture.save(made, kind, **how)
    return made.getvalue()
