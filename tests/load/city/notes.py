"""What everybody did and was told, written down by the crowd's process."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class Note:
    """One person's evening. Moments are `time.monotonic()`."""

    email: str
    kind: str
    number: int | None = None
    place: int | None = None
    in_lobby: bool = False
    joined_at: float | None = None
    last_waited: float | None = None
    """When they asked for the last page that told them to wait."""
    admitted_at: float | None = None
    """When the first page told them that it is their turn."""
    over_at: float | None = None
    """When their time to book is over, as the page tells."""
    promised: tuple | None = None
    """(moment, earliest and latest seconds from then on) as the page tells."""
    end: str = ""
    """`booked`, `sold out`, `left`, `refused`, `over`; empty if their evening never ended."""
    seats: int = 0
    in_doubt: bool = False
    """An order of theirs was never answered: it may have been booked."""
    places_told: set = field(default_factory=set)


@dataclass
class Notes:
    people: list = field(default_factory=list)
    seconds: dict = field(default_factory=lambda: defaultdict(list))
    """By what was asked: how long each answer took."""
    errors: Counter = field(default_factory=Counter)
    to_wait: int = 0
    """Answers 503 with Retry-After: asked again, as the page says."""
    unanswered: int = 0
    """Questions that had no answer within `wire.PATIENCE`: asked again, too."""
    jumps: Counter = field(default_factory=Counter)
    """Tries to book without a turn, by kind."""
    jumped: Counter = field(default_factory=Counter)
    """Those that were not refused."""
    bookings: list = field(default_factory=list)
    """Moments at which a booking was answered."""

    def person(self, email, kind):
        note = Note(email, kind)
        self.people.append(note)
        return note

    def heard(self, question, answer):
        self.seconds[question.what].append(answer.seconds)

    def wrong(self, what, answer=None):
        self.errors[f"{what}: {answer.status or 'no answer'}" if answer else what] += 1
