"""The camera of a door, played from drawn pictures, on a page with the site's own policy."""

import os
import time
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import Random
from socketserver import ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from PIL import Image
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from app.edge.headers import STATIC, ResponseHeaders
from app.edge.static_files import StaticFolder
from tests.browser import chromium
from tests.browser.camera_scenes import code, noisy, posed, room

TEXT = "7Q2K9F4MXT3B-2"
FRAME = (1280, 720)
PAGE = """<!doctype html><html lang="en"><title>Door</title>
<link rel="icon" href="/static/favicon.svg"><video></video>
<script src="/static/js/camera.js" data-decoder="/static/js/camera-worker.js"></script></html>"""
OPEN = """() => {
  Object.assign(window, { told: [], problems: [] });
  const onCode = (text) => told.push(text);
  const onProblem = (problem) => problems.push(problem);
  return doorCamera.open(document.querySelector("video"), { onCode, onProblem }).then((opened) => {
    window.camera = opened;
  });
}"""
WITHOUT_NATIVE = """
delete window.BarcodeDetector;
window.asked = 0;
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (...given) {
  window.asked += 1;
  return post.apply(this, given);
};
"""
NATIVE = """
window.BarcodeDetector = class {
  static getSupportedFormats() { return Promise.resolve(["qr_code"]); }
  detect(canvas) { return %s; }
};
"""
SEES = """Promise.resolve(canvas.width > 300 ? [{ rawValue: "seen by the browser" }] : [])"""
FAILS = """Promise.reject(new Error("the service is gone"))"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
RUNNING = """() => {
  const stream = document.querySelector("video").srcObject;
  return Boolean(stream) && stream.getTracks().every((track) => track.readyState === "live");
}"""
FOUR_SECONDS_LATER = """() => {
  const now = performance.now.bind(performance);
  performance.now = () => now() + 4000;
}"""
KEEP_TRACKS = """() => { window.tracks = document.querySelector("video").srcObject.getTracks(); }"""


class Quiet(WSGIRequestHandler):
    def log_message(self, *_told):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture(scope="module")
def door():
    """The port of a site with one page and our static files, under the headers of all pages."""
    folder = StaticFolder(Path(__file__).parents[2] / "static")

    def site(environ, start_response):
        path = environ["PATH_INFO"]
        if path in ("/door/", "/elsewhere"):
            answer = Response(PAGE, content_type="text/html; charset=utf-8")
        else:
            answer = folder.response(path.removeprefix(STATIC), environ) or NotFound()
        return answer(environ, start_response)

    with make_server("127.0.0.1", 0, ResponseHeaders(site), Server, Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def film(file, text=None):
    """Write what the camera plays: a code that is held by a hand, or the room alone."""
    frames = []
    for number in range(6):
        rng = Random(f"film {number}")
        image = room(Random("film"), FRAME)
        if text:
            pose = {turn: rng.uniform(-8, 8) for turn in ("yaw", "pitch", "roll")}
            shown, outline = posed(code(text), FRAME, share=0.5, **pose)
            image.paste(shown, mask=outline)
        jpeg = BytesIO()
        colours = Image.merge("RGB", [noisy(image, rng, 3)] * 3)
        colours.save(jpeg, "JPEG", quality=85)
        frames.append(jpeg.getvalue())
    file.write_bytes(b"".join(frames))
    return file


def playing(playwright, *arguments):
    names = "--host-resolver-rules=MAP door.example 127.0.0.1"
    found = chromium.launch(playwright, names, *arguments)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(chromium.NONE_FOUND)
    return found


def filmed(playwright, file, answer=""):
    """A browser whose camera plays a film, and whose user gives an answer when asked for it."""
    return playing(
        playwright,
        "--use-fake-device-for-media-stream",
        f"--use-fake-ui-for-media-stream{answer}",
        f"--use-file-for-fake-video-capture={file}",
    )


@pytest.fixture(scope="module")
def code_is_held(playwright, tmp_path_factory):
    file = film(tmp_path_factory.mktemp("film") / "code.mjpeg", TEXT)
    with filmed(playwright, file) as browser:
        yield browser


@pytest.fixture(scope="module")
def nothing_is_held(playwright, tmp_path_factory):
    file = film(tmp_path_factory.mktemp("film") / "room.mjpeg")
    with filmed(playwright, file) as browser:
        yield browser


@contextmanager
def opened(browser, port, script=WITHOUT_NATIVE, at="127.0.0.1", path="/door/", expected=""):
    """A page whose camera is open; what the page complains of fails the test."""
    context = browser.new_context()
    context.add_init_script(script)
    page = context.new_page()
    page.set_default_timeout(chromium.PATIENCE)
    complaints, requests = [], []
    page.on("console", lambda told: complaints.append(told.text))
    page.on("pageerror", lambda told: complaints.append(str(told)))
    context.on("request", lambda request: requests.append(request.url))
    page.requests = requests
    page.goto(f"http://{at}:{port}{path}")
    page.evaluate(OPEN)
    yield page
    context.close()
    assert [text for text in complaints if not expected or expected not in text] == []


def until(page, expression):
    """Wait for what Playwright's own waiting would have evaluated against the page's policy."""
    ends = time.monotonic() + 8
    while not page.evaluate(expression):
        assert time.monotonic() < ends, page.evaluate("[told, problems]")
        page.wait_for_timeout(50)


def told(page):
    until(page, "told.length")
    return page.evaluate("told")


def test_a_code_is_told_once_while_it_is_held_and_again_when_it_was_away(code_is_held, door):
    with opened(code_is_held, door) as page:
        assert told(page) == [TEXT]
        page.wait_for_timeout(1500)
        assert page.evaluate("told") == [TEXT]
        # Control: by a clock that jumps, it was away for four seconds.
        page.evaluate(FOUR_SECONDS_LATER)
        until(page, "told.length === 2")
        assert page.evaluate("[told, problems]") == [[TEXT, TEXT], []]


def test_nothing_is_told_where_no_code_is_held_and_no_more_than_ten_pictures_are_read_a_second(
    nothing_is_held, door
):
    with opened(nothing_is_held, door) as page:
        until(page, "asked >= 2")
        asked, began = page.evaluate("[asked, performance.now()]")
        page.wait_for_timeout(1500)
        more, ended = page.evaluate("[asked, performance.now()]")
        assert 3 <= more - asked <= (ended - began) / 100 + 1
        assert page.evaluate("[told, problems]") == [[], []]


def test_a_browser_that_reads_codes_itself_fetches_no_decoder(code_is_held, door):
    with opened(code_is_held, door, NATIVE % SEES) as page:
        assert told(page) == ["seen by the browser"]
        assert not [url for url in page.requests if "worker" in url or "vendor" in url]


def test_where_the_browsers_own_reading_fails_the_decoder_reads(code_is_held, door):
    with opened(code_is_held, door, NATIVE % FAILS) as page:
        assert told(page) == [TEXT]


def test_chromiums_own_reading_where_it_has_one(code_is_held, door):
    with opened(code_is_held, door, "") as page:
        supported = page.evaluate(
            "() => window.BarcodeDetector ? BarcodeDetector.getSupportedFormats() : []"
        )
        if "qr_code" not in supported:
            pytest.skip("this Chromium has no BarcodeDetector for QR codes; a stand-in was tested")
        assert told(page) == [TEXT]
        assert not [url for url in page.requests if "worker" in url]


def test_the_camera_is_off_while_the_page_is_hidden_and_when_it_is_closed(code_is_held, door):
    with opened(code_is_held, door) as page:
        assert page.evaluate(RUNNING)
        assert told(page) == [TEXT]
        page.evaluate(KEEP_TRACKS)
        page.evaluate(HIDE, True)
        assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]
        assert not page.evaluate(RUNNING)
        page.evaluate(HIDE, False)
        until(page, RUNNING)
        page.evaluate(FOUR_SECONDS_LATER)
        until(page, "told.length === 2")
        page.evaluate(KEEP_TRACKS)
        page.evaluate("camera.close()")
        assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]
        page.evaluate(HIDE, True)
        page.evaluate(HIDE, False)
        page.wait_for_timeout(300)
        assert not page.evaluate(RUNNING)
        assert page.evaluate("problems") == []


def test_a_camera_without_a_light_says_so(code_is_held, door):
    with opened(code_is_held, door) as page:
        assert page.evaluate("camera.torch(true)") is False


def test_a_camera_that_somebody_did_not_allow_is_told(playwright, door, tmp_path):
    file = film(tmp_path / "room.mjpeg")
    with filmed(playwright, file, "=deny") as browser, opened(browser, door) as page:
        assert page.evaluate("[told, problems]") == [[], ["denied"]]


def test_a_page_other_than_the_doors_gets_no_camera(code_is_held, door):
    with opened(code_is_held, door, path="/elsewhere", expected="Permissions policy") as page:
        assert page.evaluate("[told, problems]") == [[], ["denied"]]


def test_a_page_that_is_not_secure_is_told(code_is_held, door):
    with opened(code_is_held, door, at="door.example", expected="Cross-Origin-Opener") as page:
        assert page.evaluate("[told, problems]") == [[], ["insecure"]]


def test_a_machine_without_a_camera_is_told(playwright, door):
    with playing(playwright) as browser, opened(browser, door) as page:
        assert page.evaluate("[told, problems]") == [[], ["none"]]
