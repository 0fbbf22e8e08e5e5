"""Play a whole evening with a waiting room on this machine: people gather in the lobby, places are
drawn, they are let in so many a second and book, until there are no seats any more.

It starts a site of its own (workers, PostgreSQL, Valkey, and nginx if asked for) and takes it away
at the end; no running site is touched. All people are played by one process that opens a connection
for each question, as a browser's kept connections are closed between two of them. Some come late,
go away, load the page again or never come; some try to jump the line: without a ticket, with one
that is copied or edited, too early, and after their time. Passes last seconds instead of minutes.

The last line is the verdict; exits with 1 when a promise was broken.
"""

import argparse
import resource
import sys

from tests.load.city.play import Play
from tests.load.city.report import tell
from tests.load.city.stage import staged
from tests.load.city.verdict import judge
from tests.load.rehearsal.options import seconds, whole


def main():
    options = read(sys.argv[1:])
    allow_files()
    print("Starting the site …", flush=True)
    with staged(options) as stage:
        play = Play(stage, options)
        print(f"{options.people:,} people come …", flush=True)
        play.run()
        verdict = judge(play.notes, play.kept())
    for line in tell(play, verdict):
        print(line)
    sys.exit(not verdict.good)


def allow_files():
    """A connection takes a file descriptor, of this process and of the site's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 16_384:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(16_384, hard), hard))


def read(words):
    parser = argparse.ArgumentParser(
        prog="make load CITY=N",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--people", type=whole(20, 200_000), default=2_000, help="how many come (default: 2000)")
    add("--seats", type=whole(1, 1_000_000), help="seats of the event (default: six of ten people)")
    add("--pace", type=whole(1, 1000), help="people let in a second (default: as measured)")
    add("--arrive", type=whole(1, 5000), help="people who join a second (default: 50 to 150)")
    add("--lobby", type=seconds, help="seconds from the last arrival to the opening")
    add("--calm", type=seconds, help="seconds of a sale without a crowd first, to compare with")
    add("--think", type=seconds, default=1.0, help="seconds before one presses (default: 1)")
    add("--pass-seconds", type=whole(4, 600), help="how long one may book")
    add("--workers", type=whole(1, 64), default=2, help="processes of the site (default: 2)")
    add("--proxy", choices=["nginx"], help="what stands before the site and serves the status")
    add("--site", default="wsgi:app", help="the site's WSGI entry (default: %(default)s)")
    known = parser.parse_args(words)
    big = known.people >= 5_000
    known.seats = known.seats or known.people * 6 // 10
    # By the site itself, up from ten a second; without a crowd it sells at 200.
    known.measured = known.pace is None
    known.pace = known.pace or 200
    known.arrive = known.arrive or min(max(known.people // 130, 50), 150)
    known.lobby = known.lobby if known.lobby is not None else 15.0 if big else 3.0
    known.calm = known.calm if known.calm is not None else 10.0 if big else 3.0
    known.pass_seconds = known.pass_seconds or enough(known)
    return known


def enough(known):
    """Seconds for the last who ask after the opening (see `Asking`) to come, think and press."""
    spread = min(max(3, known.people / 400), 60)
    return round(3 + spread + 2 * known.think + 6)


if __name__ == "__main__":
    main()
