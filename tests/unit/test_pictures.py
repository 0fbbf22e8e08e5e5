"""What is made of an uploaded picture: the same picture, whichever way its file holds it."""

import io
import struct
import zlib

import pytest
from PIL import Image

from app.lib.images import MAX_BYTES, NoPicture, renditions

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 180, 40), (30, 40, 220), (255, 255, 255)
QUARTERS = (RED, GREEN, BLUE, WHITE)
"""From the left above to the right below."""


def quarters(width=1600, height=1000):
    made = Image.new("RGB", (width, height))
    for number, colour in enumerate(QUARTERS):
        left, top = number % 2 * (width // 2), number // 2 * (height // 2)
        made.paste(colour, (left, top, left + width // 2, top + height // 2))
    return made


def file_of(picture, kind, **how):
    made = io.BytesIO()
    picture.save(made, kind, **how)
    return made.getvalue()


def seen(file):
    """The colours of the four quarters, in both sizes."""
    found = []
    for made in renditions(file):
        picture = Image.open(io.BytesIO(made)).convert("RGB")
        w, h = picture.size
        found.append([picture.getpixel((w * x // 4, h * y // 4)) for y in (1, 3) for x in (1, 3)])
    return found


def assert_shows(file, colours=QUARTERS, within=12):
    for quarter in seen(file):
        for found, wish in zip(quarter, colours, strict=True):
            assert found == pytest.approx(wish, abs=within)


@pytest.mark.parametrize(
    "size",
    [
        (1600, 1000),
        (700, 400),
        pytest.param((5000, 2000), marks=pytest.mark.long),
        pytest.param((3000, 2500), marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("PNG", {}),
        ("WEBP", {"quality": 95}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_a_picture_looks_the_same_whatever_holds_it(kind, how, size):
    if kind == "WEBP" and size[0] * size[1] > 6_000_000:
        size = size[0] // 2, size[1] // 2
    assert_shows(file_of(quarters(*size), kind, **how))


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera lays down what is upright: undone by the turn that Exif's number asks for."""


SMALL, LARGE = (1600, 1000), (3200, 2480)


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("JPEG", SMALL),
        pytest.param("JPEG", LARGE, marks=pytest.mark.long),
        pytest.param("PNG", SMALL, marks=pytest.mark.long),
        pytest.param("PNG", LARGE, marks=pytest.mark.long),
        pytest.param("WEBP", SMALL, marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("number", range(1, 9))
def test_a_picture_is_turned_as_its_camera_says(kind, number, size):
    laid = quarters(*size)
    if number in TURNS:
        laid = laid.transpose(TURNS[number])
    exif = Image.Exif()
    exif[0x0112] = number
    assert_shows(file_of(laid, kind, exif=exif, quality=95))


@pytest.mark.long
@pytest.mark.parametrize("progressive", [False, True])
def test_the_inks_of_a_printer_become_the_colours_of_a_screen(progressive):
    made = quarters(4000, 2500).convert("CMYK")
    assert_shows(file_of(made, "JPEG", quality=95, progressive=progressive))


@pytest.mark.long
def test_grey_of_sixteen_bits_is_not_burnt_out():
    for value in (0, 20_000, 40_000, 65_535):
        made = Image.new("I;16", (1500, 1300), value)
        assert_shows(file_of(made, "PNG"), [(value >> 8,) * 3] * 4, within=3)


R, G, B = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
"""The colorants of sRGB, as its profile has them."""


def profile(red, green, blue):
    """A colour profile (ICC.1:2001-04): these primaries, and a gamma of 2.2."""

    def xyz(*numbers):
        return struct.pack(">4sI3i", b"XYZ ", 0, *(round(65536 * n) for n in numbers))

    gamma = struct.pack(">4sIIH2x", b"curv", 0, 1, round(256 * 2.2))
    tags = {"wtpt": xyz(0.9642, 1, 0.8249), "rXYZ": xyz(*red), "gXYZ": xyz(*green)}
    tags |= {"bXYZ": xyz(*blue), "rTRC": gamma, "gTRC": gamma, "bTRC": gamma}
    table, data, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name.encode(), start + len(data), len(value))
        data += value
    head = struct.pack(
        ">I4sI4s4s4s", start + len(data), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ "
    )
    head += struct.pack(">12x4s28x3i48x", b"acsp", 63190, 65536, 54061)
    return head + table + data


@pytest.mark.long
@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("PNG", "P")])
def test_colours_are_those_of_the_pictures_own_profile(kind, mode):
    """One whose red is what sRGB calls green, and the other way round."""
    picture = quarters().quantize(8) if mode == "P" else quarters().convert(mode)
    swapped = file_of(picture, kind, icc_profile=profile(G, R, B))
    red, green = (30, 220, 30), (180, 30, 40)
    assert_shows(swapped, (red, green, BLUE, WHITE), within=16)
    same = file_of(picture, kind, icc_profile=profile(R, G, B))
    assert_shows(same, within=16)


P3 = (0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)
"""The colorants of Display P3."""


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "JPEG"])
def test_a_phones_wide_colours_are_those_of_a_screen(kind):
    """What Display P3 calls (234, 51, 35) is the red of sRGB."""
    red, grey = (234, 51, 35), (120, 120, 120)
    picture = Image.new("RGB", (1600, 1000), red)
    picture.paste(grey, (800, 0, 1600, 1000))
    file = file_of(picture, kind, icc_profile=profile(*P3))
    assert_shows(file, [(255, 0, 0), grey] * 2, within=24)


@pytest.mark.parametrize("useless", [b"no profile", profile(G, R, B)[:200]])
def test_a_profile_that_can_not_be_used_is_passed_over(useless):
    assert_shows(file_of(quarters(), "PNG", icc_profile=useless))


def test_a_profile_of_colours_is_none_for_grey():
    grey = Image.merge("L", [quarters().getchannel("G")])
    expected = [(c[1],) * 3 for c in QUARTERS]
    assert_shows(file_of(grey, "PNG", icc_profile=profile(G, R, B)), expected)


def png(width, height, depth, kind, row, *before):
    """A PNG as Pillow does not write them: of one row again and again."""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    pixels = zlib.compress((b"\0" + row) * height)
    chunks = ((b"IHDR", head), *before, (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


@pytest.mark.parametrize(
    ("kind", "pixel"), [(2, (51400, 20000, 7700)), (6, (51400, 20000, 7700, 65535))]
)
def test_colours_of_sixteen_bits_are_the_same_in_eight(kind, pixel):
    file = png(1400, 900, 16, kind, struct.pack(f">{len(pixel)}H", *pixel) * 1400)
    assert_shows(file, [tuple(part >> 8 for part in pixel[:3])] * 4, within=6)


def test_what_is_clear_in_grey_of_sixteen_bits_is_white():
    """Also beside a grey that is the same in eight bits (PNG, 11.3.1.1)."""
    row = struct.pack(">2H", 20_000, 20_001)
    row = row[:2] * 700 + row[2:] * 700
    file = png(1400, 900, 16, 0, row, (b"tRNS", struct.pack(">H", 20_000)))
    assert_shows(file, [WHITE, (78,) * 3] * 2, within=3)


def test_what_is_clear_among_colours_of_sixteen_bits_is_white():
    colour, other = (51400, 20000, 7700), (7700, 20000, 51400)
    row = struct.pack(">3H", *colour) * 700 + struct.pack(">3H", *other) * 700
    file = png(1400, 900, 16, 2, row, (b"tRNS", struct.pack(">3H", *colour)))
    assert_shows(file, [WHITE, tuple(part >> 8 for part in other)] * 2, within=6)


@pytest.mark.long
def test_what_a_palette_lets_through_is_white():
    picture = quarters(3000, 2600).quantize(8)
    clear = picture.getpixel((10, 10))
    assert_shows(file_of(picture, "PNG", transparency=clear), (WHITE, GREEN, BLUE, WHITE))


@pytest.mark.long
def test_half_of_a_colour_is_mixed_with_white():
    half = quarters(3000, 2600).convert("RGBA")
    half.putalpha(128)
    mixed = [tuple((part + 255) // 2 for part in colour) for colour in QUARTERS]
    for kind in ("PNG", "WEBP"):
        picture = half if kind == "PNG" else half.resize((1600, 1000))
        assert_shows(file_of(picture, kind), mixed)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_shown(kind):
    others = [Image.new("RGB", (1600, 1000), colour) for colour in (RED, BLUE)]
    assert_shows(
        file_of(quarters(), kind, save_all=True, append_images=others, duration=9, quality=95)
    )


@pytest.mark.long
@pytest.mark.parametrize("size", [(9000, 6600), (15_000, 4_000), (3_900, 15_000)])
def test_a_phones_largest_jpeg_is_shown(size):
    assert_shows(file_of(quarters(*size), "JPEG", quality=60))


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "size", "how"),
    [
        ("PNG", (7000, 7000), {}),
        ("PNG", (4001, 3000), {}),
        ("PNG", (12_001, 1000), {}),
        ("WEBP", (3001, 2000), {}),
        ("WEBP", (6_000, 6_000), {"lossless": True, "quality": 0, "method": 0}),
        ("JPEG", (10_000, 6_001), {}),
        ("JPEG", (8_000, 6_000), {"progressive": True}),
        ("JPEG", (50_000, 700), {}),
    ],
)
def test_too_many_pixels_are_refused_and_the_limits_named(kind, size, how):
    file = file_of(Image.new("L" if kind != "WEBP" else "RGB", size), kind, **how)
    assert len(file) < MAX_BYTES
    with pytest.raises(NoPicture, match=r"at most 12 million pixels \(a WebP 6 million, a base"):
        renditions(file)


def test_a_jpeg_of_thousands_of_scans_is_refused():
    file = file_of(quarters(), "JPEG", progressive=True)
    last = file.rindex(b"\xff\xda")
    assert_shows(file)
    with pytest.raises(NoPicture, match="at most 64 scans"):
        renditions(file[:last] + file[last:-2] * 100 + file[-2:])


@pytest.mark.parametrize("place", ["before", "after"])
def test_what_only_looks_like_scans_counts_for_nothing(place):
    """A phone's notes of its maker, and the film that follows its picture."""
    file, bytes_of_a_film = file_of(quarters(), "JPEG"), b"\xff\xda" * 30_000
    notes = b"\xff\xfe" + struct.pack(">H", 2 + len(bytes_of_a_film)) + bytes_of_a_film
    file = file[:2] + notes + file[2:] if place == "before" else file + bytes_of_a_film
    assert_shows(file, within=25)


def scan_by_scan(width, height):
    """The head of a baseline JPEG whose scans hold one colour each: all of it is kept until the
    last one has been read, though it calls itself no progressive one."""
    file = file_of(Image.new("RGB", (width, height)), "JPEG", subsampling=0)
    at = file.rindex(b"\xff\xda")
    one = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 0, 63, 0)
    return file[:at] + one + file[at + 14 :]


@pytest.mark.long
def test_a_jpeg_that_is_kept_whole_is_told_by_its_first_scan():
    with pytest.raises(NoPicture, match="million pixels"):
        renditions(scan_by_scan(8000, 6000))


@pytest.mark.parametrize("over", [0, 1])
def test_five_megabytes_are_five_million_bytes(over):
    file = file_of(quarters(), "JPEG")
    file += bytes(MAX_BYTES - len(file) + over)
    assert len(file) == 5_000_000 + over
    if over:
        with pytest.raises(NoPicture, match="at most 5 MB"):
            renditions(file)
    else:
        assert_shows(file, within=25)
