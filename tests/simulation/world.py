"""Virtual time: tasks are greenlets that sleep in it, in processes that may stall or die.

Everything that happens is decided by one seed, so a failure can be played again.
"""

import heapq
import itertools
import random

from greenlet import GreenletExit, getcurrent, greenlet


class Process:
    """A server process: a clock of its own, and tasks that stop when it is stalled or dead."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.offset = world.random.uniform(0, 10_000)
        self.stalled_until = 0.0
        self.stalled = 0.0
        """Seconds that it has stood still, in all."""
        self.dead = False

    def stall(self, seconds):
        until = max(self.stalled_until, self.world.now + seconds)
        self.stalled += until - max(self.stalled_until, self.world.now)
        self.stalled_until = until


class World:
    """Runs tasks one at a time, the earliest first."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = 0.0
        self._agenda = []
        self._numbers = itertools.count()
        self._hub = getcurrent()
        self.failure = None

    def spawn(self, work, process=None, after=0.0):
        """Run `work` as a task of a process; it may sleep."""
        task = greenlet(self._guard(work), parent=self._hub)
        task.process = process
        self._enter(self.now + after, task)
        return task

    def call(self, at, work):
        """Run `work` at a moment; it belongs to no process and may not sleep."""
        self._enter(at, work)

    def sleep(self, seconds):
        task = getcurrent()
        self._enter(self.now + seconds, task)
        self._hub.switch()
        if task.process is not None and task.process.dead:
            raise GreenletExit

    def wait(self):
        """Sleep until somebody wakes this task."""
        self._hub.switch()
        process = getcurrent().process
        if process is not None and process.dead:
            raise GreenletExit

    def wake(self, task):
        self._enter(self.now, task)

    def run(self, until):
        while self._agenda and self._agenda[0][0] <= until and self.failure is None:
            at, _number, what = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            if isinstance(what, greenlet):
                self._resume(what)
            else:
                what()
        if self.failure is not None:
            raise self.failure
        self.now = until

    def clock(self):
        """Time as the running task's process knows it."""
        process = getattr(getcurrent(), "process", None)
        return self.now + (process.offset if process else 0.0)

    def _resume(self, task):
        process = task.process
        if process is not None and not process.dead and process.stalled_until > self.now:
            self._enter(process.stalled_until, task)
        elif not task.dead:
            task.switch()

    def _enter(self, at, what):
        heapq.heappush(self._agenda, (at, next(self._numbers), what))

    def _guard(self, work):
        def guarded():
            try:
                work()
            except GreenletExit:
                pass
            except Exception as error:
                self.failure = error

        return guarded


class Clock:
    """Stands where the booking modules say `time`."""

    def __init__(self, world):
        self.monotonic = world.clock
        self.sleep = world.sleep
