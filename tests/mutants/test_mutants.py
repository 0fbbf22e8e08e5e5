"""The suite is tested too: with one line of a copy changed for the worse, it must fail.

Each change takes away a rule of docs/booking.md or docs/waiting-room.md, and names the tests that
are there to miss it.
"""

from dataclasses import dataclass

import pytest

from tests.mutants.tree import change_line, copy_tree, run_tests

pytestmark = pytest.mark.whole
ASSERTED = ("AssertionError", "assert ", "Failed: DID NOT RAISE", "app.errors.")
"""How a failure begins that is a test's own, or a refusal where a booking was due: not an accident
of the change, such as a name that is missing."""


@dataclass(frozen=True)
class Mutant:
    file: str
    line: str
    changed: str
    tests: tuple[str, ...]


MUTANTS = {
    "bookings without the row lock": Mutant(
        "app/booking/queries.py",
        ".with_for_update(key_share=True)",
        "",
        ("tests/races/test_booking_races.py",),
    ),
    "bookings that do not meet who leaves": Mutant(
        "app/booking/queries.py",
        ".with_for_update(read=True, key_share=True)",
        "",
        ("tests/races/test_leaving_races.py",),
    ),
    "the transaction's start is recorded": Mutant(
        "app/booking/queries.py",
        'DECIDED_AT = bindparam("decided_at", type_=DateTime(timezone=True))',
        "DECIDED_AT = func.now()",
        ("tests/races/test_openings.py",),
    ),
    "cancellations without the row lock": Mutant(
        "app/booking/ledger.py",
        ".with_for_update(key_share=True)",
        "",
        ("tests/races/test_cancellation_races.py",),
    ),
    "old snapshots are believed": Mutant(
        "app/booking/gate.py",
        "SNAPSHOT_VALID_FOR = 1.0",
        "SNAPSHOT_VALID_FOR = 3600.0",
        ("tests/booking/test_gate.py",),
    ),
    "tokens are believed without a snapshot of one's own": Mutant(
        "app/booking/gate.py",
        "return snapshot if proves_sold_out(snapshot, order.seats, time.monotonic()) else None",
        "return snapshot or SeatSnapshot(order.event_id, 0, 0, 0, 0.0)",
        ("tests/booking/test_gate.py",),
    ),
    "the client of Redis repeats": Mutant(
        "app/booking/gate.py",
        "retry=Retry(NoBackoff(), 0),",
        "retry=Retry(NoBackoff(), 3),",
        ("tests/booking/test_redis_away.py",),
    ),
    "commits are not waited for: the setting": Mutant(
        "app/db.py",
        '"timezone": "UTC",',
        '"timezone": "UTC", "synchronous_commit": "off",',
        ("tests/test_database.py",),
    ),
    "commits are not waited for: a crash": Mutant(
        "app/db.py",
        '"timezone": "UTC",',
        '"timezone": "UTC", "synchronous_commit": "off",',
        ("tests/faults/test_database.py::test_crashes_of_the_database_lose_no_booking",),
    ),
    "commit recovery reads without the lock": Mutant(
        "app/booking/commit_recovery.py",
        "queries.lock_rows(session, {order.event_id for order in orders})",
        "",
        ("tests/booking/test_lost_answers.py",),
    ),
    "expiry that ends what was paid meanwhile": Mutant(
        "app/booking/reservations.py",
        """    .with_for_update(key_share=True)
    .cte("due")""",
        '    .cte("due")',
        ("tests/races/test_reservation_races.py",),
    ),
    "orders that end no reservation": Mutant(
        "app/booking/ledger.py",
        "reservations.expire(session, due, now(), journal=journal)",
        "pass",
        ("tests/booking/test_reservations.py",),
    ),
    "issues without the row lock": Mutant(
        "app/booking/ledger.py",
        ".with_for_update(key_share=True)",
        "",
        ("tests/races/test_hold_races.py",),
    ),
    "issues that leave their seats in the hold": Mutant(
        "app/booking/holds.py",
        "hold.seats_left -= seats",
        "hold.seats_left -= 0",
        ("tests/services/test_holds.py",),
    ),
    "a hold's released seats that go nowhere": Mutant(
        "app/booking/holds.py",
        "event.seats_available -= more",
        "event.seats_available -= max(more, 0)",
        ("tests/services/test_holds.py",),
    ),
    "issues past the limit that nobody allowed": Mutant(
        "app/booking/issues.py",
        "if not wanted.past_limit:",
        "if not wanted.is_special:",
        ("tests/services/test_holds.py",),
    ),
    "more paid than was shown": Mutant(
        "app/booking/order_costs.py",
        "if total > limit.total_minor or (in_another and total):",
        "if in_another and total:",
        ("tests/races/test_price_races.py",),
    ),
    "programs that book without a turn": Mutant(
        "app/api/bookings.py",
        "taken = NOTHING if caller.staff else _admit(caller, request, key, ticket)",
        "taken = NOTHING",
        ("tests/web/test_ways_to_book.py",),
    ),
    "a place that was sold to many": Mutant(
        "app/services/room_places.py",
        "if spent.add_seats(self.event_id, self.epoch, self.number, seats) > self.most:",
        "if seats > self.most:",
        ("tests/web/test_ways_to_book.py",),
    ),
    "passes of a former room": Mutant(
        "app/services/waiting_rooms.py",
        "if ticket is None or (ticket.event_id, ticket.epoch) != (row.event_id, row.epoch):",
        "if ticket is None or ticket.event_id != row.event_id:",
        ("tests/waiting_room/test_passes.py",),
    ),
    "a proof of work that is used twice": Mutant(
        "app/waiting_room/spent.py",
        'return bool(self._client.set(key, b"", nx=True, ex=seconds))',
        'return bool(self._client.set(key, b"", ex=seconds))',
        ("tests/waiting_room/test_proofs.py",),
    ),
}


@pytest.fixture
def tree(tmp_path):
    copy_tree(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", MUTANTS)
def test_the_suite_fails_when(tree, name):
    mutant = MUTANTS[name]
    change_line(tree, mutant.file, mutant.line, mutant.changed)
    report = run_tests(tree, mutant.tests)
    assert report.failures, report.output
    assert not report.errors, report.output
    assert all(message.startswith(ASSERTED) for message in report.failures.values()), report


def test_the_suite_passes_unchanged(tree):
    files = sorted({test for mutant in MUTANTS.values() for test in mutant.tests})
    report = run_tests(tree, files)
    assert not report.failures | report.errors, report.output
    assert report.passed > len(files)
