"""Group commit: requests that arrive while one is served are served together in the next turn.

Whoever comes to an idle desk leads: takes all that wait (up to a bound), serves them at once, and
hands the lead to the first of those who came meanwhile. There is no timer and no thread of its
own: alone, a request is a turn of one, and waits for nobody.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Full(Exception):
    """Too many wait already; nothing was done for this request."""


class Unanswered(Exception):
    """The turn that took the request did not end in time; it may still be served."""


@dataclass(eq=False)
class Ticket(Generic[Q, A]):
    """A request in the queue. Its lock is held until there is something to tell its owner."""

    request: Q
    answer: A | None = None
    error: BaseException | None = None
    taken: bool = False
    """Whether a turn has taken it; otherwise being woken means to lead."""
    _told: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._told.acquire()

    def wake(self) -> None:
        self._told.release()

    def wait(self, seconds: float) -> bool:
        return self._told.acquire(timeout=seconds)


class Turns(Generic[Q, A]):
    """`serve` gets the requests of a turn in the order of their arrival, and answers each."""

    def __init__(
        self,
        serve: Callable[[Sequence[Q]], Sequence[A]],
        *,
        most: int,
        room: int,
        patience: float,
    ) -> None:
        self._serve, self._most, self._room, self._patience = serve, most, room, patience
        self._waiting: deque[Ticket[Q, A]] = deque()
        self._mutex = threading.Lock()
        self._led = False

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._waiting)

    @property
    def led(self) -> bool:
        """Whether a turn is under way."""
        return self._led

    def take(self, request: Q) -> A:
        """The answer to the request. Raises `Full`, `Unanswered`, or what its turn raised."""
        ticket: Ticket[Q, A] = Ticket(request)
        if not self._join(ticket):
            self._wait(ticket)
        if not ticket.taken:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.answer  # type: ignore[return-value]

    def _join(self, ticket: Ticket[Q, A]) -> bool:
        """Queue up; whether the ticket's owner is to lead at once."""
        with self._mutex:
            if len(self._waiting) >= self._room:
                raise Full
            self._waiting.append(ticket)
            leads, self._led = not self._led, True
            return leads

    def _wait(self, ticket: Ticket[Q, A]) -> None:
        if ticket.wait(self._patience):
            return
        with self._mutex:
            if ticket.wait(0):
                return  # told in the last moment: it is answered, or it is to lead
            if not ticket.taken:
                self._waiting.remove(ticket)
                raise Full
        raise Unanswered

    def _lead(self) -> None:
        """Serve one turn, then hand the lead on, whatever has happened in it."""
        turn = self._next_turn()
        try:
            answers = self._serve([ticket.request for ticket in turn])
            for ticket, answer in zip(turn, answers, strict=True):
                ticket.answer = answer
        except Exception as error:
            for ticket in turn:
                ticket.error = error
        except BaseException:
            # The leader is being ended in the middle of its work: nobody knows how far it came.
            for ticket in turn:
                ticket.error = Unanswered()
            raise
        finally:
            self._hand_on()
            for ticket in turn:
                ticket.wake()

    def _next_turn(self) -> list[Ticket[Q, A]]:
        with self._mutex:
            turn = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            for ticket in turn:
                ticket.taken = True
            return turn

    def _hand_on(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting[0].wake()
            else:
                self._led = False
