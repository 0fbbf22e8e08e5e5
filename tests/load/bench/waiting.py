"""usage: python -m tests.load.bench.waiting [--people N] [--pace P] [--seconds S] [--only WORDS]

What so many people cost who wait: the CPU of the proxy, the workers and Redis while the status of a
waiting room is asked for as often as they would ask, each time on a new connection. The workers
answer first, then the proxy serves the file. Beside it, if wished, people book who were admitted.
"""

import argparse
import contextlib
import os
import secrets
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import psycopg

from app.services.room_status import Asking
from tests.deploy import proxies
from tests.load.bench import scenarios
from tests.load.bench.stage import staged

PAUSE = 1_000
"""Milliseconds between two requests of one of wrk's connections."""
KINDS = {"wsgi:app": "workers", "nginx": "proxy", "valkey": "redis", "redis": "redis"}


def questions_per_second(people: int, pace: float) -> float:
    """How often so many people ask, of whom so many a second have their turn."""
    asking = Asking.of(people, people, pace)
    return sum(1 / asking.again(place / pace, 0.5) for place in range(1, people + 1))


def lobby_questions(people: int) -> float:
    return people / Asking.of(people, people, 1).again_in_lobby(3600, 0.5)


def cpu(database: int) -> Counter:
    """Seconds of CPU that each part has taken so far."""
    found = Counter()
    for process in [*psutil.Process().children(recursive=True), *tree(database)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            words = " ".join(process.cmdline())
            part = next((part for word, part in KINDS.items() if word in words), None)
            if part or "postgres" in words:
                times = process.cpu_times()
                found[part or "database"] += times.user + times.system
    return found


def tree(pid):
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def at_a_rate(rate: float) -> dict[str, object]:
    return {"clients": max(round(rate * PAUSE / 1000), 1), "PAUSE": str(PAUSE)}


def ask(stage, seconds, path, rate):
    facts = {"ADDRESS": path, "ACCEPT": scenarios.JSON, "CLOSE": "1"}
    return scenarios.wrk(stage, seconds, stage.site, "read.lua", **at_a_rate(rate), **facts)


def book(stage, seconds, rate):
    facts = {"FIRST": str(stage.hot), "LAST": str(stage.hot), "SALT": secrets.token_hex(6)}
    return scenarios.wrk(stage, seconds, stage.site, "book.lua", **at_a_rate(rate), **facts)


@dataclass(frozen=True)
class Case:
    name: str
    questions: float
    """A second."""
    bookings: float = 0

    def played(self, stage, seconds, path=None, questions=0.0):
        """Shares of two cores, and what was measured of questions and of bookings."""
        figures, threads = {}, []

        def beside(name, work, *facts):
            target = lambda: figures.update({name: work(stage, seconds, *facts)})  # noqa: E731
            threads.append(threading.Thread(target=target))

        if questions:
            beside("questions", ask, path, questions)
        if self.bookings:
            beside("bookings", book, self.bookings)
        before, began = cpu(stage.database.pid), time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(0 if threads else seconds)
        took, after = time.monotonic() - began, cpu(stage.database.pid)
        return {part: (after[part] - before[part]) / took / 2 for part in after}, figures


def show(name, shares, figures, than=0.0, wished=0.0):
    """Print what was measured; `than` is the share without a crowd, and what the crowd adds is
    told for as many questions as were `wished`, where wrk did not get its turn often enough."""
    total = sum(shares.values())
    own = (total - than) * wished / figures["questions"].rate if wished else 0.0
    parts = ", ".join(f"{part} {share:.1%}" for part, share in sorted(shares.items()))
    print(f"{name:<34}{total:>7.1%}{own:>8.1%}   {parts}")
    for what, figure in figures.items():
        print(
            f"    {what}: {figure.rate:.0f} a second, p99 {figure.p99:.0f} ms, {figure.refused} bad"
        )
    return total


def main():
    options = parse()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uw-")))
        files = folder / proxies.ROOMS
        files.mkdir()
        stage = stack.enter_context(staged(2, WAITING_ROOM_FILES=str(files)))
        port = int(stage.site.rsplit(":", 1)[1])
        stage.site = stack.enter_context(proxies.nginx(folder, [port]))
        path = f"/events/{stage.waited_for}/waiting-room.json"
        time.sleep(3)
        print(f"{options.people:,} people; share of two cores, and the crowd's own")
        for case in cases(options):
            if case.name != "lobby":
                open_room(stage)
            alone = show(f"{case.name}, nobody asks", *case.played(stage, options.seconds))
            for who, way in (("workers", f"{path}?late"), ("file", path)):
                found = case.played(stage, options.seconds, way, case.questions)
                show(f"{case.name}, {who}", *found, alone, case.questions)


def cases(options):
    lobby = Case("lobby", lobby_questions(options.people))
    queue = Case("queue", questions_per_second(options.people, options.pace))
    booking = replace(queue, name="queue and bookings", bookings=options.bookings)
    return [case for case in (lobby, queue, booking) if options.only in case.name]


def open_room(stage):
    with psycopg.connect(stage.database.libpq, autocommit=True) as connection:
        change = "UPDATE events SET sales_open_at = now() WHERE id = %s"
        connection.execute(change, [stage.waited_for])
    time.sleep(3)


def parse():
    options = argparse.ArgumentParser(usage=__doc__.split("\n", 1)[0].removeprefix("usage: "))
    options.add_argument("--people", type=int, default=20_000)
    options.add_argument("--pace", type=float, default=40, help="people a second who are admitted")
    options.add_argument("--bookings", type=float, default=200, help="a second, beside it")
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--only", default="", help="lobby, queue or bookings")
    return options.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[3]))
    main()
