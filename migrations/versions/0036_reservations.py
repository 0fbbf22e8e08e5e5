"""Seats wait for their payment: reservations, which are confirmed or expire.

Revision ID: 0036
Revises: 0035
Create Date: 2026-11-28 09:00:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

KNOWN = "status IN ('RESERVED', 'CONFIRMED', 'EXPIRED', 'CANCELLED', 'GIVEN_AWAY')"
BEFORE = "status IN ('CONFIRMED', 'CANCELLED', 'GIVEN_AWAY')"
KINDS = (
    "kind IN ('booked', 'paid', 'expired', 'given_back', 'event_changed', 'event_cancelled',"
    " 'message', 'reminder')"
)
KINDS_BEFORE = (
    "kind IN ('booked', 'given_back', 'event_changed', 'event_cancelled', 'message', 'reminder')"
)
UNTIL_PAID = (
    "CASE WHEN status IN ('RESERVED', 'EXPIRED') THEN reserved_until IS NOT NULL "
    "WHEN status IN ('CONFIRMED', 'GIVEN_AWAY') THEN reserved_until IS NULL ELSE true END"
)


def upgrade():
    # Events first, as those who book lock them.
    op.add_column(
        "events", sa.Column("payment_minutes", sa.Integer(), nullable=True), if_not_exists=True
    )
    op.add_column(
        "events",
        sa.Column("next_expiry_at", sa.DateTime(timezone=True), nullable=True),
        if_not_exists=True,
    )
    _check("events", "payment_minutes_in_range", "payment_minutes BETWEEN 1 AND 43200")
    op.add_column(
        "bookings",
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        if_not_exists=True,
    )
    _check("journal_entries", "kind_known", KINDS)
    _check("bookings", "status_known", KNOWN)
    _check("bookings", "reserved_until_paid", UNTIL_PAID)
    with op.get_context().autocommit_block():
        for name, columns, condition, more in (
            (
                "ix_bookings_taking",
                "event_id, user_id",
                "status IN ('CONFIRMED', 'RESERVED')",
                " INCLUDE (seats)",
            ),
            ("ix_bookings_reserved", "event_id, reserved_until", "status = 'RESERVED'", ""),
        ):
            _index(name, f"bookings ({columns}){more} WHERE {condition}")
        _index(
            "ix_events_next_expiry_at", "events (next_expiry_at) WHERE next_expiry_at IS NOT NULL"
        )
        # Those who count the confirmed alone find them in the wider one.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_confirmed")


def downgrade():
    with op.get_context().autocommit_block():
        _index(
            "ix_bookings_confirmed",
            "bookings (event_id, user_id) INCLUDE (seats) WHERE status = 'CONFIRMED'",
        )
    # Whoever still has seats keeps them; who has none any more had none then.
    op.execute("ALTER TABLE bookings DROP CONSTRAINT ck_bookings_reserved_until_paid")
    op.execute("UPDATE bookings SET status = 'CONFIRMED' WHERE status = 'RESERVED'")
    op.execute(
        "UPDATE bookings SET status = 'CANCELLED', cancelled_at = reserved_until "
        "WHERE status = 'EXPIRED'"
    )
    op.drop_index("ix_events_next_expiry_at", table_name="events")
    op.drop_index("ix_bookings_reserved", table_name="bookings")
    op.drop_index("ix_bookings_taking", table_name="bookings")
    _check("bookings", "status_known", BEFORE)
    op.execute("DELETE FROM journal_entries WHERE kind IN ('paid', 'expired')")
    _check("journal_entries", "kind_known", KINDS_BEFORE)
    op.drop_column("bookings", "reserved_until")
    op.drop_constraint("ck_events_payment_minutes_in_range", "events")
    op.drop_column("events", "next_expiry_at")
    op.drop_column("events", "payment_minutes")


def _check(table, name, condition):
    name = f"ck_{table}_{name}"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _index(name, what):
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {what}")
