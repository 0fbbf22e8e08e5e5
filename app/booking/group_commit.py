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


class QueueFull(Exception):
    """Too many wait already; nothing was done for this request."""


class ResultUnknown(Exception):
    """The turn that took the request did not end in time; it may still be served."""


@dataclass(eq=False)
class Entry(Generic[Q, A]):
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


class GroupCommit(Generic[Q, A]):
    """`serve` gets the requests of a turn in the order of their arrival, and answers each."""

    def __init__(
        self,
        serve: Callable[[Sequence[Q]], Sequence[A]],
        *,
        max_batch: int,
        max_queue: int,
        timeout: float,
    ) -> None:
        self._serve, self._max_batch, self._max_queue, self._timeout = (
            serve,
            max_batch,
            max_queue,
            timeout,
        )
        self._waiting: deque[Entry[Q, A]] = deque()
        self._mutex = threading.Lock()
        self._leading = False

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._waiting)

    @property
    def leading(self) -> bool:
        """Whether a turn is under way."""
        return self._leading

    def submit(self, request: Q) -> A:
        """The answer to the request.

        Raises `QueueFull`, `ResultUnknown`, or whatever its batch raised.
        """
        ticket: Entry[Q, A] = Entry(request)
        if not self._join(ticket):
            self._wait(ticket)
        if not ticket.taken:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.answer  # type: ignore[return-value]

    def _join(self, ticket: Entry[Q, A]) -> bool:
        """Queue up; whether the ticket's owner is to lead at once."""
        with self._mutex:
            if len(self._waiting) >= self._max_queue:
                raise QueueFull
            self._waiting.append(ticket)
            leads, self._leading = not self._leading, True
            return leads

    def _wait(self, ticket: Entry[Q, A]) -> None:
        if ticket.wait(self._timeout):
            return
        with self._mutex:
            if ticket.wait(0):
                return  # told in the last moment: it is answered, or it is to lead
            if not ticket.taken:
                self._waiting.remove(ticket)
                raise QueueFull
        raise ResultUnknown

    def _lead(self) -> None:
        """Serve one turn, then hand the lead on, whatever has happened in it."""
        batch = self._next_batch()
        try:
            answers = self._serve([ticket.request for ticket in batch])
            for ticket, answer in zip(batch, answers, strict=True):
                ticket.answer = answer
        except Exception as error:
            for ticket in batch:
                ticket.error = error
        except BaseException:
            # The leader is being ended in the middle of its work: nobody knows how far it came.
            for ticket in batch:
                ticket.error = ResultUnknown()
            raise
        finally:
            self._hand_on()
            for ticket in batch:
                ticket.wake()

    def _next_batch(self) -> list[Entry[Q, A]]:
        with self._mutex:
            batch = [
                self._waiting.popleft() for _ in range(min(self._max_batch, len(self._waiting)))
            ]
            for ticket in batch:
                ticket.taken = True
            return batch

    def _hand_on(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting[0].wake()
            else:
                self._leading = False
