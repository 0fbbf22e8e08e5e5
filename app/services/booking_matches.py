"""Which bookings have the words of a search: of their guest, reference or event.

Users, guests' names and events that have a word are looked up first: short index scans instead of a
long one of all bookings. A word that very many have, such as the end of their emails, is compared
booking by booking instead: the newest of them fill a page long before all users are looked up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    any_,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.orm import aliased

from app.db import db
from app.lib.folding import fold, folded_sql
from app.models import Booking, Event, User
from app.models.event import SEARCHED_TITLES
from app.models.references import part_of_reference
from app.models.staff_scope import within
from app.models.user import named_like
from app.services.users import names_match

MAX_PARTS = 100
"""Most bookings found by a part of their reference that is not its beginning."""
MAX_LISTED = 5_000
"""Most users, or bookings by a guest's name, that are looked up first for a word. Folding a name to
compare it takes PostgreSQL some ten microseconds."""

_NAMED = aliased(Booking, name="named")
_TYPED: ColumnElement[str] = literal_column(f"({folded_sql('named.guest_name')})", String)
"""The names that guests typed, as `ix_bookings_folded_guest_name` has them."""
_TYPED_HERE: ColumnElement[str] = literal_column(f"({folded_sql('bookings.guest_name')})", String)
Condition = ColumnElement[bool]


def conditions(words: Sequence[str], event_id: int | None) -> list[Condition]:
    """Conditions of bookings that have all words; if none has, words alike will do."""
    if not words:
        return []
    # PostgreSQL takes folding for as cheap as a comparison, and would fold all names of a table.
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    exact = _Search(event_id, forgiving=False).conditions(words)
    if _any_booking(exact, event_id):
        return exact
    return _Search(event_id, forgiving=True).conditions(words)


def any_common(words: Sequence[str]) -> bool:
    """Whether more guests have one of the words, or one alike, than are looked up first."""
    return any(_are_many([word], forgiving) for forgiving in (False, True) for word in words)


def _any_booking(wanted: Sequence[Condition], event_id: int | None) -> bool:
    found = select(Booking.id).where(within(Booking.event_id), *wanted).limit(1)
    if event_id is not None:
        found = found.where(Booking.event_id == event_id)
    return db.session.scalars(found).first() is not None


@dataclass(frozen=True)
class _Search:
    event_id: int | None
    forgiving: bool
    by_index: bool = True
    """Whether bookings are found through what was looked up; or else walked, the newest first."""

    def conditions(self, words: Sequence[str]) -> list[Condition]:
        common = [word for word in words if _are_many([word], self.forgiving)]
        if common and self.by_index:
            return replace(self, by_index=False).conditions(words)
        found = [
            or_(self._listed([word]), *self._of_booking(word))
            for word in words
            if word not in common
        ]
        if len(common) > 1 and not _are_many(common, self.forgiving):
            # Each is common, and few have them all: these, or those whose event has one.
            others = [other for word in common for other in self._of_booking(word)]
            each = and_(or_(false(), *others), *map(self._compared, common))
            return [*found, or_(self._listed(common), each)]
        return found + [self._compared(word) for word in common]

    def _listed(self, words: Sequence[str]) -> Condition:
        """Whose guest has all the words."""
        return or_(
            self._among(Booking.user_id, _users(words, self.forgiving)),
            self._among(Booking.id, _typed(words, self.forgiving)),
        )

    def _of_booking(self, word: str) -> list[Condition]:
        """Whose reference or event has the word."""
        found: list[Condition] = []
        if part := part_of_reference(word):
            # All letters sort between the part and the part with the last letter to the end.
            found.append(Booking.reference.between(part, part.ljust(12, "Z")))
            if self.forgiving:
                held = select(Booking.reference).where(Booking.reference.contains(part))
                found.append(Booking.reference == _any_of(held.limit(MAX_PARTS)))
        if self.event_id is None:
            # Among one event's bookings a word of its name would match them all.
            named = select(Event.id).where(SEARCHED_TITLES.contains(fold(word), autoescape=True))
            found.append(self._among(Booking.event_id, named))
        return found

    def _compared(self, word: str) -> Condition:
        """Whose guest, reference or event has the word, looked at one by one.

        The user's names are a subquery, which PostgreSQL asks for each booking, and last: a join
        might have all users' names compared before the first booking.
        """
        names = select(_named(word, self.forgiving)).where(User.id == Booking.user_id)
        typed = _typed_like(word, _TYPED_HERE, self.forgiving)
        return or_(
            *self._of_booking(word),
            and_(Booking.guest_name.is_not(None), typed),
            names.select_from(User).correlate(Booking).scalar_subquery(),
        )

    def _among(self, column: Any, found: Select[Any]) -> Condition:
        # A sum is in no index.
        condition: Condition = (column if self.by_index else column + 0) == _any_of(found)
        return condition


def _are_many(words: Sequence[str], forgiving: bool) -> bool:
    for found in (_users(words, forgiving), _typed(words, forgiving)):
        some = found.limit(MAX_LISTED + 1).subquery()
        if db.session.scalars(select(func.count()).select_from(some)).one() > MAX_LISTED:
            return True
    return False


def _users(words: Sequence[str], forgiving: bool) -> Select[Any]:
    return select(User.id).where(*(_named(word, forgiving) for word in words))


def _typed(words: Sequence[str], forgiving: bool) -> Select[Any]:
    like = (_typed_like(word, _TYPED, forgiving) for word in words)
    return select(_NAMED.id).where(_NAMED.guest_name.is_not(None), *like)


def _named(word: str, forgiving: bool) -> Condition:
    found = names_match(word)
    return or_(found, names_match(word, forgiving=True)) if forgiving else found


def _typed_like(word: str, searched: ColumnElement[str], forgiving: bool) -> Condition:
    found = named_like(word, searched)
    return or_(found, named_like(word, searched, forgiving=True)) if forgiving else found


def _any_of(found: Select[Any]) -> Any:
    return any_(func.array(found.scalar_subquery()))
