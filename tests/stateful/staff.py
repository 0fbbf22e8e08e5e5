"""What staff do with seats held back: name them, issue them, release them, beside what is sold."""

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, multiple, precondition, rule

from app.booking.orders import Booked
from app.models import Hold
from tests.stateful.machine import MOST_EVENTS, ShopAndModel, buyers, few, workers
from tests.stateful.model import NEW, IssueWish, ModelBooking

keys = st.sampled_from([None, "i-1"])


class StaffAndModel(ShopAndModel):
    events, bookings, holds = Bundle("events"), Bundle("bookings"), Bundle("holds")
    # What the other search is for: here it would be most of the steps.
    book_with_a_key = repeat_a_key = use_a_key_for_another_wish = book_together = None
    every_free_seat_can_be_bought = meet_with = let_every_look_grow_old = delete = None

    @precondition(lambda self: len(self._events_there) == MOST_EVENTS)
    @rule(worker=workers, event=events, force=st.booleans())
    def delete_one_of_two(self, worker, event, force):
        ShopAndModel.delete(self, worker, event, force)

    @rule(target=holds, worker=workers, event=events, seats=few, from_held=st.booleans())
    def add_hold(self, worker, event, seats, from_held):
        answer = self.shop.add_hold(worker, event, seats, from_held)
        if refusal := self.model.refuses_hold(event, seats, from_held):
            assert isinstance(answer, refusal), answer
            return multiple()
        assert isinstance(answer, Hold), answer
        self.model.add_hold(event, answer.id, seats, from_held)
        self._looked(worker, event)
        return event, answer.id

    @rule(worker=workers, hold=holds, seats=st.integers(0, 4))
    def resize_hold(self, worker, hold, seats):
        answer = self.shop.resize_hold(worker, hold, seats)
        self._check_hold(worker, hold, answer, self.model.resize_hold(*hold, seats))

    @rule(worker=workers, hold=holds)
    def release_hold(self, worker, hold):
        """Holds stay in the bundle: some are released again, or issued from when they are gone."""
        answer = self.shop.release_hold(worker, hold)
        self._check_hold(worker, hold, answer, self.model.release_hold(*hold))

    @rule(target=bookings, worker=workers, buyer=buyers, hold=holds, seats=few, key=keys)
    def issue_from_a_hold(self, worker, buyer, hold, seats, key):
        event, hold_id = hold
        wish = IssueWish(self.users[buyer], event, seats, key, hold=hold_id)
        return self._issue(worker, wish)

    @rule(
        target=bookings,
        worker=workers,
        buyer=buyers,
        event=events,
        seats=few,
        key=keys,
        from_held=st.booleans(),
        past_limit=st.booleans(),
    )
    def issue(self, worker, buyer, event, seats, key, from_held, past_limit):
        how = {"from_held": from_held, "past_limit": past_limit}
        return self._issue(worker, IssueWish(self.users[buyer], event, seats, key, **how))

    @property
    def _events_there(self):
        return [event for event in self.model.events.values() if not event.deleted]

    def _issue(self, worker, wish):
        """No "sold out" of an old look is excused here: staff are answered by the row."""
        expected, answer = self.model.verdict(wish), self.shop.issue(worker, wish)
        if not isinstance(expected, int) and expected is not NEW:
            assert isinstance(answer, expected), answer
            return multiple()
        assert isinstance(answer, Booked), answer
        assert answer.replayed == (expected is not NEW)
        if answer.replayed:
            assert answer.booking.id == expected
        else:
            self.model.take_held(wish)
            self.model.bookings[answer.booking.id] = ModelBooking(wish)
        self._looked(worker, wish.event)
        return multiple() if answer.replayed else answer.booking.id

    def _check_hold(self, worker, hold, answer, refusal):
        if refusal:
            assert isinstance(answer, refusal), answer
        else:
            assert not isinstance(answer, Exception), answer
            self._looked(worker, hold[0])
