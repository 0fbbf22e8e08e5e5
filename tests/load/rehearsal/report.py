"""What a rehearsal tells its operator: on the terminal, and on top of Locust's HTML report."""

from collections import Counter
from html import escape
from pathlib import Path

from .house import KINDS

SHOWN = 20
"""Broken promises that are told one by one."""
PRETIX = "pretix tells its users not to count on more than some 500 orders a minute for one event"
SHARES = (0.5, 0.95, 0.99)


def tell(house, verdict, stats):
    """The report's lines; the last one is the verdict's."""
    return [*_people(house), *_orders(house), *_steps(stats), *_broken(verdict), verdict.line]


def _people(house):
    """The headline: whose visit came to the ticket, or to an honest "sold out"."""
    if not _opened(house):
        return
    seconds, served = house.ended_at - house.opened_at, house.ledger.served
    tickets = sum(ticket for _at, _kind, ticket in served)
    kinds = Counter(kind for _at, kind, _ticket in served)
    yield f"people served: {len(served) * 60 / seconds:,.0f} a minute; {PRETIX}"
    yield (
        f"in {seconds:.0f} s of sale: {len(served):,} people, {tickets:,} of them with a ticket,"
        f" {len(served) - tickets:,} told that there is none"
    )
    yield "who they were: " + ", ".join(f"{kinds[kind]:,} {kind}" for kind in KINDS)


def _opened(house):
    return house.opened_at is not None and house.opened_at <= house.ended_at


def _orders(house):
    ledger, seats = house.ledger, house.options.seats
    if not _opened(house):
        yield "the sale never opened: not everybody arrived in time; give a longer TIME"
        return
    seconds = house.ended_at - house.opened_at
    made = [at for at, booked in ledger.answers if booked]
    refused = len(ledger.answers) - len(made)
    sold = sum(order.kept for order in ledger.orders)
    yield (
        f"orders: {len(ledger.answers):,} in {seconds:.0f} s of sale,"
        f" {len(ledger.answers) * 60 / seconds:,.0f} a minute"
    )
    yield (
        f"booked: {len(made):,} refused: {refused:,} sent twice: {ledger.repeated:,}"
        f" given back: {ledger.given_back:,}"
    )
    yield f"asked again: {ledger.told_to_wait} told to wait, {ledger.cut_off} cut off"
    yield f"seats: {seats:,}; all that were left were bought at the end: {sold:,} are sold"


def _steps(stats):
    yield f"{'milliseconds':30} {'asked':>8} {'p50':>6} {'p95':>6} {'p99':>6}"
    for step in sorted(stats.entries.values(), key=lambda step: step.name):
        times = (step.get_response_time_percentile(share) for share in SHARES)
        figures = " ".join(f"{round(time):>6,}" for time in times)
        yield f"{step.name:30} {step.num_requests:>8,} {figures}"


def _broken(verdict):
    for sentence in verdict.broken[:SHOWN]:
        yield f"broken: {sentence}"
    if len(verdict.broken) > SHOWN:
        yield f"broken: and {len(verdict.broken) - SHOWN} more"


def put_on_top(file, lines, good):
    """Write the lines into the page that Locust has made, above its charts."""
    page, root = Path(file).read_text(encoding="utf-8"), '<div id="root">'
    if root not in page:
        raise ValueError(f"{file} is not a report of Locust as we know it")
    colours = "color:#241B17;background:" + ("#DDEBDD" if good else "#F6D9D9")
    told = escape("\n".join(lines))
    block = f'<pre id="verdict" style="margin:0;padding:1.5rem 2rem;{colours}">{told}</pre>'
    Path(file).write_text(page.replace(root, block + root, 1), encoding="utf-8")
