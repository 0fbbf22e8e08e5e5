"""Everybody signs up in the minutes before a sale opens; hashing passwords stops nobody else."""

import time
import uuid
from collections import Counter
from threading import Thread

import pytest

from tests.faults.buyers import ask
from tests.support.threads import at_once

SIGN_UPS = 10
"""In one process; they take it a second or two."""
STORM = 100
SOON = 6 + 3
"""Seconds: what may be waited for a turn, and the turn on a busy machine; a request has ten."""
GEVENT = pytest.mark.parametrize("small_site", ["gevent"], indirect=True)


@pytest.fixture
def sign_up(small_site):
    """The status and the seconds of somebody's signing up."""

    def sign_up():
        facts = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct horse battery"}
        began = time.monotonic()
        status, _ = ask("POST", f"{small_site}/users", json=facts)
        return status, time.monotonic() - began

    return sign_up


@pytest.mark.whole
@GEVENT
def test_many_sign_ups_at_once_hold_no_other_request_up(buyer, sign_up):
    told, waits = [], []
    storm = Thread(target=lambda: told.extend(at_once([sign_up] * SIGN_UPS)))
    began = time.monotonic()
    storm.start()
    while storm.is_alive():
        asked = time.monotonic()
        assert buyer.get("/health").status_code == 200
        waits.append(time.monotonic() - asked)
        time.sleep(0.01)
    storm.join()
    assert [status for status, _ in told] == [201] * SIGN_UPS
    # Were the hashes computed in the requests' own turn, one request would wait for all of them.
    assert max(waits) < (time.monotonic() - began) / 3


@GEVENT
def test_an_address_with_more_sign_ups_than_there_is_time_for_is_told_to_come_again(sign_up):
    told = at_once([sign_up] * STORM)
    statuses = Counter(status for status, _ in told)
    assert set(statuses) == {201, 429}
    assert max(seconds for _, seconds in told) <= SOON
