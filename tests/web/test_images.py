"""Events' own pictures: uploaded by organisers, made anew, kept for ever by browsers."""

import io
import random
import re

import httpx
import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.db import db
from app.lib import images
from app.lib.images import MAX_BYTES
from tests.web.conftest import HTML

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
SECRET = b"GPS of the photographer's home"


def picture(kind="JPEG", size=(1000, 900), colour=(200, 30, 40), **how):
    made = io.BytesIO()
    mode = "RGBA" if len(colour) == 4 else "RGB"
    Image.new(mode, size, colour).save(made, kind, **how)
    return made.getvalue()


@pytest.fixture
def upload(organiser):
    def do(event, file, by=organiser):
        form = {
            "csrf_token": by.csrf_token(),
            "image": FileStorage(io.BytesIO(file), "picture.jpg"),
        }
        boundary, body = encode_multipart(form)
        return by.post(
            f"/admin/events/{event.id}/image",
            csrf=False,
            body=body,
            content_type=f"multipart/form-data; boundary={boundary}",
        )

    return do


@pytest.fixture
def shown(visitor):
    """The addresses of an event's pictures: on its card, on its page, for messengers."""

    def ask(event):
        page = visitor.get(f"/events/{event.id}/{event.slug}").text
        card = re.search(r'<img class="poster" src="([^"]+)"', visitor.get("/").text)[1]
        own = re.search(r'<img class="poster" src="([^"]+)"', page)[1]
        preview = re.search(r'og:image" content="http://localhost([^"]+)"', page)[1]
        return card, own, preview

    return ask


@pytest.mark.long
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_takes_the_posters_place_everywhere(upload, shown, visitor, make_event, kind):
    event = make_event()
    assert upload(event, picture(kind)).status_code == 303
    card, own, preview = shown(event)
    assert card == own
    for address, mime, size in (
        (card, "image/webp", (800, 500)),
        (preview, "image/jpeg", (1200, 630)),
    ):
        answer = visitor.get(address)
        assert answer.mimetype == mime
        assert "immutable" in answer.headers["Cache-Control"]
        made = Image.open(io.BytesIO(answer.data))
        assert made.size == size
        assert made.convert("RGB").getpixel((5, 5)) == pytest.approx((200, 30, 40), abs=6)


def test_what_else_is_in_the_file_is_left_behind(upload, shown, visitor, make_event):
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6  # lies on its side
    event = make_event()
    file = picture(size=(400, 800), exif=exif) + b"<script>alert(1)</script>" + SECRET
    assert SECRET in file
    upload(event, file)
    for address in shown(event):
        data = visitor.get(address).data
        assert SECRET not in data
        assert b"<script" not in data


def test_a_picture_on_its_side_is_turned_upright(upload, shown, visitor, make_event):
    flat = Image.new("RGB", (800, 500), "red")
    flat.paste("blue", (0, 0, 400, 500))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    made = io.BytesIO()
    flat.save(made, "JPEG", exif=exif, quality=95)
    event = make_event()
    upload(event, made.getvalue())
    stored = Image.open(io.BytesIO(visitor.get(shown(event)[0]).data)).convert("RGB")
    assert stored.getpixel((10, 10))[0] > 200  # red is on the left now


def test_what_can_be_seen_through_lies_on_white(upload, shown, visitor, make_event):
    event = make_event()
    upload(event, picture("PNG", colour=(0, 0, 0, 0)))
    stored = Image.open(io.BytesIO(visitor.get(shown(event)[0]).data)).convert("RGB")
    assert stored.getpixel((10, 10)) == pytest.approx((255, 255, 255), abs=3)


def bomb():
    """A small file of very many pixels."""
    made = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.long
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: b"", "must be a JPEG, PNG or WebP picture"),
        (lambda: b"GIF89a" + bytes(100), "must be a JPEG, PNG or WebP picture"),
        (
            lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "must be a JPEG, PNG or WebP picture",
        ),
        (lambda: picture("GIF"), "must be a JPEG, PNG or WebP picture"),
        (lambda: picture("TIFF"), "must be a JPEG, PNG or WebP picture"),
        (lambda: picture()[:2000], "must be a JPEG, PNG or WebP picture"),
        (lambda: b"\xff\xd8\xff\xe0" + bytes(1000), "must be a JPEG, PNG or WebP picture"),
        (lambda: bytes(MAX_BYTES + 1), "must have at most 5 MB"),
        (bomb, "million pixels"),
    ],
    ids=["empty", "gif head", "svg", "gif", "tiff", "cut off", "jpeg head", "large", "bomb"],
)
def test_what_is_no_fair_picture_is_refused_with_a_sentence(upload, make_event, sql, make, said):
    answer = upload(make_event(), make())
    assert answer.status_code == 422
    assert said in answer.text
    assert sql("SELECT count(*) FROM event_images") == [(0,)]


def test_no_file_at_all_is_said_so(organiser, make_event):
    answer = organiser.post(f"/admin/events/{make_event().id}/image")
    assert answer.status_code == 422
    assert "Choose a file first." in answer.text


def test_an_upload_beyond_all_measure_is_413(upload, make_event):
    assert upload(make_event(), bytes(MAX_BYTES + 300_000)).status_code == 413


def test_a_picture_of_a_camera_is_taken_though_it_is_large(upload, make_event):
    """Noise holds every byte, line ends among them, by which the parts of a form are told."""
    noise = Image.frombytes("RGB", (1200, 900), random.Random(1).randbytes(3 * 1200 * 900))
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=95)
    assert 1_000_000 < file.tell() < MAX_BYTES
    assert upload(make_event(), file.getvalue()).status_code == 303


def test_no_other_form_takes_as_much(organiser, make_event):
    for path, size in (("/admin/keys", 100_000), ("/admin/events", 300_000)):
        assert organiser.post(path, {"name": "x" * size}).status_code == 413


def test_the_poster_comes_back_and_the_unused_picture_goes(
    organiser, upload, shown, make_event, sql, client
):
    event, twin = make_event(), make_event()
    for each in (event, twin):
        upload(each, picture())
    address = shown(event)[0]
    organiser.post(f"/admin/events/{event.id}/image/removal")
    assert shown(event)[1] == f"/art/{event.id}.svg"
    assert sql("SELECT count(*) FROM event_images") == [(1,)]
    upload(twin, picture(colour=(0, 90, 0)))
    assert sql("SELECT count(*) FROM event_images") == [(1,)]
    assert client.get(address, headers=HTML).status_code == 404


def test_no_connection_is_held_while_a_picture_is_made(app, upload, make_event, sql, monkeypatch):
    """Making one may wait for others'; connections are few, and others' work waits for them."""
    event, held, make = make_event(), [], images.renditions
    with app.app_context():
        before = db.engine.pool.checkedout()

    def look(file):
        held.append(db.engine.pool.checkedout() - before)
        return make(file)

    monkeypatch.setattr(images, "renditions", look)
    assert upload(event, picture()).status_code == 303
    assert held == [0]


def in_pieces(body):
    """Sent without a length, as programs do that make it on the way."""
    return (body[at : at + 50_000] for at in range(0, len(body), 50_000))


@pytest.mark.long
@pytest.mark.parametrize("sent", [bytes, in_pieces])
@pytest.mark.parametrize(
    ("length", "statuses"),
    [(5_000_000, {200}), (5_000_001, {422}), (MAX_BYTES + 70_000, {413}), (9_000_000, {413})],
)
def test_a_picture_longer_than_allowed_is_refused_and_never_cut(
    site, make_event, admin, sent, length, statuses
):
    answer = httpx.put(
        f"{site}/api/admin/events/{make_event().id}/image",
        content=sent(picture().ljust(length, b"\0")),
        headers={**admin, "Content-Type": "image/jpeg"},
        timeout=30,
    )
    assert {answer.status_code} == statuses
    if answer.status_code == 422:
        assert answer.json()["errors"] == [{"field": "image", "message": "must have at most 5 MB"}]
    if answer.status_code == 413:
        assert "5 MB for a picture" in answer.json()["detail"]


@pytest.mark.long
@pytest.mark.parametrize("length", [MAX_BYTES + 270_000, 9_000_000])
@pytest.mark.parametrize("sent", [bytes, in_pieces])
def test_an_upload_by_the_page_is_refused_whole_too(site, settings, make_event, sql, sent, length):
    with httpx.Client(base_url=site, headers=HTML, timeout=30) as browser:
        token = CSRF.search(browser.get("/admin/login").text)[1]
        form = {"csrf_token": token, "key": settings.admin_key[0]}
        assert browser.post("/admin/login", data=form).status_code == 303
        event = make_event()
        token = CSRF.search(browser.get(f"/admin/events/{event.id}/edit").text)[1]
        file = FileStorage(io.BytesIO(picture().ljust(length, b"\0")), "picture.jpg")
        boundary, body = encode_multipart({"csrf_token": token, "image": file})
        answer = browser.post(
            f"/admin/events/{event.id}/image",
            content=sent(body),
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        )
    assert answer.status_code == 413
    assert "5 MB for a picture" in answer.text
    assert sql("SELECT count(*) FROM event_images") == [(0,)]


@pytest.mark.long
@pytest.mark.parametrize("sent", [bytes, in_pieces])
def test_no_other_body_is_cut_and_accepted_either(site, make_event, make_user, sql, sent):
    """What lies within the limit is a whole order; it goes on beyond."""
    order = f'{{"user_id": {make_user().id}, "event_id": {make_event().id}, "seats": 1}}'.encode()
    for path, body in (
        ("/api/bookings", order.ljust(65_537)),
        ("/api/users", b'{"email": "a@example.com", "name": "A"}'.ljust(70_000)),
    ):
        json = {"Content-Type": "application/json"}
        answer = httpx.post(site + path, content=sent(body), headers=json)
        assert answer.status_code == 413
        assert httpx.post(site + path, content=sent(body[:65_536]), headers=json).status_code == 201
    assert sql("SELECT count(*) FROM bookings") == [(1,)]


def test_only_organisers_upload(upload, new_visitor, make_event, sql):
    answer = upload(make_event(), picture(), by=new_visitor())
    assert answer.location.startswith("/admin/login")
    assert sql("SELECT count(*) FROM event_images") == [(0,)]
