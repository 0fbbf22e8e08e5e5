"""The event form's fields for its refund rule: what of the price comes back until when."""

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms.validators import NumberRange, Optional

from app.edge.forms import WholeNumberField, sentence
from app.lib.refund_steps import ALL, MAX_HOURS, BadRule, Rule, Step, check_rule, kept_of, steps_of
from app.models import Event

EARLY = ("refund_first", "refund_second")
REFUND_FIELDS = (
    *(f"{step}_{part}" for step in EARLY for part in ("percent", "hours")),
    "refund_percent",
)


def _percent(label: str, **kwargs: Any) -> WholeNumberField:
    in_range = NumberRange(0, ALL, _("From 0 to 100 per cent."))
    return WholeNumberField(label, validators=[Optional(), in_range], **kwargs)


def _hours(label: str) -> WholeNumberField:
    return WholeNumberField(
        label,
        validators=[
            Optional(),
            NumberRange(1, MAX_HOURS, _("From 1 to 8,784 hours, which is a year.")),
        ],
        description=_("48 is two days, 168 a week, by the event's clock."),
    )


class RefundFields:
    """Two steps that end before the deadline, and the last, which ends with it."""

    refund_first_percent = _percent(
        _("At first there come back, in per cent"),
        description=_("Of the price; leave empty where one share holds all the time."),
    )
    refund_first_hours = _hours(_("Until so many hours before the start"))
    refund_second_percent = _percent(_("Then, in per cent"))
    refund_second_hours = _hours(_("Until so many hours before the start"))
    refund_percent = _percent(
        _("Until the deadline for cancelling, in per cent"),
        default=ALL,
        description=_(
            "100 is all, 0 nothing. A change holds for bookings from now on; who has booked keeps"
            " what was agreed, or gets this where it is more."
        ),
    )

    def refund_rule(self) -> list[dict[str, int | None]] | None:
        """The rule as an event keeps it; call it only on a valid form."""
        return kept_of(self._steps())

    def check_refund_rule(self) -> bool:
        """Show at its field what is no rule; returns whether it is one."""
        if any(self[name].errors for name in REFUND_FIELDS):  # type: ignore[index]
            return False
        for step in EARLY:
            percent, hours = (self[f"{step}_{part}"] for part in ("percent", "hours"))  # type: ignore[index]
            if (percent.data is None) != (hours.data is None):
                lacking = percent if percent.data is None else hours
                lacking.errors = [_("Fill in both, or neither.")]
                return False
        try:
            check_rule(self._steps())
        except BadRule as error:
            step = [name for name, _step in self._typed()][error.number]
            name = f"{step}_hours" if error.is_of_hours else f"{step}_percent"
            self[name].errors = [sentence(str(error))]  # type: ignore[index]
            return False
        return True

    def _steps(self) -> Rule:
        return [step for _name, step in self._typed()]

    def _typed(self) -> Iterator[tuple[str, Step]]:
        for name in EARLY:
            percent, hours = (self[f"{name}_{part}"].data for part in ("percent", "hours"))  # type: ignore[index]
            if percent is not None:
                yield name, Step(hours, percent)
        last = self.refund_percent.data
        yield "refund", Step(None, ALL if last is None else last)


def refund_texts(event: Event) -> dict[str, int | None]:
    """What the fields hold of the event's rule."""
    *early, last = steps_of(event.refund_rule)
    facts: dict[str, int | None] = {"refund_percent": last.percent}
    for name, step in zip(EARLY, early, strict=False):
        facts |= {f"{name}_percent": step.percent, f"{name}_hours": step.hours_before}
    return facts
