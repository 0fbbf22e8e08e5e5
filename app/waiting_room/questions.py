"""What the script of a waiting room is asked."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.models.waiting_room import WaitingRoom


class Question(NamedTuple):
    """A look at a room or, with what is added by whoever joins it, a number."""

    row: WaitingRoom
    joining: Sequence[Any] = ()

    @property
    def args(self) -> list[Any]:
        row = self.row
        settings = (str(row.epoch), str(row.revision), f"{row.opens_at:.3f}", _rate(row))
        return [*settings, str(row.pass_minutes * 60), *self.joining]


def _rate(row: WaitingRoom) -> str:
    """The pace that is set, or with which a measured one begins."""
    if row.measured and not row.paused:
        return f"~{row.start_per_second:.4f}"
    return f"{row.per_second:.4f}"
