"""Everybody signs up in the minutes before a sale opens; hashing passwords stops nobody else."""

import time
import uuid
from threading import Thread

import httpx
import pytest

from tests.support.threads import at_once

SIGN_UPS = 10


@pytest.mark.parametrize("small_site", ["gevent"], indirect=True)
def test_a_storm_of_sign_ups_holds_no_other_request_up(small_site, buyer):
    storm = {}

    def sign_up():
        facts = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct horse battery"}
        return httpx.post(f"{small_site}/users", json=facts, timeout=30).status_code

    def storms():
        began = time.monotonic()
        storm["statuses"] = at_once([sign_up] * SIGN_UPS)
        storm["seconds"] = time.monotonic() - began

    waits, storming = [], Thread(target=storms)
    storming.start()
    while storming.is_alive():
        began = time.monotonic()
        assert buyer.get("/health").status_code == 200
        waits.append(time.monotonic() - began)
        time.sleep(0.01)
    storming.join()
    assert storm["statuses"] == [201] * SIGN_UPS
    # Were the hashes computed in the requests' own turn, one request would wait for all of them.
    assert max(waits) < storm["seconds"] / 3
