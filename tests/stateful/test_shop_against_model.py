"""Whatever is done in whatever order, the shop does what the model says.

`UTSAVAM_WHOLE=1` searches wider, and anew each time.
"""

import os
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.booking.orders import Booked
from app.demo.servers import RedisServer
from app.errors import InvalidField, NotEnoughSeats
from tests.stateful.codes import CodesAndModel
from tests.stateful.machine import ShopAndModel
from tests.stateful.paid import PaidAndModel
from tests.stateful.shop import Shop
from tests.stateful.staff import StaffAndModel
from tests.stateful.types import TypesAndModel

CALM = settings(
    derandomize=True,
    database=None,
    max_examples=20,
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


def search(shop, how=SEARCH, machine=ShopAndModel):
    run_state_machine_as_test(partial(machine, shop), settings=how)


def test_no_order_of_events_makes_shop_and_model_differ(make_shop):
    search(make_shop())


def test_no_order_of_what_staff_do_with_held_seats_makes_them_differ(make_shop):
    some = settings(SEARCH, max_examples=SEARCH.max_examples // 2)
    search(make_shop(), some, StaffAndModel)


def test_no_order_of_what_is_done_with_ticket_types_makes_them_differ(make_shop):
    some = settings(SEARCH, max_examples=SEARCH.max_examples // 2)
    search(make_shop(), some, TypesAndModel)


def test_no_order_of_what_is_done_with_reservations_makes_them_differ(make_shop):
    some = settings(SEARCH, max_examples=SEARCH.max_examples // 2)
    search(make_shop(), some, PaidAndModel)


def test_no_order_of_what_is_done_with_codes_makes_them_differ(make_shop):
    some = settings(SEARCH, max_examples=SEARCH.max_examples // 3)
    search(make_shop(), some, CodesAndModel)


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


class IssuesBesideTheHold(Shop):
    """Takes an issue's seats from those held back, and leaves them in their hold too."""

    def issue(self, worker, wish):
        answer = super().issue(worker, wish)
        if wish.hold and isinstance(answer, Booked) and not answer.replayed:
            more = "UPDATE holds SET seats_left = seats_left + %s WHERE id = %s"
            self.sql(more, wish.seats, wish.hold)
        return answer


class ForgetsTheType(Shop):
    """Puts seats on sale again, and leaves them counted in their ticket type."""

    def give_back(self, worker, booking, keep):
        before = "SELECT ticket_type_id, seats FROM bookings WHERE id = %s AND status = 'CONFIRMED'"
        counted = self.sql(before, booking)
        answer = super().give_back(worker, booking, keep)
        if counted and not isinstance(answer, InvalidField):
            more = "UPDATE ticket_types SET taken = least(taken + %s, quota) WHERE id = %s"
            self.sql(more, counted[0][1] - keep, counted[0][0])
        return answer


class EndsWhatWasPaid(Shop):
    """Ends whatever was to be paid by now, as somebody would who had read that before."""

    def end(self, worker, event):
        self.sql(
            "UPDATE bookings SET status = 'EXPIRED', reserved_until = now() WHERE event_id = %s"
            " AND status = 'CONFIRMED'",
            event,
        )
        self.sql("UPDATE events SET seats_available = capacity WHERE id = %s", event)
        return super().end(worker, event)


class CountsByBooking(Shop):
    """Gives a code's use back with a booking, though others of its order have seats still."""

    def give_back(self, worker, booking, keep):
        answer = super().give_back(worker, booking, keep)
        if not keep and not isinstance(answer, InvalidField):
            self.sql(
                "UPDATE vouchers v SET used = greatest(used - 1, 0) FROM bookings b WHERE"
                " b.voucher_id = v.id AND b.voucher_order = %s AND b.status = 'CONFIRMED'",
                answer.voucher_order,
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


@pytest.mark.parametrize(
    ("naive", "machine"),
    [
        (ReturnsTwice, ShopAndModel),
        (TrustsTokens, ShopAndModel),
        (IssuesBesideTheHold, StaffAndModel),
        (ForgetsTheType, TypesAndModel),
        (EndsWhatWasPaid, PaidAndModel),
        (CountsByBooking, CodesAndModel),
    ],
)
def test_the_search_finds_what_is_wrong_with_a_naive_shop(make_shop, naive, machine):
    unshrunk = settings(CALM, max_examples=150, phases=[Phase.generate])
    with pytest.raises(AssertionError):
        search(make_shop(naive), unshrunk, machine)
