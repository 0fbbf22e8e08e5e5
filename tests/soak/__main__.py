"""Keep a site of its own under load for long, and restart each of its parts every few minutes.

At the end it must hold what it held in the middle (memory, open files, connections), and every
promise must have been kept. Exits with 1 otherwise. Figures: build/soak.json.
"""

import argparse
import json
import re
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from app.config import Settings
from tests.faults.house import House
from tests.load.rehearsal.options import seconds, timespan, whole
from tests.soak.run import Soak, unhurried

RESULT, LOG = Path("build/soak.json"), Path("build/soak.log")
UNITS = {"h": 3600, "m": 60, "s": 1, "": 1}


def main():
    known = read(sys.argv[1:])
    RESULT.parent.mkdir(exist_ok=True)
    # A short path: a socket file's address holds about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="ut-soak-"))
    house = House(settings(), folder / "s")
    try:
        house.open()
        pause = unhurried(house, known.share / 100)
        say(f"a buyer rests {pause:.3f} s after each order: {known.share} per cent of the capacity")
        told = Soak(house, in_seconds(known.time), pause, say, known.every).run()
    except AssertionError as broken:
        shutil.copy(house.home / "site" / "gunicorn.log", LOG)
        sys.exit(f"soak: a promise was broken: {broken}; the site's log: {LOG}")
    finally:
        house.close()
        shutil.rmtree(folder, ignore_errors=True)
    RESULT.write_text(json.dumps(told, indent=1))
    print(*table(told), sep="\n")
    sys.exit(1 if told["leaks"] else 0)


def read(words):
    parser = argparse.ArgumentParser(
        prog="make soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--time", type=timespan, default="60m", help="how long, as in 10m or 1h (default: 60m)"
    )
    parser.add_argument(
        "--every",
        type=seconds,
        default=0,
        metavar="SECONDS",
        help="from one restart to the next (default: a twentieth of the time, 8 to 180)",
    )
    parser.add_argument(
        "--share",
        type=whole(1, 100),
        default=50,
        metavar="PERCENT",
        help="load, of what the same buyers do without a pause (default: 50)",
    )
    return parser.parse_args(words)


def in_seconds(text):
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([hms]?)", text))


def settings():
    return Settings(
        admin_key=(secrets.token_urlsafe(32),), secret_key=secrets.token_urlsafe(32), https=False
    )


def say(line):
    print(f"soak: {line}", flush=True)


def table(told):
    before, after = told["before"], told["after"]
    restarts = ", ".join(f"{what} {count}" for what, count in told["restarts"].items())
    yield f"{told['seconds']:,} s, {told['booked']:,} booked, slowest {told['slowest_seconds']} s"
    yield f"restarted: {restarts}"
    yield f"{'at rest':28} {'before':>10} {'after':>10}"
    yield _row("master, MB", *(level["master"]["megabytes"] for level in (before, after)))
    yield _row("master, open files", *(level["master"]["files"] for level in (before, after)))
    for pid in {**before["workers"], **after["workers"]}:
        pair = [level["workers"].get(pid) for level in (before, after)]
        yield _row(f"worker {pid}, MB", *(held and held["megabytes"] for held in pair))
        yield _row(f"worker {pid}, open files", *(held and held["files"] for held in pair))
    yield _row("connections to PostgreSQL", before["database"], after["database"])
    yield _row("clients of Redis", before["redis"], after["redis"])
    yield from (f"leak: {leak}" for leak in told["leaks"])
    yield f"leaks: {len(told['leaks'])}"


def _row(name, *figures):
    return f"{name:28} " + " ".join(
        f"{'-' if figure is None else figure:>10}" for figure in figures
    )


if __name__ == "__main__":
    main()
