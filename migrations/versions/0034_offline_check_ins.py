"""Doors without network tell afterwards how many they let in.

Revision ID: 0034
Revises: 0033
Create Date: 2026-11-28 01:40:00

"""

from alembic import op
import sqlalchemy as sa


revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '5s'")
        op.execute(
            "ALTER TABLE check_ins ADD COLUMN IF NOT EXISTS let_in integer "
            "CONSTRAINT ck_check_ins_let_in_counted CHECK (let_in >= 0)"
        )
        op.execute("SET lock_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_check_ins_conflicts")
        op.create_index(
            "ix_check_ins_conflicts",
            "check_ins",
            ["event_id", "received_at"],
            postgresql_where=sa.text("let_in > cardinality(seats)"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_part_of")
        op.create_index(
            "ix_bookings_part_of",
            "bookings",
            ["part_of"],
            postgresql_where=sa.text("part_of IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade():
    op.drop_index("ix_bookings_part_of", table_name="bookings")
    op.drop_index("ix_check_ins_conflicts", table_name="check_ins")
    op.drop_constraint("let_in_counted", "check_ins", type_="check")
    op.drop_column("check_ins", "let_in")
