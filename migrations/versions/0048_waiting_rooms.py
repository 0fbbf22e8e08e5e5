"""Waiting rooms: the settings of each event's room, and a copy of its state.

Revision ID: 0048
Revises: 0047
Create Date: 2026-11-28 12:40:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "waiting_rooms",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(8), server_default="off", nullable=False),
        sa.Column("per_minute", sa.Integer(), server_default="600", nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("pass_minutes", sa.Integer(), server_default="10", nullable=False),
        sa.Column(
            "open_without_redis", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column(
            "begun_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("arrived_before", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lobby_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("mix", sa.String(40), server_default="", nullable=False),
        sa.Column("paces", sa.Text(), server_default="[]", nullable=False),
        check("mode IN ('off', 'on')", "mode_known"),
        check("per_minute BETWEEN 1 AND 60000", "per_minute_in_range"),
        check("pass_minutes BETWEEN 2 AND 60", "pass_minutes_in_range"),
        check("arrived >= 0 AND lobby_size BETWEEN 0 AND arrived", "counts_in_range"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_waiting_rooms_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_waiting_rooms")),
    )


def check(rule, name):
    return sa.CheckConstraint(rule, name=op.f(f"ck_waiting_rooms_{name}"))


def downgrade():
    op.drop_table("waiting_rooms")
