"""What a voucher's code does, as an event's page tells it before anything is booked."""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.edge import rate_limits
from app.errors import UtsavamError
from app.lib.fees import SeatCost
from app.models import Event, PriceEffect, TicketType, Voucher
from app.presenters.prices import price
from app.presenters.problems import problem_of
from app.services import vouchers


@dataclass(frozen=True)
class TypedCode:
    """A code that was typed or came with a link, and what was found."""

    voucher: Voucher | None = None
    """None if it is not good; then `error` says why."""
    hold_left: int | None = None
    """Seats of the hold that it draws on; None if it draws on none."""
    error: str = ""
    status: int = 200
    retry_after: int | None = None

    def cost_of(self, event: Event, ticket_minor: int) -> SeatCost:
        """What a seat costs with it whose ticket has this price without."""
        price_minor = self.voucher.price_of(ticket_minor) if self.voucher else ticket_minor
        return event.cost_of(price_minor)

    def opens(self, kind: TicketType) -> bool:
        return self.voucher is not None and self.voucher.ticket_type_id == kind.id

    @property
    def sells_early(self) -> bool:
        """Whether it has seats of its own, also before sales open and when all others are sold."""
        return bool(self.hold_left)


NO_CODE = TypedCode()


def look_up(event_id: int, code: str | None) -> TypedCode:
    """Look the code up, as one that is tried; without one, nothing is found."""
    if not code:
        return NO_CODE
    try:
        with rate_limits.voucher_code(code, event_id, request.remote_addr):
            found = vouchers.find_voucher(event_id, code)
    except UtsavamError as error:
        problem = problem_of(error)
        return TypedCode(
            error=problem.detail, status=problem.status, retry_after=problem.retry_after
        )
    return TypedCode(found.voucher, found.hold_left)


def code_words(typed: TypedCode, event: Event, types: list[TicketType]) -> list[str]:
    """Sentences that tell what the code does."""
    voucher = typed.voucher
    if voucher is None:
        return []
    told = [_effect(voucher, event)]
    told += [str(_("It is for “%(name)s”.", name=kind.name)) for kind in types if typed.opens(kind)]
    if typed.hold_left is not None:
        left = ngettext(
            "%(num)d seat is kept for it.", "%(num)d seats are kept for it.", typed.hold_left
        )
        told.append(str(left))
    if voucher.email is not None:
        told.append(str(_("It is for one person: book with the email that it was sent to.")))
    return [sentence for sentence in told if sentence]


def _effect(voucher: Voucher, event: Event) -> str:
    value = voucher.price_value or 0
    match voucher.price_effect:
        case PriceEffect.AMOUNT_OFF:
            return str(_("%(price)s off each seat.", price=price(value, event.currency)))
        case PriceEffect.PERCENT_OFF:
            return str(_("%(percent)d%% off each seat.", percent=value))
        case PriceEffect.FIXED_PRICE if value:
            cost = price(event.cost_of(value).price_minor, event.currency)
            return str(_("Each seat costs %(price)s.", price=cost))
        case PriceEffect.FIXED_PRICE:
            return str(_("Each seat is free."))
    return ""
