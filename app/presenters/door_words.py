"""Words that a door's page says by itself, where it has no network."""

from flask_babel import gettext as _

from app.models import NotValid
from app.models.references import CODE, SIGNATURE_LETTERS
from app.presenters.door_answers import reason_word


def offline_words() -> dict[str, str]:
    """Return the sentences by name; the page puts its own values for what stands in braces."""
    return {
        **{
            reason.value: reason_word(reason)
            for reason in (NotValid.CANCELLED, NotValid.EVENT_CANCELLED)
        },
        "has_left": _("This seat was given back, or to somebody else who has its new code."),
        "unknown": _("Not in the guest list of {at}, and not a code of this event."),
        "unsigned": _("Not in the guest list of {at}. Scan the code, or look for the name."),
        "one_seat": _("One seat"),
        "seat": _("Seat {numbers} of {all}"),
        "seats": _("Seats {numbers} of {all}"),
        "came_in": _("Seat {seat} came in at {at}, by {actor}"),
        "came_in_at": _("Seat {seat} came in at {at} at {door}, by {actor}"),
        "let_in_here": _("Seat {seat} came in at {at}, on this device"),
        "let_in_here_at": _("Seat {seat} came in at {at} at {door}, on this device"),
        "seats_are_in": _("{in} of {all} seats are in"),
        "of_seats_in": _("{in} of {all} in"),
        "of_all_in": _("of {all} in"),
        "sold_later": _("Sold after the guest list of {at}: the code is signed by this site."),
        "by_the_list": _("By the guest list of {at}: other doors may know more."),
        "found": _("Guests with “{words}”"),
        "nobody": _("Nobody booked under this name."),
        "conflict": _(
            "{name}: a door without a network let this guest in at {at}, by {actor}. {why}"
        ),
        "conflict_at": _(
            "{name}: {door} let this guest in without a network at {at}, by {actor}. {why}"
        ),
        "needs_network": _("No answer: this needs the network. Press again: none is sold twice."),
        "refused": _("The scan of {at} ({code}) could not be recorded: {why}"),
        "in_already": _("The seat was in already."),
        "a_guest": _("A guest"),
        "loading": _("The guest list is on its way …"),
        "fresh": _("Guest list of {at}: this door works without a network too."),
        "away": _("No network. This door works by its guest list of {at}."),
        "away_without_list": _("No network, and no guest list yet: codes can’t be checked."),
        "waiting": _("Scans to be sent: {count}."),
        "ended": _("No guest list is kept on this device: the key or the event has ended."),
    }


def code_rules() -> dict[str, str]:
    """Return what a ticket's code looks like, as a pattern, and the letters of its signature."""
    return {"code": CODE.pattern, "letters": SIGNATURE_LETTERS}
