"""What an evening tells: the last line is the verdict's."""

import statistics

from tests.load.city.verdict import SHOWN, correlation, is_drawn, overtaken

CORES = 2
"""Of which shares are told."""


def tell(evening, verdict):
    """The report's lines. `evening` is the finished `Play`."""
    yield from _people(evening)
    yield from _fairness(evening)
    yield from _speed(evening)
    yield from _answers(evening.notes)
    yield from _cost(evening)
    yield from _limits(evening)
    for sentence in verdict.broken[:SHOWN]:
        yield f"broken: {sentence}"
    if len(verdict.broken) > SHOWN:
        yield f"broken: and {len(verdict.broken) - SHOWN} more"
    yield verdict.line


def _people(evening):
    people = evening.notes.people
    lobby = sum(note.in_lobby for note in people)
    joined = sum(note.joined_at is not None for note in people)
    yield (
        f"people: {joined:,} joined, {lobby:,} of them in the lobby, {joined - lobby:,} later;"
        f" seats: {evening.options.seats:,}, pace: "
        + ("as measured" if evening.options.measured else f"{evening.options.pace} a second")
    )
    counts = {end: sum(note.end == end for note in people) for end in ENDS}
    yield "they: " + ", ".join(f"{many:,} {end}" for end, many in counts.items())
    tries = ", ".join(f"{many} {kind}" for kind, many in sorted(evening.notes.jumps.items()))
    yield f"tries to jump: {tries}"


ENDS = ("booked", "sold out", "left", "refused", "over")


def _fairness(evening):
    notes = evening.notes
    waits = sorted(
        note.admitted_at - max(note.joined_at, evening.opened_at)
        for note in notes.people
        if note.admitted_at
    )
    if waits:
        p95 = waits[int(0.95 * (len(waits) - 1))]
        yield (
            f"waits of {len(waits):,} whose turn came: median {statistics.median(waits):.1f} s,"
            f" p95 {p95:.1f} s, longest {waits[-1]:.1f} s"
        )
    found = correlation(notes)
    drawn = "none" if found is None else f"{found:+.3f}"
    yield (
        f"fairness: arrival and place in the lobby correlate by {drawn}"
        f" ({'as by chance' if is_drawn(notes) else 'NOT by chance'});"
        f" overtaken after the draw: {overtaken(notes)}"
    )
    promised = [(n.promised, n.admitted_at) for n in notes.people if n.promised and n.admitted_at]
    if promised:
        kept = sum(least <= came - at <= most + 5 for (at, least, most), came in promised)
        yield f"first estimates that held: {kept / len(promised):.0%} of {len(promised):,}"


def _speed(evening):
    notes = evening.notes
    if not notes.bookings or evening.sold_until <= evening.opened_at:
        return
    minutes = (evening.sold_until - evening.opened_at) / 60
    pages = sum(len(notes.seconds[what]) for what in PAGES)
    seats = sum(note.seats for note in notes.people if note.end == "booked")
    yield (
        f"from the opening to the last booking: {60 * minutes:.1f} s, {len(notes.bookings):,}"
        f" bookings, {len(notes.bookings) / minutes:,.0f} a minute; {seats / minutes:,.0f} seats a"
        f" minute, {pages / minutes:,.0f} pages a minute"
    )


PAGES = ("event page", "waiting room", "own place", "event page (own)", "ticket")


def _answers(notes):
    yield f"{'milliseconds':22} {'asked':>9} {'p50':>7} {'p99':>7} {'most':>7}"
    for what, seconds in sorted(notes.seconds.items()):
        found = sorted(1000 * one for one in seconds)
        shares = (found[int(share * (len(found) - 1))] for share in (0.5, 0.99, 1))
        yield f"{what:22} {len(found):>9,} " + " ".join(f"{ms:>7,.0f}" for ms in shares)
    yield f"asked again: {notes.to_wait} told to wait a moment, {notes.unanswered} unanswered"


def _cost(evening):
    """Shares of two cores; what the crowd adds to a sale is what is left without one."""
    calm, lobby, sale = evening.costs()
    for name, cost in (("sale without a crowd", calm), ("lobby", lobby), ("sale", sale)):
        if cost:
            site = {part: spent for part, spent in cost.items() if part != "crowd"}
            parts = ", ".join(f"{part} {_share(spent)}" for part, spent in site.items())
            yield (
                f"CPU, {name}: site {_share(sum(site.values()))} of two cores ({parts});"
                f" this generator {_share(cost['crowd'])}"
            )
    added = evening.crowd()
    if added is not None:
        lobby = _share(evening.lobby_cost())
        yield f"the crowd alone: {lobby} in the lobby, {_share(added)} in the sale"


def _share(spent):
    return f"{spent / CORES:.1%}"


def _limits(evening):
    wire = evening.wire
    late = 1000 * sorted(wire.late)[int(0.99 * (len(wire.late) - 1))]
    yield (
        f"this machine: {evening.cores} cores for site and crowd together; a connection for each"
        f" question, {wire.most_under_way:,} at most at once, {wire.had_to_queue:,} questions had"
        f" to stand in line; the generator was late by {late:.0f} ms at p99,"
        f" and took {1e6 * evening.spent:.0f} µs of a core for each question"
    )
