"""Domain errors. They carry facts; `app/presenters/problems.py` words the messages.

UtsavamError
├── NotFound ── EventNotFound (EventGone), UserNotFound, BookingNotFound, ImageNotFound,
│                ApiTokenNotFound, MailNotFound, StaffKeyNotFound, TicketNotFound, HoldNotFound,
│                LinkNotFound, CheckInNotFound, GiftNotFound, RefundNotFound, VoucherNotFound,
│                RoomNotFound,
│                ReceiptNotFound
├── Refused (a conflict with the state of things)
│   ├── NotEnoughSeats, NotEnoughHeld, SalesClosed, OverPersonLimit, CancellationClosed
│   ├── EventCancelled, CapacityBelowSold, CurrencyFixed, EventHasBookings, VersionConflict
│   ├── EmailTaken, BookingChanged, BookedByAccount, SeatsAreIn, NotGivable, RefundChanged,
│   ├── GiftClosed, WrongAmount, NothingToPay, BankReferenceTaken,
│   ├── PaymentNotOffered, RefundOnItsWay,
│   ├── PriceRisen, VoucherRefused (VoucherUsedUp), NotAdmitted, ProofRefused
├── InvalidField, IdempotencyKeyReused
├── WrongCredentials, NotAllowed, RoleTooLow, KeyLimited, SignUpClosed, TooManyRequests
└── Unavailable ── OutcomeUnknown, DatabaseDown, Busy, ProviderAway, RoomAway
"""

from datetime import datetime


class UtsavamError(Exception):
    """Base class of all domain errors."""


class NotFound(UtsavamError):
    noun = "thing"

    def __init__(self, ident: object = None) -> None:
        self.ident = ident
        super().__init__(f"{self.noun} {ident}")


class EventNotFound(NotFound):
    noun = "event"


class EventGone(EventNotFound):
    """The event existed, but its organiser has deleted it."""


class UserNotFound(NotFound):
    noun = "user"


class BookingNotFound(NotFound):
    noun = "booking"


class TicketNotFound(NotFound):
    """A secret opens no ticket: it is cut off, made up, or replaced by another."""

    noun = "ticket"


class StaffKeyNotFound(NotFound):
    noun = "staff key"


class CheckInNotFound(NotFound):
    noun = "check-in"


class RoomNotFound(NotFound):
    """The event has no waiting room."""

    noun = "waiting room"


class ImageNotFound(NotFound):
    noun = "picture"


class MailNotFound(NotFound):
    noun = "mail"


class ApiTokenNotFound(NotFound):
    noun = "API token"


class WalletNotOffered(NotFound):
    """No credentials for this wallet, or they have ended; or the booking has too many seats."""

    noun = "pass"


class HoldNotFound(NotFound):
    noun = "hold"


class TicketTypeNotFound(NotFound):
    """The event has no ticket type with this id, or none that this buyer may see."""

    noun = "ticket type"


class GiftNotFound(NotFound):
    """A link opens no gift, or a booking has none with this id."""

    noun = "gift"


class RefundNotFound(NotFound):
    noun = "refund"


class ReceiptNotFound(NotFound):
    noun = "receipt"


class VoucherNotFound(NotFound):
    """No voucher of the event has this code: unknown, withdrawn, another event's; nobody is told
    which."""

    noun = "voucher"


class LinkNotFound(NotFound):
    """A sign-in link that was never there, is used, or is over: nobody is told which."""

    noun = "link"


class Refused(UtsavamError):
    """A conflict with the current state; the same request may succeed later."""


class NotEnoughSeats(Refused):
    def __init__(self, event_id: int, asked: int, left: int) -> None:
        self.event_id, self.asked, self.left = event_id, asked, left
        super().__init__(f"event {event_id}: {asked} asked, {left} left")


class TicketTypeSoldOut(NotEnoughSeats):
    """A ticket type has fewer seats left, while its event may have others.

    `ticket_type_id` is None where the order named none: it is the default type's refusal.
    """

    def __init__(self, event_id: int, ticket_type_id: int | None, asked: int, left: int) -> None:
        self.ticket_type_id = ticket_type_id
        super().__init__(event_id, asked, left)


class TicketTypeNotOnSale(Refused):
    """A ticket type is not sold now; `state` is the `TypeState` value that says why."""

    def __init__(self, event_id: int, ticket_type_id: int, state: str) -> None:
        self.event_id, self.ticket_type_id, self.state = event_id, ticket_type_id, state
        super().__init__(f"event {event_id}: ticket type {ticket_type_id}: {state}")


class VoucherRefused(Refused):
    """A voucher's code is right and not good for this order; `cause` is used_up, over,
    for_another_person or not_for_this_type, which names the type that it is for."""

    def __init__(self, event_id: int, cause: str, ticket_type_id: int | None = None) -> None:
        self.event_id, self.cause, self.ticket_type_id = event_id, cause, ticket_type_id
        super().__init__(f"event {event_id}: {cause}")


class VoucherUsedUp(VoucherRefused):
    """As many orders as it allows have used a voucher; one of them may be cancelled yet."""

    def __init__(self, event_id: int) -> None:
        super().__init__(event_id, "used_up")


class PriceRisen(Refused):
    """An order costs more by now than its buyer was shown."""

    def __init__(self, event_id: int, total_minor: int, currency: str) -> None:
        self.event_id, self.total_minor, self.currency = event_id, total_minor, currency
        super().__init__(f"event {event_id}: {total_minor} {currency}")


class NotEnoughHeld(Refused):
    """A hold has fewer seats than were to be issued; `hold` is its name, or empty."""

    def __init__(self, event_id: int, hold: str, asked: int, left: int) -> None:
        self.event_id, self.hold, self.asked, self.left = event_id, hold, asked, left
        super().__init__(f"event {event_id}: {asked} asked, {left} held")


class NotAdmitted(Refused):
    """The event has a waiting room, and it is not this caller's turn to book.

    `phase` tells why: not joined yet, still waiting, or the time to book is over.
    """

    def __init__(self, event_id: int, phase: str) -> None:
        self.event_id, self.phase = event_id, phase
        super().__init__(f"event {event_id}: {phase}")


class ProofRefused(Refused):
    """Joining the event's waiting room takes a proof of work; `reason` tells what is wrong with the
    one that came: it is missing, wrong, over or used."""

    def __init__(self, event_id: int, reason: str) -> None:
        self.event_id, self.reason = event_id, reason
        super().__init__(f"event {event_id}: {reason}")


class SalesClosed(Refused):
    """The event sells no seats now; `state` is the `SaleState` value that says why."""

    def __init__(self, event_id: int, state: str) -> None:
        self.event_id, self.state = event_id, state
        super().__init__(f"event {event_id}: {state}")


class OverPersonLimit(Refused):
    """`held` is None for a guest: who names an email is not told what it has booked."""

    def __init__(self, event_id: int, limit: int, held: int | None, asked: int) -> None:
        self.event_id, self.limit, self.held, self.asked = event_id, limit, held, asked
        super().__init__(f"event {event_id}: {held} held, {asked} asked, limit {limit}")


class PlaceUsedUp(OverPersonLimit):
    """With one place in the waiting room as many seats are booked as one person may have."""

    def __init__(self, event_id: int, limit: int, asked: int) -> None:
        super().__init__(event_id, limit, None, asked)


class CancellationClosed(Refused):
    def __init__(self, booking_id: int, until: datetime) -> None:
        self.booking_id, self.until = booking_id, until
        super().__init__(f"booking {booking_id}: until {until.isoformat()}")


class RefundChanged(Refused):
    """Less comes back of a seat than its guest was told, who gives it back."""

    def __init__(self, booking_id: int, refund_minor: int, currency: str) -> None:
        self.booking_id, self.refund_minor, self.currency = booking_id, refund_minor, currency
        super().__init__(f"booking {booking_id}: {refund_minor} {currency} comes back")


class SeatsAreIn(Refused):
    """Seats that are in are given back by staff alone, who say that they know of it."""

    def __init__(self, booking_id: int, seats: tuple[int, ...]) -> None:
        self.booking_id, self.seats = booking_id, seats
        super().__init__(f"booking {booking_id}: seats {seats} are in")


class NotGivable(Refused):
    """A seat can't be given to a friend; `reason` is booking_over, not_paid, event_cancelled,
    event_over, seat_is_in or seats_changed."""

    def __init__(self, booking_id: int, reason: str) -> None:
        self.booking_id, self.reason = booking_id, reason
        super().__init__(f"booking {booking_id}: {reason}")


class GiftClosed(Refused):
    """A gift can't be accepted or taken back; `reason` is accepted, taken_back, given_back,
    event_cancelled, event_over or seat_is_in."""

    def __init__(self, gift_id: int, reason: str) -> None:
        self.gift_id, self.reason = gift_id, reason
        super().__init__(f"gift {gift_id}: {reason}")


class WrongAmount(Refused):
    """A payment is not what its order costs: `asked`, in the smallest unit of `currency`."""

    def __init__(self, booking_id: int, asked: int, currency: str) -> None:
        self.booking_id, self.asked, self.currency = booking_id, asked, currency
        super().__init__(f"booking {booking_id}: {asked} {currency}")


class NothingToPay(Refused):
    """The booking waits for no payment: it is paid, or cancelled."""

    def __init__(self, booking_id: int, is_paid: bool) -> None:
        self.booking_id, self.is_paid = booking_id, is_paid
        super().__init__(f"booking {booking_id}: {'paid' if is_paid else 'cancelled'}")


class RefundOnItsWay(Refused):
    """The provider was asked to pay it back, and has not answered yet: it may have done so."""

    def __init__(self, refund_id: int) -> None:
        self.refund_id = refund_id
        super().__init__(f"refund {refund_id}")


class PaymentNotOffered(Refused):
    """The order can't be paid by this provider: not in its currency, or not any more."""

    def __init__(self, booking_id: int) -> None:
        self.booking_id = booking_id
        super().__init__(f"booking {booking_id}")


class BankReferenceTaken(Refused):
    """The bank's reference is that of another order's payment."""

    def __init__(self, booking_id: int) -> None:
        self.booking_id = booking_id
        super().__init__(f"booking {booking_id}")


class EventCancelled(Refused):
    """A booking of a cancelled event has nothing to give back: its seats are on nobody's sale."""

    def __init__(self, booking_id: int) -> None:
        self.booking_id = booking_id
        super().__init__(f"booking {booking_id}")


class NoTicket(Refused):
    """A booking that is cancelled, or of a cancelled event, has no ticket to keep."""

    def __init__(self, booking_id: int) -> None:
        self.booking_id = booking_id
        super().__init__(f"booking {booking_id}")


class CapacityBelowSold(Refused):
    """The capacity is below the seats sold and held back together."""

    def __init__(self, asked: int, sold: int, held: int = 0) -> None:
        self.asked, self.sold, self.held = asked, sold, held
        super().__init__(f"{asked} asked, {sold} sold, {held} held back")


class CurrencyFixed(Refused):
    """Something was booked in the event's currency, so that it can't change."""

    def __init__(self, event_id: int, currency: str) -> None:
        self.event_id, self.currency = event_id, currency
        super().__init__(f"event {event_id}: {currency}")


class EventHasBookings(Refused):
    def __init__(self, event_id: int, bookings: int) -> None:
        self.event_id, self.bookings = event_id, bookings
        super().__init__(f"event {event_id}: {bookings} confirmed bookings")


class VersionConflict(Refused):
    """Somebody else has changed the event in the meantime."""

    def __init__(self, event_id: int) -> None:
        self.event_id = event_id
        super().__init__(f"event {event_id}")


class BookingChanged(Refused):
    """The booking was changed or cancelled since it was looked at."""

    def __init__(self, booking_id: int) -> None:
        self.booking_id = booking_id
        super().__init__(f"booking {booking_id}")


class BookedByAccount(Refused):
    """Somebody signed in made the booking: their account says who they are, not staff."""

    def __init__(self, booking_id: int) -> None:
        self.booking_id = booking_id
        super().__init__(f"booking {booking_id}")


class AccountChanged(Refused):
    """The account's email was changed since it was looked at."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        super().__init__(f"user {user_id}")


class EmailTaken(Refused):
    pass


class InvalidField(UtsavamError):
    """A field's value violates a rule of the domain."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(f"{field}: {message}")


class IdempotencyKeyReused(UtsavamError):
    """The idempotency key was used before, for a different request."""


class WrongCredentials(UtsavamError):
    """Unknown user or wrong password; never distinguished, so that accounts can't be probed."""


class NotAllowed(UtsavamError):
    """The caller is authenticated but may not do this."""


class RoleTooLow(UtsavamError):
    """The staff key is valid, but its role may not do this."""

    def __init__(self, role: str) -> None:
        self.role = role
        super().__init__(role)


class KeyLimited(UtsavamError):
    """The staff key opens some events only, and this concerns the whole site."""


class SignUpClosed(UtsavamError):
    """The site sends no mail, which would prove an email, so its organisers make the accounts."""


class TooManyRequests(UtsavamError):
    """A rate limit was exceeded and nothing was done; `retry_after` is the seconds to wait."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"again after {retry_after} s")


class TooManyJoin(TooManyRequests):
    """So many have joined a waiting room from one address; whoever is signed in still may."""


class Unavailable(UtsavamError):
    """The request can't be answered now, and may be sent again after `retry_after` seconds."""

    retry_after = 1


class OutcomeUnknown(Unavailable):
    """COMMIT was sent and its reply lost; only a retry with the same idempotency key is safe."""


class DatabaseDown(Unavailable):
    retry_after = 2


class Busy(Unavailable):
    """The queue is full or a row lock was not granted in time; nothing was done."""


class ProviderAway(Unavailable):
    """The payment provider did not answer; nothing was changed here."""

    retry_after = 5


class TooManyReaders(Unavailable):
    """So many load pages that this one can't be shown just now."""


class TooManySignIns(Unavailable):
    """So many people sign in or up that this password can't be hashed in time."""


class RoomAway(Unavailable):
    """The waiting room gives out no numbers now; everybody keeps theirs meanwhile."""

    retry_after = 5
