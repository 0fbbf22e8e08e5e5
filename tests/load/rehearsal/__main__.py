"""Rehearse an on-sale against a running site, without Locust's web UI.

The admin key comes from ADMIN_KEY, or is the one that `make demo` left. Makes an event and people
of its own, and takes them away at the end. Exits with 1 when a promise was broken.
"""

import argparse
import os
import sys
from pathlib import Path

from .house import shares_of
from .options import add_options, address, timespan, whole
from .organiser import Trouble, find_site

REPORT = "build/load.html"
LOCUSTFILE = Path(__file__).parents[1] / "locustfile.py"


def main():
    words = sys.argv[1:]
    known = read(words)
    command = [
        *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary"),
        *("--loglevel", "WARNING", "--host", known.host, "--users", str(known.users)),
        *("--spawn-rate", str(known.rate), "--run-time", known.time, "--html", known.html),
        *("--seats", str(known.seats), "--api-share", str(known.api_share)),
        *("--newcomer-share", str(known.newcomer_share), "--guest-share", str(known.guest_share)),
        *("--countdown", str(known.countdown), "--think", str(known.think)),
        *("--double-clicks", str(known.double_clicks)),
        *(["--keep-people"] if known.keep_people else []),
    ]
    os.execv(sys.executable, command)


def read(words):
    parser = argparse.ArgumentParser(
        prog="make load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--host",
        type=address,
        default=find_site(),
        help="the site (default: the demo that runs, here %(default)s)",
    )
    parser.add_argument("--users", type=whole(1, 100_000), default=50, help="people (default: 50)")
    parser.add_argument(
        "--rate", type=whole(1, 100), default=5, help="people who arrive in a second (default: 5)"
    )
    parser.add_argument(
        "--time",
        type=timespan,
        default="60s",
        help="from the first arrival to the end (default: 60s)",
    )
    parser.add_argument("--html", default=REPORT, help="the report's file (default: %(default)s)")
    add_options(parser)
    known = parser.parse_args(words)
    try:
        shares_of(known)
    except Trouble as trouble:
        parser.error(str(trouble))
    return known


if __name__ == "__main__":
    main()
