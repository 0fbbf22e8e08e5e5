"""When an event takes place, in words: its days, its zone, and whether it is under way."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask_babel import get_locale
from flask_babel import gettext as _

from app.lib.datetimes import day_begins
from app.models import Event, EventStatus, Phase
from app.models.columns import now
from app.models.event import night_ends


def moment(at: datetime, zone: ZoneInfo | None = None, pattern: str = "EEE d MMM y, HH:mm") -> str:
    local = at.astimezone(zone) if zone else at
    return format_datetime(local, pattern, locale=get_locale() or "en_IN")


def when(event: Event, pattern: str = "EEE d MMM y, HH:mm") -> str:
    """Format the event's start in the event's time zone, and its end if that is another day."""
    start = moment(event.start_at, event.zone, pattern)
    if event.end_at is None or not lasts_days(event):
        return start
    first, last = (at.astimezone(event.zone) for at in (event.start_at, event.end_at))
    brief = pattern.replace(" y", "") if first.year == last.year else pattern
    return f"{start} – {moment(event.end_at, event.zone, brief)}"


def lasts_days(event: Event) -> bool:
    """Whether the event ends on another day than it starts; a late evening does not."""
    if event.end_at is None:
        return False
    return event.end_at > night_ends(day_begins(event.start_at, event.zone, 1))


def zone_name(event: Event, at: datetime | None = None) -> str:
    """Return the abbreviation of the event's time zone at its start or another moment: IST.

    Of a zone that has only a difference for a name (+04), the city says more: Dubai.
    """
    name = (at or event.start_at).astimezone(event.zone).tzname() or ""
    return name if name.isalpha() else event.time_zone.rpartition("/")[2].replace("_", " ")


def under_way(event: Event, at: datetime | None = None) -> str:
    """Say that the event is under way, else nothing."""
    takes_place = event.status == EventStatus.PUBLISHED
    shown = takes_place and event.phase(at) == Phase.UNDER_WAY
    return str(_("Under way")) if shown else ""


def happening(event: Event, at: datetime | None = None) -> str:
    """Say that the event is under way or begins today by its own clock, else nothing."""
    at = at or now()
    first, today = (time.astimezone(event.zone).date() for time in (event.start_at, at))
    is_today = first == today and event.phase(at) == Phase.UPCOMING
    if event.status == EventStatus.PUBLISHED and is_today:
        return str(_("Today"))
    return under_way(event, at)
