"""What a door is told of a scan, in words."""

from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext

from app.models import Admission, Booking, DoorAnswer, Event, NotValid
from app.models.check_in import CheckIn
from app.models.staff_scope import scope
from app.presenters.event_times import moment, when
from app.presenters.guests import guest_name

_TONES = {
    DoorAnswer.ADMITTED: ("in", "check"),
    DoorAnswer.ALREADY_USED: ("used", "triangle-alert"),
    DoorAnswer.NOT_VALID: ("no", "x"),
    DoorAnswer.UNDONE: ("undone", "refresh-cw"),
}


@dataclass(frozen=True)
class ShownAnswer:
    """The tone is in, used, no or undone; style sheet, sounds and tests use it."""

    tone: str
    icon: str
    word: str
    guest: str
    ticket_type: str
    """Of the booking; empty where the event has none."""
    lines: list[str]
    waiting: int
    """Seats of the booking that are not in yet."""
    booking_id: int | None
    numbers: list[int]
    """Of the seats that the scan admitted or its undo took out."""
    undoes: UUID | None
    """The scan that can be undone."""


def shown_answer(
    check_in: CheckIn,
    event: Event,
    booking: Booking | None,
    earlier: list[Admission],
    seats_in: int,
) -> ShownAnswer:
    """Return the answer to a scan at the door of `event`."""
    answer = DoorAnswer(check_in.answer)
    tone, icon = _TONES[answer]
    here = booking if booking is not None and booking.event_id == event.id else None
    lines = [_seats(check_in, here)] if here and check_in.seats else []
    lines += [_arrival(one, event) for one in earlier[:3]]
    if check_in.reason:
        lines.append(_why(NotValid(check_in.reason), event, booking))
    stands = here is not None and here.takes_seats and answer != DoorAnswer.NOT_VALID
    if stands and here and here.seats > 1:
        lines.append(_("%(in)d of %(all)d seats are in", **{"in": seats_in, "all": here.seats}))
    return ShownAnswer(
        tone,
        icon,
        door_word(answer),
        guest_name(here) if here else "",
        here.ticket_type_name if here else "",
        lines,
        here.seats - seats_in if stands and here else 0,
        here.id if here else None,
        check_in.seats if here else [],
        check_in.id if answer == DoorAnswer.ADMITTED else None,
    )


def door_word(answer: str) -> str:
    """Return the word for a `DoorAnswer`."""
    words: dict[DoorAnswer, str] = {
        DoorAnswer.ADMITTED: _("Admitted"),
        DoorAnswer.ALREADY_USED: _("Already used"),
        DoorAnswer.NOT_VALID: _("Not valid"),
        DoorAnswer.UNDONE: _("Undone"),
    }
    return words[DoorAnswer(answer)]


def conflict_word(check_in: CheckIn) -> str:
    """Return why a device without network should not have let in whom it did."""
    if check_in.reason:
        return reason_word(NotValid(check_in.reason))
    return str(_("Was in already, let in twice."))


def _seats(check_in: CheckIn, booking: Booking) -> str:
    numbers = ", ".join(map(str, check_in.seats))
    if booking.seats == 1:
        return str(_("One seat"))
    return str(
        ngettext(
            "Seat %(numbers)s of %(all)d",
            "Seats %(numbers)s of %(all)d",
            len(check_in.seats),
            numbers=numbers,
            all=booking.seats,
        )
    )


def _arrival(one: Admission, event: Event) -> str:
    """When, at which door, and by whom a seat was admitted."""
    at = moment(one.at, event.zone, "EEE d MMM, HH:mm:ss")
    if one.door:
        return str(
            _(
                "Seat %(seat)d came in on %(at)s at %(door)s, by %(actor)s",
                seat=one.seat,
                at=at,
                door=one.door,
                actor=one.actor,
            )
        )
    return str(
        _("Seat %(seat)d came in on %(at)s, by %(actor)s", seat=one.seat, at=at, actor=one.actor)
    )


def _why(reason: NotValid, event: Event, booking: Booking | None) -> str:
    known = booking is not None and scope().covers(booking.event_id)
    if reason == NotValid.OTHER_DAY and booking:
        return str(_("For another day: %(when)s", when=when(booking.event)))
    if reason == NotValid.OTHER_EVENT and known and booking:
        name, day = booking.event.name, when(booking.event)
        return str(_("For another event: %(name)s, %(when)s", name=name, when=day))
    return reason_word(reason)


def reason_word(reason: NotValid) -> str:
    """Return why a code admits nobody, as far as it needs no other facts."""
    words: dict[NotValid, str] = {
        NotValid.UNKNOWN: _("No ticket of ours has this code."),
        NotValid.CANCELLED: _("This booking was cancelled."),
        NotValid.GIVEN_BACK: _("This seat was given back."),
        NotValid.GIVEN_AWAY: _("This seat was given to somebody else, who has a code for it."),
        NotValid.NOT_PAID: _("This booking is not paid."),
        NotValid.EVENT_CANCELLED: _("The event is cancelled."),
        NotValid.OTHER_EVENT: _("For another event."),
        NotValid.OTHER_DAY: _("For another day."),
        NotValid.REFUSED_OFFLINE: _("A door without a network turned the guest away."),
    }
    return words[reason]
