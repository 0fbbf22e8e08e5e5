"""usage: python -m tests.load.bench [--rounds N] [--seconds S] [--workers N] [--only WORDS]

Prints one table of figures and ratios, from one run on one machine. The scenarios take turns, so
that a machine whose speed drifts drifts for all of them; medians are shown.
"""

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path

from tests.load.bench.alone import alone
from tests.load.bench.scenarios import BARE, BASELINES, HOT, NEWCOMERS, ROW_LOCK, SCENARIOS
from tests.load.bench.stage import staged

PRETIX = """
They go from the list to their ticket, in browsers that bring nothing along. pretix tells its users
not to count on more than some 500 orders a minute for one event.""".strip()


def main():
    options = parse()
    if shutil.which("wrk") is None:
        sys.exit("utsavam: the benchmark's load comes from wrk; on Debian: apt install wrk")
    print("Starting servers …", flush=True)
    played = [s for s in SCENARIOS if s in BASELINES or options.only in s.name]
    with staged(options.workers) as stage:
        for scenario in played:
            scenario.run(stage, 1)
        figures = {scenario.name: [] for scenario in played}
        for number in range(1, options.rounds + 1):
            for scenario in played:
                print(f"\rround {number}/{options.rounds}: {scenario.name:<32}", end="", flush=True)
                figure = scenario.run(stage, options.seconds)
                refused = figure.refused / max(1, figure.rate * options.seconds)
                if (refused > 0.5) != scenario.refusals:
                    sys.exit(
                        f"\nutsavam: {scenario.name}: {refused:.0%} of the answers were refusals"
                    )
                figures[scenario.name].append(figure)
        through_desk, without = alone(stage)
    print("\r" + " " * 60 + "\r", end="")
    rows = [row(scenario.name, figures) for scenario in played]
    show(rows)
    if NEWCOMERS in played:
        rate = next(one["rate"] for one in rows if one["name"] == NEWCOMERS.name)
        print(f"\nNewcomers: {60 * rate:,} people a minute. {PRETIX}")
    added = {"booking_ms": round(through_desk, 2), "desk_adds_ms": round(through_desk - without, 3)}
    print(
        f"\nOne booking alone: {added['booking_ms']} ms, of which its queue {added['desk_adds_ms']}"
    )
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(
        json.dumps({"options": vars(options), "rows": rows, "alone": added}, default=str, indent=1)
    )
    print(f"\nMedians of {options.rounds} rounds; also in {options.json}")


def row(name, figures):
    """Medians; a ratio is the median of the rounds' own ratios."""

    def against(baseline):
        pairs = zip(figures[name], figures[baseline.name], strict=True)
        return round(statistics.median(mine.rate / other.rate for mine, other in pairs), 2)

    return {
        "name": name,
        "rate": round(statistics.median(figure.rate for figure in figures[name])),
        "p99": round(statistics.median(figure.p99 for figure in figures[name]), 1),
        "to_bare": against(BARE),
        "to_row_lock": against(ROW_LOCK),
        "to_hot_event": against(HOT),
    }


def show(rows):
    print(f"{'':<30}{'per second':>12}{'p99 ms':>8}{'x bare':>8}{'x row lock':>12}{'x hot':>7}")
    for found in rows:
        print(
            f"{found['name']:<30}{found['rate']:>12,}{found['p99']:>8}"
            f"{found['to_bare']:>8}{found['to_row_lock']:>12}{found['to_hot_event']:>7}"
        )


def parse():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="scenarios with these words, and the baselines")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
