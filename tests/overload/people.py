"""People at different addresses: each of 127.0.0.0/8 is another, without a proxy that says so."""

import re
import threading
import time
import uuid
from dataclasses import dataclass, field

import httpx

from tests.faults.buyers import CERTIFICATES

PASSWORD = "correct horse battery"
HTML = {"Accept": "text/html"}


class Person:
    """A browser at an address, whose session is as if it had never done anything before."""

    def __init__(self, url, address):
        self._client = httpx.Client(
            base_url=url,
            headers=HTML,
            timeout=15,
            transport=httpx.HTTPTransport(local_address=address, verify=CERTIFICATES),
        )
        page = self._client.get("/sign-in")
        self._token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
        self._cookies = dict(self._client.cookies)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._client.close()

    def sign_in(self, email, password=PASSWORD):
        return self._post("/sign-in", email=email, password=password)

    def sign_up(self, email=None):
        email = email or f"{uuid.uuid4().hex}@example.com"
        return self._post("/sign-up", name="S", email=email, password=PASSWORD)

    def _post(self, path, **form):
        self._client.cookies = httpx.Cookies(self._cookies)
        try:
            answer = self._client.post(path, data={**form, "csrf_token": self._token})
        except httpx.HTTPError as error:
            return type(error).__name__
        return answer.status_code


@dataclass
class Work:
    """What a person does again and again at a pace, in a thread, until the block is left."""

    act: object
    every: float
    done: list = field(default_factory=list)
    """(seconds that it took, what came of it)."""

    def __enter__(self):
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        self._over.set()

    def __exit__(self, *_error):
        self.stop()
        self._thread.join(30)
        assert not self._thread.is_alive(), "somebody hangs"

    def _go_on(self):
        due = time.monotonic()
        while not self._over.wait(max(0, due - time.monotonic())):
            # Who is held up comes as soon as they can, and makes nothing up.
            due = max(due + self.every, time.monotonic())
            began = time.monotonic()
            answer = self.act()
            self.done.append((time.monotonic() - began, answer))


def quantile(seconds, part):
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * part))]
