"""What a form showed when it was opened, by which two organisers who change one thing at once are
told apart."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from wtforms import HiddenField

from app.admin.event_form import to_local, to_the_minute
from app.edge.forms import Form


class ShownFacts(Form):
    """The facts of one thing: whoever sends them changes those alone that are not as shown."""

    NAMES: ClassVar[Sequence[str]]
    """The facts of the thing that the form may change."""
    TIMES: ClassVar[Sequence[str]]
    """Those of them that are moments, typed by the clocks of the `zone`."""

    zone: ZoneInfo
    shown = HiddenField()
    """The facts when the form was opened, as JSON."""

    def facts(self) -> dict[str, Any]:
        """What was typed, as facts of the thing."""
        raise NotImplementedError

    def changes(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The facts that were changed in the form, as they were shown and as they shall be."""
        shown, facts = self._shown(), self.facts()
        for name in self.TIMES:
            # The form has no seconds, nor which of an hour that occurs twice is meant.
            was = shown.get(name)
            if was and self[name].data == to_the_minute(to_local(was, self.zone)):
                facts[name] = was
        changed = [name for name, value in facts.items() if shown.get(name, ...) != value]
        seen = {name: shown[name] for name in changed if name in shown}
        return seen, {name: facts[name] for name in changed}

    def show(self, thing: Any, names: Iterable[str]) -> None:
        """Keep what was typed, but count what these facts of the thing are by now as shown."""
        known = self.facts_of(thing)
        self.shown.data = self.written(self._shown() | {name: known[name] for name in names})

    @classmethod
    def facts_of(cls, thing: Any) -> dict[str, Any]:
        return {name: getattr(thing, name) for name in cls.NAMES}

    @staticmethod
    def written(facts: dict[str, Any]) -> str:
        return json.dumps(facts, default=datetime.isoformat)

    def _shown(self) -> dict[str, Any]:
        try:
            facts = dict(json.loads(self.shown.data or ""))
            times = {
                name: datetime.fromisoformat(facts[name]) for name in self.TIMES if facts[name]
            }
        except (KeyError, TypeError, ValueError):
            return {}
        return facts | times
