"""Uploads: a picture comes out, made anew, or a sentence; whatever the file is."""

import io
import struct
import zlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.lib.images import CARD, MAX_PIXELS, WIDE, NoPicture, renditions
from tests.fuzz.search import drawn, examples
from tests.fuzz.texts import header_texts, texts
from tests.web.conftest import Visitor

SECRET = b"<script>alert('GPS of the photographer')</script>"
MODES = {
    "JPEG": ["L", "RGB", "CMYK"],
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "WEBP": ["RGB", "RGBA"],
}
kinds = st.sampled_from([(kind, mode) for kind, modes in MODES.items() for mode in modes])
sides = st.integers(1, 40) | st.sampled_from([1, 500, 800, 1200, 3000])


def picture(kind, mode, size, **how):
    made = io.BytesIO()
    Image.new(mode, size).save(made, kind, **how)
    return made.getvalue()


def shown(file):
    """What is made of a file, looked at as a browser would; None for one that is refused."""
    try:
        made = renditions(file)
    except NoPicture as refusal:
        assert str(refusal).startswith("must ")
        return None
    for data, kind, size in ((made.card, "WEBP", CARD), (made.wide, "JPEG", WIDE)):
        with Image.open(io.BytesIO(data)) as found:
            assert (found.format, found.size) == (kind, size)
            assert not found.getexif()
        assert SECRET not in data
    return made


@drawn
@given(kinds, sides, sides, st.integers(0, 9))
def test_a_picture_of_any_kind_and_shape_is_shown(kind, width, height, turned):
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010E] = SECRET.decode()
    assert shown(picture(*kind, (width, height), exif=exif))


@examples(50)
@given(kinds, st.data())
def test_a_damaged_picture_is_shown_or_refused(kind, data):
    file = bytearray(picture(*kind, (30, 20)))
    for _ in range(data.draw(st.integers(0, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    shown(bytes(file[: data.draw(st.integers(0, len(file)))]))


HEADS = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x10\0\0\0WEBPVP8 ", b"GIF89a", b"BM"]
HEADS += [b"%PDF-1.7", b"PK\x03\x04", b"<svg ", b"<html>", b"II*\0", b"%!PS", b"\0\0\0\x20ftypavif"]


@examples(50)
@given(st.sampled_from([b"", *HEADS]), st.binary(max_size=300), st.sampled_from([b"", SECRET]))
def test_what_only_begins_like_a_picture_is_refused(head, rest, tail):
    assert shown(head + rest + tail) is None


@drawn
@given(kinds, st.binary(max_size=200), st.sampled_from([b"%PDF-1.7", b"PK\x05\x06", b"MZ", b""]))
def test_what_follows_a_picture_is_left_behind(kind, rest, second):
    """A polyglot: the file is a picture, and something else to somebody else."""
    assert shown(picture(*kind, (30, 20)) + second + rest + SECRET + rest)


@examples(20)
@given(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1))
def test_a_bomb_is_refused_by_its_head(width, height):
    assume(width * height > MAX_PIXELS)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000), 9)
    chunks = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    file = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    with pytest.raises(NoPicture, match="million pixels"):
        renditions(file)


@pytest.fixture
def organiser(app, settings, factories):
    factories.event()
    browser = Visitor(app)
    browser.log_in(settings.admin_key[0])
    browser.token = browser.csrf_token()
    return browser


@examples(25)
@given(header_texts, texts, texts, st.binary(max_size=100))
def test_no_form_with_a_file_breaks_the_page(organiser, sql, kind, name, filename, file):
    sent = FileStorage(io.BytesIO(file), filename.replace("\0", ""), content_type=kind)
    form = {"csrf_token": organiser.token, "image": sent, name: "x"}
    boundary, body = encode_multipart(form)
    answer = organiser.post(
        "/admin/events/1/image",
        body=body,
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    assert 400 <= answer.status_code < 500
    assert sql("SELECT count(*) FROM event_images") == [(0,)]


@examples(50)
@given(st.binary(max_size=300), st.sampled_from(["b", "", '"', "b; charset=x", "é"]), st.booleans())
def test_no_body_of_parts_breaks_the_page(organiser, rest, boundary, begun):
    start = b'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
    answer = organiser.post(
        "/admin/events/1/image",
        body=start * begun + organiser.token.encode() * begun + rest,
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    assert 400 <= answer.status_code < 500
