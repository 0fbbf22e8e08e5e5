"""Waiting rooms whose pace is measured, that turn themselves on, and what each minute did.

Revision ID: 0050
Revises: 0049
Create Date: 2026-11-28 15:00:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

RULES = {
    "mode_known": "mode IN ('off', 'on', 'auto')",
    "most_inside_in_range": "most_inside BETWEEN 1 AND 1000000",
    "busy_after_in_range": "busy_after BETWEEN 0.2 AND 5.0",
}
COUNTS = ("epoch", "arrived", "admitted", "came", "booked")


def upgrade():
    # What comes before the last constraint's check may have been done by an attempt that broke off.
    op.create_table(
        "waiting_room_minutes",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS),
        sa.Column("per_second", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_waiting_room_minutes_event_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "at", name=op.f("pk_waiting_room_minutes")),
        if_not_exists=True,
    )
    for column in columns():
        op.add_column("waiting_rooms", column, if_not_exists=True)
    replace(RULES)


def downgrade():
    op.execute("UPDATE waiting_rooms SET mode = 'off' WHERE mode = 'auto'")
    op.drop_table("waiting_room_minutes")
    for column in columns():
        op.drop_column("waiting_rooms", column.name)
    replace({"mode_known": "mode IN ('off', 'on')"})


def columns():
    yield sa.Column("measured", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    yield sa.Column("most_inside", sa.Integer(), nullable=True)
    yield sa.Column("busy_after", sa.Float(), server_default="1.0", nullable=False)
    yield sa.Column("auto_on", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    yield sa.Column("start_per_second", sa.Float(), server_default="10.0", nullable=False)


def replace(rules):
    for name, rule in rules.items():
        full = f"ck_waiting_rooms_{name}"
        op.execute(f"ALTER TABLE waiting_rooms DROP CONSTRAINT IF EXISTS {full}")
        op.execute(f"ALTER TABLE waiting_rooms ADD CONSTRAINT {full} CHECK ({rule}) NOT VALID")
    with op.get_context().autocommit_block():
        for name in rules:
            op.execute(f"ALTER TABLE waiting_rooms VALIDATE CONSTRAINT ck_waiting_rooms_{name}")
