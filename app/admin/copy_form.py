"""The form for an event's copy: its name, and the start with which its other moments move."""

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import DateTimeLocalField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.admin.event_form import TIME_FORMATS, check_moment
from app.edge.forms import Form, strip
from app.lib.datetimes import from_local
from app.models import Event
from app.models.columns import now

WEEK = timedelta(weeks=1)


class CopyForm(Form):
    name = StringField(
        _("Name"),
        filters=[strip],
        validators=[DataRequired(_("Name the event.")), Length(max=200)],
    )
    start_at = DateTimeLocalField(
        _("Starts"),
        format=TIME_FORMATS,
        validators=[InputRequired(_("Say when the event starts.")), check_moment],
    )

    def __init__(self, event: Event, **facts: Any) -> None:
        self.zone = event.zone
        super().__init__(**facts)

    @classmethod
    def of(cls, event: Event, name: str) -> "CopyForm":
        """The form that suggests the same weekday and hour, in the first week to come."""
        missed = max((now() - event.start_at) // WEEK + 1, 1) * WEEK
        start = event.start_at.astimezone(event.zone).replace(tzinfo=None) + missed
        return cls(event, formdata=None, name=name, start_at=start)

    def start(self) -> datetime:
        """The start in UTC; call it only on a valid form."""
        return from_local(self.start_at.data, self.zone)
