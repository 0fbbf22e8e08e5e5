"""What is said to who waits for their turn: by the server, and by the page's script meanwhile."""

import math

from flask_babel import gettext as _
from flask_babel import ngettext

AN_HOUR, A_DAY = 60, 1440
"""Minutes; what is longer than two is told in them."""
TEN = 10
OUTLOOKS = ("enough", "unsure", "none", "gone")


def wait_words(wait: tuple[float, float]) -> str:
    """Say how long it takes, of the earliest and latest seconds; `waitWords` in the page's script
    says the same."""
    least, most = math.floor(wait[0] / 60), max(math.ceil(wait[1] / 60), 1)
    if most > 2 * A_DAY:
        days = {"least": least // A_DAY, "most": math.ceil(most / A_DAY)}
        if not days["least"]:
            return str(_("%(most)d days at most", **days))
        return str(_("%(least)d to %(most)d days", **days))
    if most > 2 * AN_HOUR:
        hours = {"least": least // AN_HOUR, "most": math.ceil(most / AN_HOUR)}
        if not hours["least"]:
            return str(_("%(most)d hours at most", **hours))
        return str(_("%(least)d to %(most)d hours", **hours))
    if least == 0:
        return str(ngettext("a minute at most", "%(num)d minutes at most", most))
    return str(_("%(least)d to %(most)d minutes", least=least, most=most))


def before_words(before: int) -> str:
    """Say how many people have their turn first."""
    return f"{before:,}" if before else str(_("You are next"))


def crowd_words(before: int) -> str:
    """Say about how many wait: the pages that tell it shall not change with each of them."""
    if before < TEN:
        return str(_("Hardly anybody waits just now."))
    size = 10 ** (len(str(before)) - 1)
    return str(_("More than %(people)s people wait just now.", people=f"{before // size * size:,}"))


def newcomer_words(before: int, wait: tuple[float, float] | None, outlook: str | None) -> list[str]:
    """Say what whoever joins now can expect, in sentences; `wait` is None while all stand still."""
    told = [crowd_words(before)]
    if wait is None:
        told.append(str(_("The line stands still for the moment.")))
    elif before >= TEN:
        told.append(str(_("Who joins now waits %(time)s.", time=wait_words(wait))))
    if outlook == "none":
        told.append(str(_("There will almost surely be no seat left for who joins now.")))
    elif outlook == "unsure":
        told.append(str(_("The seats may not suffice for all of them.")))
    return told


def outlook_words(outlook: str) -> str:
    """Say whether there will be seats; of one of the `OUTLOOKS`; "gone": all are taken just now."""
    words = {
        "enough": _("As it looks, there will be seats when it is your turn."),
        "unsure": _("The seats may not suffice for everybody before you, and for you."),
        "none": _(
            "There will almost surely be no seat left when it is your turn: those before you take "
            "them all. What is not paid or given back is sold again, so your place is kept."
        ),
        "gone": _(
            "Every seat is taken just now. What is not paid or given back is sold again, to those "
            "whose turn it is: your place is kept."
        ),
    }
    return str(words[outlook])


def script_words(event: str) -> dict[str, object]:
    """Return the sentences that the page of an event of this name says by its script, with what is
    to be filled in in braces."""
    minutes = {"least": "{least}", "most": "{most}"}
    return {
        "event": event,
        "title": _("Place %(place)s", place="{place}"),
        "next": before_words(0),
        "here_one": _("1 person is here."),
        "here": _("%(people)s people are here.", people="{n}"),
        "minute": ngettext("a minute at most", "%(num)d minutes at most", 1),
        "minutes": _("%(most)s minutes at most", most="{most}"),
        "range": _("%(least)s to %(most)s minutes", **minutes),
        "hours": _("%(most)s hours at most", most="{most}"),
        "hours_range": _("%(least)s to %(most)s hours", **minutes),
        "days": _("%(most)s days at most", most="{most}"),
        "days_range": _("%(least)s to %(most)s days", **minutes),
        "clock": _("between %(least)s and %(most)s by your clock", **minutes),
        "paused": stands_words(),
        "halted": stands_words(halted=True),
        "unknown": unknown_words(),
        "outlook": {name: outlook_words(name) for name in OUTLOOKS},
        "say": _announcements(),
        "notice": _("It is your turn: you can book now."),
        "sound": _("A sound will tell you when it is your turn."),
        "touch": _("Touch the page or press a key once, so that your browser lets the sound play."),
        "told": _("Your device will tell you when it is your turn, also while you look elsewhere."),
        "refused": _("Your browser does not allow this page to tell you."),
    }


def stands_words(*, halted: bool = False) -> str:
    """Say why nobody's turn begins."""
    if halted:
        return str(_("The line stands still for the moment. You keep your place."))
    return str(_("The organiser has paused it for the moment. You keep your place."))


def unknown_words() -> str:
    """Say that nothing is known of the wait yet."""
    return str(_("not known yet"))


def _announcements() -> dict[str, str]:
    """What is told to who listens to the page, when it matters."""
    return {
        "600": _("10 minutes at most until it is your turn."),
        "300": _("5 minutes at most until it is your turn."),
        "60": _("It is your turn soon: in a minute at most."),
        "two": _("2 minutes are left to book."),
        "paused": stands_words(),
        "halted": stands_words(halted=True),
        "resumed": _("The waiting room goes on."),
        "lost": _("There is no network just now. Your place is kept."),
        "back": _("The network is back."),
    }
