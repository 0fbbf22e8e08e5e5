"""Whatever is done in whatever order, the shop does what the model says.

`UTSAVAM_WHOLE=1` searches wider, and anew each time.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.demo.servers import RedisServer
from app.errors import NotEnoughSeats
from tests.stateful.machine import ShopAndModel
from tests.stateful.shop import Shop

CALM = settings(
    derandomize=True,
    database=None,
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
WHOLE = settings(CALM, derandomize=False, max_examples=200, stateful_step_count=60, print_blob=True)
SEARCH = WHOLE if os.environ.get("UTSAVAM_WHOLE") == "1" else CALM


@pytest.fixture
def make_shop(app, sql, factories, folder):
    opened = []

    def make(kind=Shop):
        opened.append(kind(app, sql, factories, RedisServer(folder / f"shop-{kind.__name__}")))
        return opened[-1]

    yield make
    for shop in opened:
        shop.close()


def search(shop, how=SEARCH):
    run_state_machine_as_test(lambda: ShopAndModel(shop), settings=how)


def test_no_order_of_events_makes_shop_and_model_differ(make_shop):
    search(make_shop())


class ReturnsTwice(Shop):
    """Gives the seats back without a look at the booking's status."""

    def cancel(self, worker, booking):
        answer = super().cancel(worker, booking)
        self.sql(
            "UPDATE events SET seats_available = least(capacity, seats_available + %s) "
            "WHERE id = %s AND deleted_at IS NULL",
            *(answer.seats, answer.event_id),
        )
        return answer


class TrustsTokens(Shop):
    """Believes Redis when it says that too little is left."""

    def book(self, worker, wish):
        with self.redis() as client:
            tokens = client.get(f"event:{wish.event}:tokens") or ""
        if wish.key is None and tokens.isdecimal() and int(tokens) < wish.seats:
            return NotEnoughSeats(wish.event, wish.seats, int(tokens))
        return super().book(worker, wish)


@pytest.mark.parametrize("naive", [ReturnsTwice, TrustsTokens])
def test_the_search_finds_what_is_wrong_with_a_naive_shop(make_shop, naive):
    unshrunk = settings(CALM, phases=[Phase.generate])
    with pytest.raises(AssertionError):
        search(make_shop(naive), unshrunk)
