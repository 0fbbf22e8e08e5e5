"""What is said to organisers about a waiting room's pace."""

from flask_babel import gettext as _
from flask_babel import ngettext

from app.models import WaitingRoom
from app.services.room_console import Overview
from app.waiting_room.pacing import Source, Why


def pace_words(room: WaitingRoom) -> str:
    """What holds since an organiser changed the pace."""
    if room.paused:
        return str(_("Paused: nobody's turn begins."))
    if room.measured:
        return str(_("The pace is measured again."))
    number = room.per_minute
    words = ngettext(
        "From now on %(num)d person a minute gets their turn.",
        "From now on %(num)d people a minute get their turn.",
        number,
    )
    return str(words)


def why_words(seen: Overview) -> str:
    """Why the pace is what it is."""
    strained = {
        Source.DESK: _("falls: orders take long"),
        Source.PAGES: _("falls: pages wait for long"),
        Source.LAG: _("falls: the site is late with all it does"),
    }
    words = {
        Why.SET: _("as set"),
        Why.PAUSED: _("paused: nobody's turn begins"),
        Why.MEASURED: _("measured: grows while nothing is slow"),
        Why.COMING: _("measured: as fast as people come who may"),
        Why.INSIDE: _("as many are inside as may be"),
        Why.STRAINED: strained[seen.strained_by or Source.LAG],
    }
    return str(words[seen.why])
