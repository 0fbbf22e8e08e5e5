"""Crowds that ask as browsers and programs do, in a process of their own.

A program, so that its work is neither the site's nor the test's, and asking costs little beside
answering: `python -m tests.overload.crowd` reads a plan as JSON and prints what each crowd was told
in each phase (see `play`).
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

KEY = "0123456789abcdef0123456789abcdef"
"""In a request: replaced by a key that is used once."""
PATIENCE = 12.0
"""Seconds that answers are waited for at the beginning of a phase and after it; every request ends
in ten."""
ROOT = Path(__file__).parents[2]


@dataclass
class Crowd:
    """So many connections, each of which asks again once it is answered, or at a rate of all."""

    requests: list[list[str]]
    """Of one connection after the other, from the start again where there are fewer; each sends its
    own in turn."""
    connections: int
    rate: float | None = None
    """Requests a second of all together; without it, as fast as they are answered."""
    network: int = 1
    """Each connection comes from an address of its own in 127.x.0.0/16."""


@dataclass(frozen=True)
class Phase:
    crowds: list[str]
    seconds: float
    """Of which answers are counted, from when everybody was answered once."""


@dataclass
class Told:
    """What a crowd was told in a phase."""

    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    p50: float = 0.0
    p99: float = 0.0
    """Seconds of all answers that came in the phase; `slowest` too."""
    slowest: float = 0.0
    example: dict[str, str] = field(default_factory=dict)
    """Head and body of an answer of each status."""

    @property
    def line(self):
        """In short, for who reads the test's output."""
        rates = ", ".join(f"{self.per_second(s):.1f} × {s}" for s in sorted(self.statuses))
        return f"{rates} a second, p99 {1000 * self.p99:.0f} ms"

    def examples(self, status):
        return [text for told, text in self.example.items() if told == status]

    def per_second(self, *statuses):
        return sum(self.statuses.get(str(status), 0) for status in statuses) / self.seconds


def play(url, crowds, phases):
    """What each crowd was told in each phase: [{name: Told}]. A crowd that is told 503 waits for as
    many seconds as Retry-After says, as a browser does."""
    host, port = url.removeprefix("http://").split(":")
    plan = {
        "address": [host, int(port)],
        "crowds": {name: asdict(crowd) for name, crowd in crowds.items()},
        "phases": [asdict(phase) for phase in phases],
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.overload.crowd"],
        cwd=ROOT,
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [
        {name: Told(**told) for name, told in phase.items()} for phase in json.loads(done.stdout)
    ]


class Line(asyncio.Protocol):
    """A connection: sends its requests one by one, and tells the crowd of each answer."""

    def __init__(self, loop, crowd, number):
        self._loop, self._crowd, self._number = loop, crowd, number
        own = crowd.requests[number % len(crowd.requests)]
        self._requests, self._turn = [r.encode("latin-1") for r in own], number
        self._transport, self._held, self._needs = None, b"", 0
        self.is_waiting, self.was_answered = False, False
        self._timer, self._due = None, 0.0

    def start(self):
        self.was_answered = False
        pause = 0.0
        if self._crowd.rate:
            pause = self._number / self._crowd.rate
        self._due = self._loop.time() + pause
        self._timer = self._loop.call_later(pause, self._ask)

    def stop(self):
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _ask(self):
        self._timer = None
        self.is_waiting, self._began = True, self._loop.time()
        if self._transport is None:
            self._loop.create_task(self._connect())
        else:
            self._send()

    async def _connect(self):
        number = self._number + 1
        source = (f"127.{self._crowd.network}.{number // 250}.{number % 250 + 1}", 0)
        try:
            await self._loop.create_connection(
                lambda: self, *self._crowd.address, local_addr=source
            )
        except OSError as error:
            self._answered(type(error).__name__, b"")
        else:
            self._send()

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, error):
        self._transport, self._held, self._needs = None, b"", 0
        if self.is_waiting:
            self._answered("cut off", b"")

    def _send(self):
        request = self._requests[self._turn % len(self._requests)]
        self._turn += 1
        self._transport.write(request.replace(KEY.encode(), uuid.uuid4().hex.encode()))

    def data_received(self, data):
        self._held += data
        if not self._needs:
            head, end, _ = self._held.partition(b"\r\n\r\n")
            if not end:
                return
            length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
            self._needs = len(head) + 4 + int(length or 0)
        if len(self._held) < self._needs:
            return
        answer, self._held, self._needs = self._held, b"", 0
        self._answered(answer[9:12].decode(), answer)

    def _answered(self, status, answer):
        self.is_waiting, self.was_answered = False, True
        now = self._loop.time()
        self._crowd.note(status, now - self._began, answer)
        if not self._crowd.is_on:
            return
        pause = 0.0
        if self._crowd.rate:
            self._due = max(self._due + self._crowd.connections / self._crowd.rate, now)
            pause = self._due - now
        if status == "503":
            told = answer.partition(b"Retry-After: ")[2].partition(b"\r")[0]
            pause = max(pause, float(told or 1))
        elif not status.isdigit():
            pause = max(pause, 0.2)
        self._timer = self._loop.call_later(pause, self._ask)


class Playing(Crowd):
    """A crowd while it plays."""

    def __init__(self, loop, address, facts):
        super().__init__(**facts)
        self.address, self.is_on, self._measured_from = address, False, None
        self._lines = [Line(loop, self, n) for n in range(self.connections)]

    def begin(self):
        self.is_on = True
        for line in self._lines:
            line.start()

    def measure(self):
        self._measured_from = time.monotonic()
        self.seconds, self.statuses, self.example = [], Counter(), {}

    def note(self, status, seconds, answer):
        if self._measured_from:
            self.seconds.append(seconds)
            self.statuses[status] += 1
            self.example.setdefault(status, answer)

    def end(self):
        seconds, self._measured_from, self.is_on = (
            time.monotonic() - self._measured_from,
            None,
            False,
        )
        for line in self._lines:
            line.stop()
        took = sorted(self.seconds) or [0.0]
        return Told(
            seconds,
            dict(self.statuses),
            took[len(took) // 2],
            took[min(len(took) - 1, int(len(took) * 0.99))],
            took[-1],
            {status: answer.decode("utf-8", "replace") for status, answer in self.example.items()},
        )

    @property
    def waits(self):
        return any(line.is_waiting for line in self._lines)

    @property
    def is_in(self):
        """Whether everybody was answered once, if they come as often as they can."""
        return bool(self.rate) or all(line.was_answered for line in self._lines)


async def patiently(is_so):
    give_up = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < give_up:
        await asyncio.sleep(0.05)


async def main(plan):
    loop = asyncio.get_running_loop()
    crowds = {name: Playing(loop, plan["address"], facts) for name, facts in plan["crowds"].items()}
    told = []
    for facts in plan["phases"]:
        playing = {name: crowds[name] for name in facts["crowds"]}
        for crowd in playing.values():
            crowd.begin()
        await patiently(lambda playing=playing: all(crowd.is_in for crowd in playing.values()))
        for crowd in playing.values():
            crowd.measure()
        await asyncio.sleep(facts["seconds"])
        told.append({name: asdict(crowd.end()) for name, crowd in playing.items()})
        await patiently(lambda playing=playing: not any(crowd.waits for crowd in playing.values()))
    print(json.dumps(told))


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(json.load(sys.stdin)))
