"""One process or many, gevent or gthread: an event sells its seats, and no more."""

import json
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from threading import Barrier

import pytest

from tests.support.site import Site
from tests.support.sums import seats_left, seats_sold
from tests.support.threads import at_once

SEATS, BUYERS = 30, 90


@pytest.fixture(scope="module", params=["gevent", "gthread"])
def kind(request):
    return request.param


PROCESSES = [
    pytest.param(1, id="one process", marks=pytest.mark.whole),
    pytest.param(2, id="two processes"),
]


@pytest.fixture(scope="module", params=PROCESSES)
def site_of_a_kind(request, kind, migrated_app, settings, folder):
    place = folder / f"{kind}-{request.param}"
    with Site(settings, place, WORKER_CLASS=kind, WEB_CONCURRENCY=str(request.param)) as site:
        yield site.url


def test_ninety_people_and_thirty_seats_make_thirty_bookings(
    clean, site_of_a_kind, make_user, make_event, sql, invariants
):
    event, together = make_event(capacity=SEATS), Barrier(BUYERS)

    def buy(user):
        place = site_of_a_kind.removeprefix("http://")
        wish = json.dumps({"user_id": user.id, "event_id": event.id})
        with closing(HTTPConnection(place, timeout=10)) as line:
            # Connections that are made while others are served come to all of the processes.
            line.request("GET", "/events")
            line.getresponse().read()
            together.wait(30)
            line.request("POST", "/api/bookings", wish, {"Content-Type": "application/json"})
            return line.getresponse().status

    users = [make_user() for _ in range(BUYERS)]
    answers = at_once([lambda u=user: buy(u) for user in users])
    assert Counter(answers) == {201: SEATS, 409: BUYERS - SEATS}
    assert (seats_sold(sql, event), seats_left(sql, event)) == (SEATS, 0)
