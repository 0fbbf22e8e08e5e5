"""Group commit: requests that arrive while a batch is served form the next batch.

A request that finds no batch in progress becomes the leader. The leader serves all queued requests
(up to a bound) as one batch, then hands leadership to the first request that arrived meanwhile.
There is no timer and no extra thread: a lone request is a batch of one and does not wait.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class QueueFull(Exception):
    """The queue is full; nothing was done for this request."""


class ResultUnknown(Exception):
    """The batch with this request did not end in time; the request may still be served."""


@dataclass(eq=False)
class Entry(Generic[Q, A]):
    """A request in the queue. Its lock is held until its thread is to be woken."""

    request: Q
    answer: A | None = None
    error: BaseException | None = None
    taken: bool = False
    """Whether a batch has taken it; if not, being woken means to become the leader."""
    _wakeup: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._wakeup.acquire()

    def wake(self) -> None:
        self._wakeup.release()

    def wait(self, seconds: float) -> bool:
        return self._wakeup.acquire(timeout=seconds)


class GroupCommit(Generic[Q, A]):
    """Combines concurrent requests into batches.

    `serve` receives the requests of a batch in order of arrival, and returns an answer for each.
    `timeout` is the number of seconds that a request waits for its batch. If it `gathers`, a leader
    first lets run who is ready to: what has arrived together is asked together.
    """

    def __init__(
        self,
        serve: Callable[[Sequence[Q]], Sequence[A]],
        *,
        max_batch: int,
        max_queue: int,
        timeout: float,
        gathers: bool = False,
    ) -> None:
        self._serve, self._max_batch, self._max_queue, self._timeout = (
            serve,
            max_batch,
            max_queue,
            timeout,
        )
        self._gathers = gathers
        self._waiting: deque[Entry[Q, A]] = deque()
        self._mutex = threading.Lock()
        self._leading = False

    @property
    def waiting(self) -> int:
        """Number of queued requests."""
        return len(self._waiting)

    @property
    def leading(self) -> bool:
        """Whether a batch is in progress."""
        return self._leading

    def submit(self, request: Q) -> A:
        """Serve the request in a batch and return its answer.

        Raises `QueueFull` or `ResultUnknown`, or whatever `serve` raised for the batch.
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
        """Enqueue the ticket; return whether its thread is the leader. Raises `QueueFull`."""
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
                return  # woken just after the timeout: it is answered, or becomes the leader
            if not ticket.taken:
                self._waiting.remove(ticket)
                raise QueueFull
        raise ResultUnknown

    def _lead(self) -> None:
        """Serve one batch, then hand leadership on even if the batch failed."""
        if self._gathers:
            time.sleep(0)
        batch = self._next_batch()
        try:
            answers = self._serve([ticket.request for ticket in batch])
            for ticket, answer in zip(batch, answers, strict=True):
                ticket.answer = answer
        except Exception as error:
            for ticket in batch:
                ticket.error = error
        except BaseException:
            # The leader is being killed during its work: how far it got is unknown.
            for ticket in batch:
                ticket.error = ResultUnknown()
            raise
        finally:
            self._pass_leadership()
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

    def _pass_leadership(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting[0].wake()
            else:
                self._leading = False
