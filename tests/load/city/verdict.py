"""Which promises were broken: what people noted, against what the site keeps."""

from collections import Counter
from dataclasses import dataclass

SHOWN = 20


@dataclass(frozen=True)
class Kept:
    """What the site has at the end."""

    capacity: int
    left: int
    orders: tuple
    """(email, seats) of each booking that takes seats."""


@dataclass(frozen=True)
class Verdict:
    oversold: int
    stranded: int
    """People whose turn came and who neither booked nor were told why not, and seats that nobody
    has and nobody can buy."""
    errors: int
    jumped: int
    """Bookings of people whose turn it was not."""
    broken: tuple

    @property
    def line(self):
        return (
            f"oversold: {self.oversold} stranded: {self.stranded} errors: {self.errors}"
            f" jumped: {self.jumped}"
        )

    @property
    def good(self):
        return not self.broken


def judge(notes, kept):
    sold = sum(seats for _email, seats in kept.orders)
    oversold = max(0, sold - kept.capacity, -kept.left)
    lost = [note for note in notes.people if note.admitted_at and not note.end]
    missing = max(0, kept.capacity - sold - kept.left)
    jumped = _jumped(notes, kept)
    errors = [*_untrue(notes, kept), *_unfair(notes), *_unserved(notes)]
    errors += [f"{what} ({count} times)" for what, count in notes.errors.most_common()]
    if not sold:
        errors.append("nothing was sold, so nothing was played")
    broken = [f"oversold: {sold} seats are sold of {kept.capacity}"] if oversold else []
    broken += [f"stranded: {note.email} had their turn, and no answer" for note in lost]
    if missing:
        broken.append(f"stranded: {missing} seats that nobody has and nobody can buy")
    broken += [f"jumped: {sentence}" for sentence in jumped]
    count = len(errors) + sum(notes.errors.values()) - len(notes.errors)
    return Verdict(oversold, len(lost) + missing, count, len(jumped), (*errors, *broken))


def _jumped(notes, kept):
    """Each booking by somebody whose turn it was not, as they were told or as the site has it."""
    people = {note.email: note for note in notes.people}
    found = [f"{kind}: booked" for kind, many in notes.jumped.items() for _ in range(many)]
    known = Counter()
    for email, _seats in kept.orders:
        note = people.get(email)
        if note is None or note.admitted_at is None:
            known[note.kind if note else "a stranger"] += 1
    for kind, many in known.items():
        found += [f"{kind}: is booked"] * max(many - notes.jumped[kind], 0)
    return found


def _untrue(notes, kept):
    """What people were told of their orders that is not so."""
    rows = Counter(kept.orders)
    for note in notes.people:
        if note.end == "booked":
            found = rows[note.email, note.seats]
            if found != 1 and not (found and note.in_doubt):
                yield f"{note.email} was told of {note.seats} seats that are not there once"
            rows[note.email, note.seats] -= 1
    people = {note.email: note for note in notes.people}
    admitted = {note.email for note in notes.people if note.admitted_at}
    for (email, seats), many in rows.items():
        if many > 0 and email in admitted and not people[email].in_doubt:
            yield f"{email} has {seats} seats and was not told"


def _unserved(notes):
    waited = sum(note.joined_at is not None and not note.end for note in notes.people)
    lost = sum(bool(note.admitted_at) and not note.end for note in notes.people)
    if waited > lost:
        yield f"{waited - lost} people still waited when the time was over"


def _unfair(notes):
    numbers = Counter(note.number for note in notes.people if note.number)
    twice = sum(many - 1 for many in numbers.values())
    if twice:
        yield f"{twice} numbers were given to two people"
    for note in notes.people:
        if note.place and note.places_told - {note.place}:
            yield f"{note.email} was told place {note.places_told}, and drew {note.place}"
    if not is_drawn(notes):
        yield "places in the lobby follow the order of arrival"
    many = overtaken(notes)
    if many:
        yield f"{many} people were overtaken"


def overtaken(notes):
    """How many were told to wait after somebody behind them had been told that it is their turn."""
    placed = sorted((note for note in notes.people if note.place), key=lambda note: note.place)
    soonest, many = float("inf"), 0
    for note in reversed(placed):
        if note.last_waited and note.last_waited > soonest:
            many += 1
        if note.admitted_at:
            soonest = min(soonest, note.admitted_at)
    return many


def correlation(notes):
    """Spearman's rank correlation of arrival and place within the lobby; None below two people."""
    lobby = sorted(
        (note for note in notes.people if note.in_lobby and note.place), key=lambda n: n.number
    )
    if len(lobby) < 2:
        return None
    ranks = {note.place: rank for rank, note in enumerate(sorted(lobby, key=lambda n: n.place))}
    squares = sum((rank - ranks[note.place]) ** 2 for rank, note in enumerate(lobby))
    return 1 - 6 * squares / (len(lobby) * (len(lobby) ** 2 - 1))


def is_drawn(notes):
    """Whether arrival says nothing of the place: within four standard deviations of nought."""
    many = sum(note.in_lobby and note.place is not None for note in notes.people)
    found = correlation(notes)
    return found is None or abs(found) <= 4 / max(many - 1, 1) ** 0.5
