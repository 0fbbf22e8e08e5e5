"""A number in a waiting room as its holder carries it: signed, of one room and of one person."""

import re
from dataclasses import dataclass

from app.lib.signatures import LENGTH, is_signed, signature

PURPOSE = "waiting room"
_TICKET = re.compile(
    rf"(\d{{1,18}}\.\d{{1,16}}\.\d{{1,9}}\.\d{{1,14}})\.([A-Za-z0-9_-]{{{LENGTH}}})"
)


@dataclass(frozen=True)
class Ticket:
    event_id: int
    epoch: int
    number: int
    joined_at: float
    """Unix time in seconds."""

    @property
    def _facts(self) -> str:
        joined = round(self.joined_at * 1000)
        return f"{self.event_id}.{self.epoch}.{self.number}.{joined}"

    def signed(self, key: str, holder: str) -> str:
        """Return the ticket's text, which is of use to this holder alone."""
        return f"{self._facts}.{signature(key, PURPOSE, f'{self._facts}.{holder}')}"


def opened(text: str, keys: list[str], holder: str) -> Ticket | None:
    """Return the ticket; None if it is not one of ours, or not this holder's."""
    found = _TICKET.fullmatch(text)
    if found is None or not is_signed(found[2], keys, PURPOSE, f"{found[1]}.{holder}"):
        return None
    event_id, epoch, number, joined = map(int, found[1].split("."))
    return Ticket(event_id, epoch, number, joined / 1000)
