"""More bookings at once than may wait: the surplus is told so at once, and nobody hangs."""

import time

import pytest

from tests.overload.conftest import FEW_THREADS, MAX_QUEUE
from tests.overload.flood import LONGEST
from tests.support.servers import wait_until
from tests.support.sums import seats_sold
from tests.support.worker_kinds import WORKER_KINDS

pytestmark = pytest.mark.usefixtures("invariants")
SURPLUS = 30
AT_ONCE = 0.7
"""Seconds, on a busy machine; a turn at a locked row takes more than twice as long."""


@pytest.fixture
def event(make_event):
    return make_event(capacity=1000)


@pytest.fixture
def wish(make_user, event):
    return {"user_id": make_user().id, "event_id": event.id}


def books_again_within_a_second(buyer, wish):
    """The room may be full for another moment; then a booking takes as long as ever."""
    released = time.monotonic()
    wait_until(lambda: buyer.post("/api/bookings", json=wish).status_code == 201, 1)
    assert time.monotonic() - released < 1


@pytest.mark.parametrize("small_site", WORKER_KINDS, indirect=True)
def test_past_the_room_one_is_told_503_at_once_and_after_the_flood_all_is_well(
    small_site, buyer, hold, flood, event, wish, sql
):
    served = 1 + MAX_QUEUE  # one leads, the others wait
    with hold(event):
        crowd = flood(small_site, [wish] * (served + SURPLUS))
        wait_until(lambda: len(crowd.answers) >= SURPLUS, LONGEST)
        turned_away = list(crowd.answers)
    books_again_within_a_second(buyer, wish)
    crowd.join()
    assert {(answer.status, answer.retry_after) for answer in turned_away} == {(503, "1")}
    assert max(answer.seconds for answer in turned_away) < AT_ONCE
    assert (len(crowd.by_status(201)), len(crowd.by_status(503))) == (served, SURPLUS)
    assert seats_sold(sql, event) == served + 1


@pytest.mark.whole
@pytest.mark.parametrize(
    "small_site", [*WORKER_KINDS, pytest.param(FEW_THREADS, marks=pytest.mark.whole)], indirect=True
)
def test_a_row_that_is_never_let_go_hangs_nobody(small_site, buyer, hold, flood, event, wish, sql):
    with hold(event):
        crowd = flood(small_site, [wish] * (1 + MAX_QUEUE + SURPLUS))
        crowd.join()
    assert len(crowd.by_status(503)) == 1 + MAX_QUEUE + SURPLUS
    assert {answer.retry_after for answer in crowd.answers} == {"1"}
    assert max(answer.seconds for answer in crowd.answers) < LONGEST
    assert seats_sold(sql, event) == 0
    books_again_within_a_second(buyer, wish)
