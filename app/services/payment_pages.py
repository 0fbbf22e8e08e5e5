"""Pages of payment providers: begun for a buyer, asked about, closed in time.

Whatever a provider says, by whichever way, goes through `settle`. A provider is asked while no
transaction is open: it may take seconds.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from secrets import token_hex
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from app.booking.desk import BookingDesk
from app.db import db, transaction
from app.errors import NothingToPay, PaymentNotOffered, ProviderAway
from app.lib.payment_providers import (
    Away,
    Facts,
    PageState,
    Provider,
    Refused,
    ToBePaid,
)
from app.models import Booking, EventOutcome, Payment, PaymentProvider, PaymentState
from app.models.columns import now
from app.services import payments
from app.services.bookings import get_booking
from app.services.paid_orders import PaidOrder, find_order, lock_order
from app.services.payment_providers import Providers
from app.services.payments import Received

LAST_CALL = timedelta(seconds=30)
"""How long before a reservation's end its page is closed: what is paid until then comes in time."""
LEAST = timedelta(seconds=60)
"""Less is too short to pay: no page is begun."""
ASK_EVERY = timedelta(minutes=2)
ASK_AGAIN = timedelta(seconds=15)
"""When a provider that did not answer is asked again. Near the end, minutes would be too long."""
ASK_PROCESSING = timedelta(minutes=10)
ASK_REFUSED = timedelta(hours=1)
ASKED_FOR = timedelta(days=30)
MOST_TRIES = 3

log = logging.getLogger(__name__)


class _Prepared(NamedTuple):
    payment_id: int
    page: str | None
    """The page that was begun before."""
    to_be_paid: ToBePaid


def offered(providers: Providers, currency: str, until: datetime | None) -> list[PaymentProvider]:
    """The providers by which an order in this currency, reserved until then, can be paid."""
    if until is None or until - now() < LEAST:
        return []
    return [name for name, provider in providers.items() if provider.takes(currency)]


def begin(
    desk: BookingDesk,
    providers: Providers,
    name: PaymentProvider,
    booking_id: int,
    return_address: Callable[[str], str],
) -> str | None:
    """Begin to pay the booking's order; returns where, or None when it was paid meanwhile.

    An order has one page of a provider at a time, so that nobody pays on two. `return_address`
    makes an address of the order's reference. Raises `BookingNotFound`, `NothingToPay`,
    `PaymentNotOffered`, and `ProviderAway`: nothing was lost then, and it can be tried again.
    """
    provider = providers.get(name)
    if provider is None:
        raise PaymentNotOffered(booking_id)
    booking = get_booking(booking_id)
    try:
        for _try in range(MOST_TRIES):
            prepared = _prepare(booking, name, provider, return_address)
            if prepared.page:
                facts = _of_earlier_page(provider, prepared.page, prepared.to_be_paid)
                if facts.state == PageState.OPEN and facts.address:
                    return facts.address
                settle(desk, name, facts)
                if facts.state in (PageState.PAID, PageState.PROCESSING):
                    return None
            begun = provider.begin(prepared.to_be_paid)
            if _keep(prepared, begun.page):
                return begun.address
            # Somebody else has begun meanwhile. Nobody has seen our page.
            provider.cancel(begun.page)
    except Away as error:
        log.warning("A payment provider did not answer", extra={"provider": name.value})
        raise ProviderAway from error
    except Refused as error:
        facts_to_log = {"provider": name.value, "reason": str(error), "booking_id": booking_id}
        log.warning("A payment provider refused a page", extra=facts_to_log)
        raise PaymentNotOffered(booking_id) from error
    raise ProviderAway


def look(desk: BookingDesk, providers: Providers, payment: Payment) -> EventOutcome:
    """Ask what became of a payment's page, close it if it should be, and settle it.

    Raises `Away`, `Refused`, and `PaymentNotOffered` for a provider that the site left.
    """
    name, page = PaymentProvider(payment.provider), payment.page
    provider = providers.get(name)
    if provider is None or page is None:
        raise PaymentNotOffered(payment.booking_id)
    may_be_paid = _may_be_paid(find_order(get_booking(payment.booking_id)), payment)
    db.session.rollback()
    # Before its money is late, no more must come.
    facts = provider.ask(page) if may_be_paid else provider.cancel(page)
    return settle(desk, name, facts)


def settle(desk: BookingDesk, name: PaymentProvider, facts: Facts) -> EventOutcome:
    """Do what follows of what a provider says of a page. Repeating it changes nothing, and what is
    told late or out of order takes nothing back."""
    payment = _by_page(name, facts.page)
    booking_id = payment.booking_id if payment else _by_reference(facts.order)
    if booking_id is None:
        return EventOutcome.UNKNOWN
    if facts.state == PageState.PAID:
        received = Received(name, facts.amount_minor, facts.currency, facts.payment or facts.page)
        recorded = payments.record_paid(desk, booking_id, received, also_wrong=True)
        _ask_at(name, facts.page, None)
        return EventOutcome.OWED if recorded.refund else EventOutcome.PAID
    if facts.state == PageState.CLOSED:
        _ask_at(name, facts.page, None)
        return EventOutcome.CLOSED
    if payment and payment.ask_at:
        waits = ASK_PROCESSING if facts.state == PageState.PROCESSING else None
        _ask_at(name, facts.page, now() + waits if waits else next_look(payment.booking))
    return EventOutcome.NOTHING


def next_look(booking: Booking) -> datetime:
    """When to ask of an open page: regularly, and in time before the reservation's end."""
    at, until = now(), booking.reserved_until
    last_call = until - LAST_CALL if until else at
    return max(min(at + ASK_EVERY, last_call), at + timedelta(seconds=1))


def claim_due() -> Payment | None:
    """Take up the payment whose page is to be asked about; others leave it alone for a while."""
    due = select(Payment).where(Payment.ask_at <= now()).order_by(Payment.ask_at).limit(1)
    with transaction() as session:
        payment = session.scalars(due.with_for_update(skip_locked=True)).one_or_none()
        if payment is not None:
            payment.ask_at = now() + ASK_AGAIN
    return payment


def put_off(payment_id: int) -> None:
    """Ask of a page later whose provider refuses to tell; at last, never."""
    with transaction() as session:
        payment = session.get_one(Payment, payment_id, with_for_update=True)
        is_old = payment.created_at < now() - ASKED_FOR
        payment.ask_at = None if is_old else now() + ASK_REFUSED


def of_order(booking: Booking, name: PaymentProvider) -> Payment | None:
    """The payment of the booking's order whose page may be paid still, or was just now."""
    order = find_order(booking)
    query = select(Payment).where(
        Payment.booking_id == order.first.id,
        Payment.provider == name.value,
        Payment.ask_at.is_not(None),
    )
    return db.session.scalars(query.order_by(Payment.id.desc()).limit(1)).one_or_none()


def _prepare(
    booking: Booking,
    name: PaymentProvider,
    provider: Provider,
    return_address: Callable[[str], str],
) -> _Prepared:
    with transaction() as session:
        order = lock_order(session, booking)
        if not order.waiting:
            raise NothingToPay(booking.id, order.is_paid)
        until = order.waiting[0].reserved_until
        if not order.is_reserved or name not in offered({name: provider}, order.currency, until):
            raise PaymentNotOffered(booking.id)
        payment = payments.pending_payment(session, order, name)
        session.flush()
        reference = order.first.reference
        to_be_paid = ToBePaid(
            order=reference,
            key=f"utsavam-{payment.id}-{token_hex(6)}",
            amount_minor=order.amount_minor,
            currency=order.currency,
            title=order.first.event.name,
            now=now(),
            until=until or now(),
            return_address=return_address(reference),
        )
    return _Prepared(payment.id, payment.page, to_be_paid)


def _of_earlier_page(provider: Provider, page: str, wanted: ToBePaid) -> Facts:
    """What became of the page, closed unless it takes what is wanted."""
    facts = provider.ask(page)
    fits = (facts.amount_minor, facts.currency) == (wanted.amount_minor, wanted.currency)
    return facts if fits or facts.state != PageState.OPEN else provider.cancel(page)


def _keep(prepared: _Prepared, page: str) -> bool:
    """Note the new page; returns False if there is another by now, or nothing to pay any more."""
    with transaction() as session:
        payment = session.get_one(
            Payment,
            prepared.payment_id,
            with_for_update={"of": Payment},
            populate_existing=True,
            options=[joinedload(Payment.booking)],
        )
        if payment.page != prepared.page or payment.state != PaymentState.PENDING.value:
            return False
        payment.page, payment.ask_at = page, next_look(payment.booking)
        payment.amount_minor = prepared.to_be_paid.amount_minor
        payment.currency = prepared.to_be_paid.currency
    return True


def _may_be_paid(order: PaidOrder, payment: Payment) -> bool:
    """Whether money that comes on the page now brings its seats."""
    until = order.waiting[0].reserved_until if order.waiting else None
    if payment.is_paid or until is None or not order.is_reserved:
        return False
    costs = (order.amount_minor, order.currency)
    return costs == (payment.amount_minor, payment.currency) and until - now() > LAST_CALL


def _by_page(name: PaymentProvider, page: str) -> Payment | None:
    query = select(Payment).where(Payment.provider == name.value, Payment.page == page)
    query = query.options(joinedload(Payment.booking)).execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def _by_reference(reference: str | None) -> int | None:
    if reference is None:
        return None
    return db.session.scalar(select(Booking.id).where(Booking.reference == reference))


def _ask_at(name: PaymentProvider, page: str, at: datetime | None) -> None:
    """Ask of the page then; never again if None, and not of one that is done with."""
    which = (Payment.provider == name.value, Payment.page == page, Payment.ask_at.is_not(None))
    with transaction() as session:
        session.execute(
            update(Payment).where(*which).values(ask_at=at),
            execution_options={"synchronize_session": False},
        )
