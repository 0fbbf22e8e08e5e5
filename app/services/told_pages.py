"""What providers tell of many paid pages at once, as `payment_pages.settle` does of one."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select, tuple_, update

from app.booking.desk import BookingDesk
from app.db import db, transaction
from app.errors import UtsavamError
from app.lib.payment_providers import Facts
from app.models import Booking, EventOutcome, Payment, PaymentProvider
from app.services import payment_batches
from app.services.payment_batches import Wanted
from app.services.payments import Received


class Told(NamedTuple):
    provider: PaymentProvider
    facts: Facts
    """Of a page that is paid."""

    @property
    def page(self) -> tuple[str, str]:
        return self.provider.value, self.facts.page

    @property
    def received(self) -> Received:
        facts = self.facts
        reference = facts.payment or facts.page
        return Received(self.provider, facts.amount_minor, facts.currency, reference)


def settle_paid(desk: BookingDesk, told: Sequence[Told]) -> list[EventOutcome | UtsavamError]:
    """Record the money of these pages; what came of each, or why it could not be done now.

    Repeating it changes nothing.
    """
    bookings = _bookings(told)
    known = [(number, id) for number, id in enumerate(bookings) if id is not None]
    wanted = [Wanted(id, told[number].received, also_wrong=True) for number, id in known]
    outcomes: list[EventOutcome | UtsavamError] = [EventOutcome.UNKNOWN] * len(told)
    answers = payment_batches.record_all(desk, wanted)
    for (number, _id), answer in zip(known, answers, strict=True):
        if isinstance(answer, UtsavamError):
            outcomes[number] = answer
        else:
            outcomes[number] = EventOutcome.OWED if answer.refund else EventOutcome.PAID
    _ask_no_more([one.page for one, what in zip(told, outcomes, strict=True) if what in _DONE])
    return outcomes


_DONE = (EventOutcome.OWED, EventOutcome.PAID)


def _bookings(told: Sequence[Told]) -> list[int | None]:
    """A booking of the order of each page: by the page, or else by its order's reference."""
    pages = select(Payment.provider, Payment.page, Payment.booking_id).where(
        tuple_(Payment.provider, Payment.page).in_([one.page for one in told])
    )
    by_page = {(row.provider, row.page): row.booking_id for row in db.session.execute(pages)}
    references = {one.facts.order for one in told if one.page not in by_page}
    orders = select(Booking.reference, Booking.id).where(Booking.reference.in_(references))
    by_reference = {row.reference: row.id for row in db.session.execute(orders)}
    db.session.rollback()
    return [by_page.get(one.page) or by_reference.get(one.facts.order or "") for one in told]


def _ask_no_more(pages: Sequence[tuple[str, str]]) -> None:
    """Their providers are not asked any more what became of them."""
    if not pages:
        return
    which = tuple_(Payment.provider, Payment.page).in_(pages), Payment.ask_at.is_not(None)
    with transaction() as session:
        session.execute(
            update(Payment).where(*which).values(ask_at=None),
            execution_options={"synchronize_session": False},
        )
