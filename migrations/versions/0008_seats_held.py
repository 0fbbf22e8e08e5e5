"""Organisers may hold seats back from sale, and release them.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-23 03:50:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RULES = {
    "ck_events_held_not_negative": "seats_held >= 0",
    "ck_events_seats_within_capacity": "seats_available + seats_held <= capacity",
}


def upgrade():
    # Checked apart, when the lock is gone. An attempt that broke off may have done some of it.
    held = sa.Column("seats_held", sa.Integer(), server_default="0", nullable=False)
    op.add_column("events", held, if_not_exists=True)
    for name, rule in RULES.items():
        op.execute(f"ALTER TABLE events DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE events ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID")
    with op.get_context().autocommit_block():
        for name in RULES:
            op.execute(f"ALTER TABLE events VALIDATE CONSTRAINT {name}")


def downgrade():
    op.drop_constraint(op.f("ck_events_seats_within_capacity"), "events", type_="check")
    op.execute(
        "UPDATE events SET seats_available = seats_available + seats_held, version = version + 1 "
        "WHERE seats_held > 0"
    )
    op.create_check_constraint(
        op.f("ck_events_seats_within_capacity"), "events", "seats_available <= capacity"
    )
    op.drop_constraint(op.f("ck_events_held_not_negative"), "events", type_="check")
    op.drop_column("events", "seats_held")
