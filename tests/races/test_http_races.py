"""The same races against the real site: gunicorn, two processes, gevent."""

from collections import Counter
from threading import Barrier

import httpx
import pytest

from tests.support.sums import seats_left, seats_sold
from tests.support.threads import at_once

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.fixture
def send(site):
    """Send requests at once, each over a connection of its own, opened beforehand."""

    def send_all(requests):
        def work(method, path, body=None):
            with httpx.Client(base_url=site, timeout=30) as client:
                client.get("/health")
                together.wait(30)
                return client.request(method, path, json=body)

        requests = list(requests)
        together = Barrier(len(requests))
        answers = at_once([lambda r=request: work(*r) for request in requests])
        assert not [answer for answer in answers if isinstance(answer, Exception)]
        return answers

    return send_all


def statuses(answers):
    return Counter(answer.status_code for answer in answers)


def test_fifty_programs_and_five_seats_make_five_bookings(send, make_user, make_event, sql):
    event = make_event(capacity=5)
    wishes = [{"user_id": make_user().id, "event_id": event.id} for _ in range(50)]
    answers = send(("POST", "/bookings", wish) for wish in wishes)
    assert statuses(answers) == {201: 5, 409: 45}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["title"] for problem in refused} == {"Not enough seats"}
    assert (seats_sold(sql, event), seats_left(sql, event)) == (5, 0)


def test_twenty_requests_with_one_key_get_one_answer_from_two_processes(
    send, make_user, make_event, sql
):
    event = make_event()
    wish = {"user_id": make_user().id, "event_id": event.id, "idempotency_key": "k-1"}
    answers = send([("POST", "/bookings", wish)] * 20)
    assert statuses(answers) == {201: 20}
    assert len({answer.text for answer in answers}) == 1
    assert Counter(a.headers.get("Idempotency-Replayed") for a in answers) == {None: 1, "true": 19}
    assert seats_sold(sql, event) == 1


def test_fifty_cancellations_over_http_return_the_seats_once(send, make_event, make_booking, sql):
    event = make_event(capacity=100)
    booking, _other = make_booking(event, seats=2), make_booking(event, seats=60)
    answers = send([("DELETE", f"/bookings/{booking.id}")] * 50)
    assert statuses(answers) == {200: 50}
    assert len({answer.text for answer in answers}) == 1
    assert seats_left(sql, event) == 40


def test_bookings_and_cancellations_over_http_keep_the_sums(
    send, make_user, make_event, make_booking, sql, invariants
):
    event, user = make_event(capacity=30), make_user()
    taken = [make_booking(event, user) for _ in range(20)]
    wish = {"user_id": user.id, "event_id": event.id}
    answers = send(
        [("POST", "/bookings", wish)] * 25 + [("DELETE", f"/bookings/{b.id}") for b in taken]
    )
    assert set(statuses(answers)) <= {200, 201, 409}
    invariants()
    left = seats_left(sql, event)
    assert statuses(send([("POST", "/bookings", wish)] * (left + 5))) == {201: left, 409: 5}
