"""Uploaded pictures: decoded within limits, rotated upright, cropped and re-encoded.

Anything else in the file (location and camera data, scripts, a second format) is dropped.
"""

import io
import math
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from PIL import ExifTags, Image, ImageCms, ImageMath, ImageOps, PngImagePlugin

from app.lib.threadpool import SerialExecutor

MAX_BYTES = 5_000_000
MAX_PIXELS = 12_000_000
"""Maximum pixels to decode: four bytes each in Pillow, whatever the file's own depth."""
MAX_JPEG_PIXELS = 60_000_000
"""Maximum pixels of a JPEG that is scaled down while decoding; phones send 48 megapixels."""
MAX_WEBP_PIXELS = 6_000_000
"""libwebp's animation decoder holds two frames, and Pillow copies one: 20 bytes per pixel."""
MAX_SCANS = 64
"""Maximum scans of a progressive JPEG, each over the whole picture; encoders make about ten."""
TOO_LARGE = "must have at most 12 million pixels (a WebP 6 million, a baseline JPEG 60 million)"
MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
"""A JPEG marker, except those that occur within scan data (ITU T.81, B.1.1.3 and F.1.2.3)."""
FORMATS = ("JPEG", "PNG", "WEBP")
JPEGS = {"JPEG", "MPO"}
"""MPO is Pillow's name for a JPEG with further pictures after the first, as some phones send."""
MEDIA_TYPES = {f"image/{name.lower()}" for name in FORMATS}
Image.MAX_IMAGE_PIXELS = None  # the limits above are lower
PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK  # 1 MB of text chunks, not 64
SIDEWAYS = {5, 6, 7, 8}
"""Exif orientations that swap width and height."""
CARD, WIDE = (800, 500), (1200, 630)
BAND = 4_000_000
"""Bytes of a picture to flatten at a time."""

SRGB = ImageCms.createProfile("sRGB")
PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""The mode in which Pillow takes colours of a profile's colour space (ICC.1, 7.2.6)."""

_executor = SerialExecutor(timeout=8, max_queue=8)
"""A picture takes up to 150 MB and half a second of a core; a queued one only its file's size."""


class NoPicture(ValueError):
    """The file is not a usable picture; the message says why."""


class Renditions(NamedTuple):
    """A picture in its display sizes: `card` as WebP, `wide` as JPEG."""

    card: bytes
    wide: bytes


def renditions(file: bytes) -> Renditions:
    """Make a picture's display sizes, one picture at a time per process, in a thread.

    Raises `NoPicture` for an unusable file, and `NotStarted` when the queue is full or too slow.
    """
    return _executor.run(_renditions, file)


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
    # Pillow raises many kinds of exceptions for broken files.
    except Exception as error:
        raise NoPicture("must be a JPEG, PNG or WebP picture") from error


def _upright(file: bytes) -> Image.Image:
    """Return the first frame, upright, on white, and not much larger than needed."""
    with Image.open(io.BytesIO(file), formats=FORMATS) as found:
        # Only the header has been read so far.
        _refuse_large(found, file)
        if found.format in JPEGS:
            found.draft(None, (_side(found.size),) * 2)
        if found.width * found.height > MAX_PIXELS:
            raise NoPicture(TOO_LARGE)
        found.load()
        turn = found.getexif().get(ExifTags.Base.Orientation, 1)
        flat = _flat(found, sideways=turn in SIDEWAYS)
        flat.getexif()[ExifTags.Base.Orientation] = turn
    return ImageOps.exif_transpose(flat)


def _refuse_large(found: Image.Image, file: bytes) -> None:
    max_pixels = MAX_WEBP_PIXELS if found.format == "WEBP" else MAX_PIXELS
    if found.format in JPEGS:
        scans = list(islice(_scans(file), MAX_SCANS + 1))
        if len(scans) > MAX_SCANS:
            raise NoPicture(f"must have at most {MAX_SCANS} scans")
        # With several scans, libjpeg keeps all coefficients until the last one is read: up to
        # eight bytes per pixel, even if the picture is scaled down while decoding.
        if "progressive" not in found.info and scans[:1] == [len(found.getbands())]:
            max_pixels = MAX_JPEG_PIXELS
    if found.width * found.height > max_pixels:
        raise NoPicture(TOO_LARGE)


def _scans(file: bytes) -> Iterator[int]:
    """Yield the number of components of each scan of a JPEG's first picture."""
    at = 2
    while found := MARKER.search(file, at):
        if found[0] == b"\xff\xd9":
            return
        # A segment's length includes its own two bytes; a scan's data follows the segment.
        at = found.end() + int.from_bytes(file[found.end() : found.end() + 2])
        if found[0] == b"\xff\xda":
            yield file[found.end() + 2]


def _side(size: tuple[int, int]) -> int:
    """Return the minimum side to which a JPEG may be scaled down while decoding.

    That is enough for either orientation or, for a long panorama, for the renditions' shorter side.
    """
    enough = max(WIDE)
    times = max(n for n in (1, 2, 4, 8) if n == 1 or n * enough <= min(size))
    return enough if size[0] * size[1] <= MAX_PIXELS * times**2 else min(WIDE)


def _flat(found: Image.Image, *, sideways: bool) -> Image.Image:
    """Return the centre on white, reduced towards the needed size.

    `sideways` says that width and height are swapped. Works band by band, because removing
    transparency needs as much memory again as the picture.
    """
    width, height = _middle(found.size[::-1] if sideways else found.size)
    smaller = max(1, min(width // WIDE[0], height // WIDE[1]))
    if sideways:
        width, height = height, width
    left, top = (found.width - width) // 2, (found.height - height) // 2
    flat = Image.new("RGB", (-(-width // smaller), -(-height // smaller)), "white")
    rows = max(1, BAND // (4 * width * smaller)) * smaller
    in_srgb = _srgb_converter(found)
    for y in range(0, height, rows):
        band = found.crop((left, top + y, left + width, top + min(y + rows, height)))
        flat.paste(in_srgb(band, smaller), (0, y // smaller))
    return flat


def _srgb_converter(found: Image.Image) -> Callable[[Image.Image, int], Image.Image]:
    """Return what reduces a band of the picture by a factor and converts its colours to sRGB.

    The renditions carry no colour profile, and viewers take such a picture's colours for sRGB.
    A profile that can't be used, or is of another colour space than the picture, is ignored.
    """
    mode = "CMYK" if found.mode == "CMYK" else "L" if found.mode[0] in "1LI" else "RGB"
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(found.info["icc_profile"]))
        if PROFILE_MODES.get(profile.profile.xcolor_space.strip()) != mode:
            raise ValueError(profile.profile.xcolor_space)
        transform = ImageCms.buildTransform(profile, SRGB, mode, "RGB")
    except (KeyError, TypeError, ValueError, OSError, ImageCms.PyCMSError):
        return lambda band, times: _on_white(band).reduce(times)
    if mode == "CMYK":
        return lambda band, times: transform.apply(band.reduce(times))
    return lambda band, times: transform.apply(_on_white(band).reduce(times).convert(mode))


def _middle(size: tuple[int, int]) -> tuple[int, int]:
    """Return how much of an upright picture `ImageOps.fit` uses for at least one of the sizes."""
    width, height = size
    widest, narrowest = WIDE[0] / WIDE[1], CARD[0] / CARD[1]
    return min(width, math.ceil(height * widest)), min(height, math.ceil(width / narrowest))


def _on_white(band: Image.Image) -> Image.Image:
    if band.mode.startswith("I"):
        band = _in_eight_bits(band)
    clear = band.info.get("transparency")
    if isinstance(clear, tuple) and max(clear) > 255:
        # Pillow reads colours of 16 bits as eight, but the clear one among them as it is.
        band.info["transparency"] = tuple(part >> 8 for part in clear)
    band = band.convert("RGBA")
    white = Image.new("RGB", band.size, "white")
    white.paste(band, mask=band.getchannel("A"))
    return white


def _in_eight_bits(band: Image.Image) -> Image.Image:
    """Return grey of 16 bits, which Pillow would clip instead of scaling, with what is clear."""
    clear = band.info.get("transparency")
    grey = band.point(lambda value: value * (1 / 256)).convert("L")
    if not isinstance(clear, int):
        return grey
    # By all 16 bits: others that are the same in eight are not clear.
    shown = ImageMath.lambda_eval(lambda of: (of["grey"] != clear) * 255, grey=band.convert("I"))
    del grey.info["transparency"]
    return Image.merge("LA", (grey, shown.convert("L")))


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    made = io.BytesIO()
    picture.save(made, kind, **options)
    return made.getvalue()
