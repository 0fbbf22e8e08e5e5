"""Orders with codes beside plain ones: used, given back, given to friends, unpaid, paid late.

Whoever changes an event ends first what is due; a change that is refused leaves that as it was.
"""

import time
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from app.booking.orders import Booked
from app.errors import InvalidField, NotEnoughSeats, NotGivable, VoucherRefused, VoucherUsedUp
from app.models import PriceEffect
from tests.stateful.paid import LOOK_VALID_FOR, PASS, PASS_OF_EVENT, TAKES
from tests.stateful.shop import WORKERS
from tests.support.sums import assert_seats_add_up

CAPACITY, HELD = 7, 3
PRICE = 100
STATUSES = "SELECT id, status FROM bookings WHERE part_of IS NULL"
LEFT = "SELECT seats_available, seats_held FROM events"
USES = "SELECT code, used, max_uses FROM vouchers ORDER BY code"
CHOIR = {"code": "CHOIR", "max_uses": 2, "price_effect": PriceEffect.PERCENT_OFF, "price_value": 50}
FANS = {"code": "FANS", "max_uses": 2, "price_effect": PriceEffect.FIXED_PRICE, "price_value": 0}

workers = st.sampled_from(WORKERS)
wishes = st.dictionaries(st.sampled_from(["General", "VIP"]), st.integers(1, 2), min_size=1)
codes = st.sampled_from([None, "CHOIR", "CHOIR", "FANS", "FANS"])


@dataclass
class Part:
    """A booking, and the order that used a code for it, whoever has the booking by now."""

    order: int
    code: str | None
    seats: int
    status: str

    @property
    def taken(self):
        return self.seats if self.status in TAKES else 0


class CodesAndModel(RuleBasedStateMachine):
    bookings = Bundle("bookings")

    def __init__(self, shop):
        super().__init__()
        self.shop = shop
        shop.open_anew()
        self.user = shop.new_user()
        self.event = shop.create_event(0, CAPACITY, None, price_minor=PRICE, payment_minutes=15)
        self.types = shop.add_types(self.event, {"VIP": None}, price_minor=PRICE)
        hold = shop.add_hold(0, self.event, HELD, False)
        fans = FANS | {"hold_id": hold.id, "ticket_type_id": self.types["VIP"]}
        self.vouchers = {f["code"]: shop.add_voucher(self.event, f).id for f in (CHOIR, fans)}
        self.most = {"CHOIR": 2, "FANS": 2}
        self.held = HELD
        self.parts, self.due = {}, set()
        self.freed_at, self.pauses = 0.0, 1

    @rule(target=bookings, worker=workers, wish=wishes, code=codes)
    def order(self, worker, wish, code):
        items = [(self.types[name], seats) for name, seats in wish.items()]
        answer = self.shop.order(worker, self.user, self.event, items, None, code)
        seats = sum(wish.values())
        if code is None and isinstance(answer, NotEnoughSeats):
            old = time.monotonic() - self.freed_at > LOOK_VALID_FOR
            assert not (old and seats <= CAPACITY - self.held - self._taken(due=False)), answer
            self._those_due_may_have_ended()
            return multiple()
        self._end_those_due()
        if refusal := self._refusal(wish, code):
            assert isinstance(answer, refusal), answer
            return multiple()
        assert isinstance(answer, Booked), answer
        if code == "FANS":
            self.held -= seats
        self._check_prices(answer.bookings, code)
        order = answer.booking.id
        for one in answer.bookings:
            self.parts[one.id] = Part(order, code, one.seats, one.status)
        return multiple(*(one.id for one in answer.bookings))

    @rule(worker=workers, booking=bookings, keep=st.integers(0, 1))
    def give_back(self, worker, booking, keep):
        part = self.parts[booking]
        if part.status == "GIVEN_AWAY":
            return
        answer = self.shop.give_back(worker, booking, keep)
        waits = part.status == "RESERVED" and booking not in self.due
        if waits and keep not in (0, part.seats):
            assert isinstance(answer, InvalidField), answer
            return
        self._end_those_due()
        if not part.taken or keep == part.seats:
            return
        self.freed_at = time.monotonic()
        if keep:
            part.seats = keep
        else:
            part.status = "CANCELLED"

    @rule(target=bookings, worker=workers, booking=bookings)
    def give_to_a_friend(self, worker, booking):
        part = self.parts[booking]
        answer = self.shop.give_to_a_friend(worker, booking)
        if part.status != "CONFIRMED":
            assert isinstance(answer, NotGivable), answer
            return multiple()
        self._end_those_due()
        if part.seats > 1:
            part.seats -= 1
        else:
            part.status = "GIVEN_AWAY"
        self.parts[answer.booking_id] = Part(part.order, part.code, 1, "CONFIRMED")
        return answer.booking_id

    @rule(booking=bookings)
    def let_its_time_pass(self, booking):
        together = self._order_of(booking)
        if self.parts[booking].status == "RESERVED":
            for id in together:
                self.shop.sql(PASS, id)
            self.shop.sql(PASS_OF_EVENT, self.event)
            self.due |= {id for id in together if self.parts[id].status == "RESERVED"}
            # As processes see it, who have read another end.
            self.freed_at = time.monotonic()

    @rule(worker=workers, booking=bookings)
    def pay_late(self, worker, booking):
        """All of its order, as far as it was ever to be paid."""
        waits = [id for id in self._order_of(booking) if self._waits(id)]
        if not waits:
            return
        paid = self.shop.pay_late(worker, self.event, *waits)
        self._end_those_due()
        anew = [id for id in waits if self.parts[id].status == "EXPIRED"]
        seats = sum(self.parts[id].seats for id in anew)
        fits = seats <= CAPACITY - self.held - self._taken() and self._has_a_use_for(anew)
        assert paid == (not anew or fits)
        if paid:
            for id in waits:
                self.parts[id].status = "CONFIRMED"

    @rule(worker=workers, code=st.sampled_from(["CHOIR", "FANS"]), most=st.integers(1, 3))
    def allow_more_or_fewer_uses(self, worker, code, most):
        answer = self.shop.change_voucher(
            worker, self.event, self.vouchers[code], {"max_uses": most}
        )
        if most < self._uses(code, due=False):
            assert isinstance(answer, InvalidField), answer
        else:
            assert answer.max_uses == most, answer
            self.most[code] = most
            self._end_those_due()

    @rule(worker=workers)
    def restart_worker(self, worker):
        self.shop.restart_worker(worker)

    @rule()
    def let_every_look_grow_old(self):
        if self.pauses and self.due:
            self.pauses -= 1
            time.sleep(LOOK_VALID_FOR)

    @invariant()
    def the_database_says_what_the_model_says(self):
        assert_seats_add_up(self.shop.sql)
        assert dict(self.shop.sql(STATUSES)) == {id: one.status for id, one in self.parts.items()}
        left = CAPACITY - self.held - self._taken()
        assert self.shop.sql(LEFT) == [(left, self.held)]
        uses = [(code, self._uses(code), self.most[code]) for code in ("CHOIR", "FANS")]
        assert self.shop.sql(USES) == uses

    def _refusal(self, wish, code):
        seats = sum(wish.values())
        if code and self._uses(code) >= self.most[code]:
            return VoucherUsedUp
        if code == "FANS" and set(wish) != {"VIP"}:
            return VoucherRefused
        left = self.held if code == "FANS" else CAPACITY - self.held - self._taken()
        return NotEnoughSeats if seats > left else None

    def _check_prices(self, made, code):
        prices = {None: PRICE, "CHOIR": PRICE // 2, "FANS": 0}
        assert {one.price_minor for one in made} == {prices[code]}
        assert {one.status for one in made} == {"CONFIRMED" if code == "FANS" else "RESERVED"}

    def _uses(self, code, *, due=True):
        """One for each order of which a seat is taken, whoever has it."""
        taken = [one for id, one in self.parts.items() if one.taken and (due or id not in self.due)]
        return len({one.order for one in taken if one.code == code})

    def _has_a_use_for(self, anew):
        part = self.parts[anew[0]] if anew else None
        if part is None or part.code is None:
            return True
        holds_one = any(one.taken for one in self.parts.values() if one.order == part.order)
        return holds_one or self._uses(part.code) < self.most[part.code]

    def _order_of(self, booking):
        order = self.parts[booking].order
        return sorted(id for id, one in self.parts.items() if one.order == order)

    def _waits(self, booking):
        return self.parts[booking].status in {"RESERVED", "EXPIRED"}

    def _taken(self, *, due=True):
        return sum(one.taken for id, one in self.parts.items() if due or id not in self.due)

    def _end_those_due(self):
        if self.due:
            self.freed_at = time.monotonic()
        for id in self.due:
            self.parts[id].status = "EXPIRED"
        self.due.clear()

    def _those_due_may_have_ended(self):
        """The order was refused by a look at the row, or by the row itself, which ends them."""
        truth = dict(self.shop.sql(STATUSES))
        ended = {id for id in self.due if truth[id] == "EXPIRED"}
        assert ended in (set(), self.due)
        if ended:
            self._end_those_due()
