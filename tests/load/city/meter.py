"""How much of the machine the site's processes take, and the crowd's own."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil


class Meter:
    """Adds up the CPU seconds of process trees, each second, in a thread of its own."""

    def __init__(self, roots):
        self._roots = {name: psutil.Process(pid) for name, pid in roots.items()}
        self._known = {}
        self.samples = []
        """(moment, {part: CPU seconds so far})"""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        self._thread.join(10)

    def between(self, began, ended):
        """CPU seconds a second of each part between two moments; empty if it was too short."""
        inside = [sample for sample in self.samples if began <= sample[0] <= ended]
        if len(inside) < 2:
            return {}
        (first, before), (last, after) = inside[0], inside[-1]
        return {name: (after[name] - before[name]) / (last - first) for name in after}

    def _watch(self):
        while True:
            self.samples.append((time.monotonic(), self._read()))
            if self._over.wait(1 if len(self.samples) > 3 else 0.2):
                return

    def _read(self):
        found = {name: self._tree(process) for name, process in self._roots.items()}
        times = os.times()
        return {**found, "crowd": times.user + times.system}

    def _tree(self, root):
        """Also of processes that have ended: what they had spent by the last look."""
        for pid in _with_children(root.pid):
            with suppress(psutil.NoSuchProcess):
                times = psutil.Process(pid).cpu_times()
                self._known[root.pid, pid] = times.user + times.system
        return sum(spent for (tree, _pid), spent in self._known.items() if tree == root.pid)


def _with_children(pid):
    """Linux tells it without a look at every process, which would cost more than the crowd."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _with_children(int(child)))]
