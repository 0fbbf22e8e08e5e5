"""Pictures uploaded all at once: one is worked on after the other, and bookings go on."""

import io
import random
import time
from collections import Counter
from pathlib import Path
from threading import Thread

import httpx
import psutil
import pytest
from PIL import Image

from app.lib.images import MAX_BYTES
from tests.support.site import Site
from tests.support.threads import at_once
from tests.support.worker_kinds import WORKER_KINDS

AT_ONCE = 6
MOST_MB = 150
"""What a process may grow by while it works on pictures, however many are sent."""


def file_of(kind, size, mode="RGB", **how):
    made = io.BytesIO()
    colour = 7 if mode in {"L", "I;16"} else (7,) * len(mode)
    Image.new(mode, size, colour).save(made, kind, **how)
    return made.getvalue()


def noise(length):
    """A photograph that fills so many bytes."""
    pixels = random.Random(1).randbytes(3 * 1500 * 1000)
    made = io.BytesIO()
    Image.frombytes("RGB", (1500, 1000), pixels).save(made, "JPEG", quality=97)
    return made.getvalue().ljust(length, b"\0")


def frames():
    return [Image.new("RGB", (3000, 2000), (n, 0, 0)) for n in range(1, 6)]


@pytest.fixture(scope="module", params=WORKER_KINDS)
def picture_site(request, migrated_app, settings, folder):
    """One process; its memory is that of the pictures it works on."""
    kind = {"WEB_CONCURRENCY": "1", "WORKER_CLASS": request.param, "WORKER_THREADS": "32"}
    with Site(settings, folder / f"pictures-{request.param}", **kind) as site:
        send(site, 1, file_of("PNG", (900, 900)))
        yield site


def send(site, event_id, file, kind="image/png"):
    with httpx.Client(timeout=60, headers={"X-Admin-Key": site.admin_key}) as client:
        return client.put(
            f"{site.url}/api/admin/events/{event_id}/image",
            content=file,
            headers={"Content-Type": kind},
        )


class Memory:
    """The most that the site's process has held since, in MB, as Linux counts it."""

    def __init__(self, site):
        (worker,) = psutil.Process(site.pid).children()
        self._folder = Path("/proc") / str(worker.pid)
        (self._folder / "clear_refs").write_text("5")  # proc(5): reset the peak to the present
        self._before = self._peak()

    def _peak(self):
        status = (self._folder / "status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def grown(self):
        return self._peak() - self._before


LARGE = {
    "a small PNG of 49 megapixels": (lambda: file_of("PNG", (7000, 7000)), 422),
    "a WebP of 36 megapixels": (lambda: file_of("WEBP", (6000, 6000)), 422),
    "the largest PNG": (lambda: file_of("PNG", (4000, 3000), "RGBA"), 200),
    "a long PNG": (lambda: file_of("PNG", (12_000, 1000), "RGBA"), 200),
    "the largest WebP": (lambda: file_of("WEBP", (3000, 2000), "RGBA", lossless=True), 200),
    "a moving WebP": (
        lambda: file_of("WEBP", (3000, 2000), save_all=True, append_images=frames(), duration=9),
        200,
    ),
    "a phone's JPEG": (lambda: file_of("JPEG", (8000, 6000)), 200),
    "a progressive JPEG": (
        lambda: file_of("JPEG", (4000, 3000), progressive=True, subsampling=0),
        200,
    ),
    "a printer's JPEG": (lambda: file_of("JPEG", (4000, 3000), "CMYK", progressive=True), 200),
    "a photograph of 5 MB": (lambda: noise(MAX_BYTES), 200),
}
"""How each is made, when its test comes, and what is said to it."""


SHORT = {"a small PNG of 49 megapixels", "the largest WebP"}
"""Done in every run of the tests; the others are left to `make faults`."""
CHOSEN = [pytest.param(name, marks=() if name in SHORT else pytest.mark.whole) for name in LARGE]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux counts it")
@pytest.mark.parametrize("name", CHOSEN)
def test_six_large_pictures_at_once_take_no_more_memory_than_one(
    clean, picture_site, make_event, name
):
    event, (made, status) = make_event(), LARGE[name]
    file = made()
    memory = Memory(picture_site)
    answers = at_once([lambda: send(picture_site, event.id, file)] * AT_ONCE)
    # On a busy machine the last of them may have waited for too long.
    assert {status} <= {answer.status_code for answer in answers} <= {status, 503}
    assert memory.grown() < MOST_MB


def test_more_than_may_wait_are_told_to_come_again(clean, picture_site, make_event):
    event, file = make_event(), file_of("PNG", (4000, 3000), "RGBA")
    answers = at_once([lambda: send(picture_site, event.id, file)] * 25)
    told = Counter(answer.status_code for answer in answers)
    assert set(told) == {200, 503}
    assert told[200] >= 5
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert send(picture_site, event.id, file).status_code == 200


def test_bookings_go_on_while_pictures_are_worked_on(
    clean, picture_site, make_event, make_user, invariants
):
    event, user, waits = make_event(capacity=10_000), make_user(), []
    file, answers = file_of("PNG", (4000, 3000), "RGBA"), []
    storm = Thread(
        target=lambda: answers.extend(
            at_once([lambda: send(picture_site, event.id, file)] * AT_ONCE)
        )
    )
    start = time.monotonic()
    storm.start()
    with httpx.Client(base_url=picture_site.url, timeout=10) as client:
        while storm.is_alive():
            began = time.monotonic()
            wish = {"user_id": user.id, "event_id": event.id, "seats": 1}
            assert client.post("/api/bookings", json=wish).status_code == 201
            waits.append(time.monotonic() - began)
            time.sleep(0.005)
    assert {200} <= {answer.status_code for answer in answers} <= {200, 503}
    one_picture = (time.monotonic() - start) / AT_ONCE
    # Were a picture made in a request's own turn, each booking would wait for the whole of one.
    assert len(waits) > 3 * AT_ONCE
    assert sorted(waits)[len(waits) * 9 // 10] < one_picture / 2
